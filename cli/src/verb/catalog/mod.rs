//! `writ catalog …`.

mod changes;
mod check;
mod facts;
mod init;
mod new_folder;
mod refresh;
mod render;
mod rendering;
mod schema;
mod working_copy;

use crate::fault::Fault;
use crate::hub::HubArguments;
use crate::output::Output;
use service::exit::Exit;

/// Make, check and render a catalog
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Catalog {
    /// Write a small, valid, commented catalog
    Init(init::Init),
    /// Find every fault, each in its place, with its remedy
    Check(check::Check),
    /// The exact manifests that a cluster would get
    Render(render::Render),
    /// Print the JSON Schema of a kind of document, for editors
    Schema(schema::Schema),
    /// Have the hub read the catalog now, and see what comes of it
    Refresh(refresh::Refresh),
}

impl Catalog {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        match self {
            Self::Init(verb) => verb.run(output),
            Self::Check(verb) => verb.run(output),
            Self::Render(verb) => verb.run(output),
            Self::Schema(verb) => verb.run(output),
            Self::Refresh(verb) => verb.run(root, output),
        }
    }
}
