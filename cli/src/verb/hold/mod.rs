//! `writ hold …`.

mod chosen;
mod list;
mod release;
mod show;

use crate::fault::Fault;
use crate::hub::HubArguments;
use crate::output::Output;
use policy::name::ClusterName;
use service::exit::Exit;

/// Changes that wait for a person
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Hold {
    /// What waits for a person
    List(list::List),
    /// One hold: what would happen on its release
    Show(show::Show),
    /// Let a held change happen
    Release(release::Release),
}

/// The clusters that a hold is about, in few words.
fn about(clusters: &[ClusterName]) -> String {
    match clusters {
        [] => "all".to_owned(),
        [only] => only.to_string(),
        [first, more @ ..] => format!("{first} and {} more", more.len()),
    }
}

impl Hold {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        match self {
            Self::List(verb) => verb.run(root, output),
            Self::Show(verb) => verb.run(root, output),
            Self::Release(verb) => verb.run(root, output),
        }
    }
}
