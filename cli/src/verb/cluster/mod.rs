//! `writ cluster …`.

mod invite;
mod list;
mod revoke;
mod show;

use crate::fault::Fault;
use crate::hub::HubArguments;
use crate::output::Output;
use service::exit::Exit;

/// Let clusters in, look at them, shut them out
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Cluster {
    /// Print a join string for a declared cluster
    Invite(invite::Invite),
    /// All clusters, and where they stand
    List(list::List),
    /// One cluster: what is published, what is in force, what was found
    Show(show::Show),
    /// End a cluster's identity
    Revoke(revoke::Revoke),
}

impl Cluster {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        match self {
            Self::Invite(verb) => verb.run(root, output),
            Self::List(verb) => verb.run(root, output),
            Self::Show(verb) => verb.run(root, output),
            Self::Revoke(verb) => verb.run(root, output),
        }
    }
}
