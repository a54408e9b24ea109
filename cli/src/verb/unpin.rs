//! `writ unpin`.

use crate::fault::Fault;
use crate::help;
use crate::hub::{Hub, HubArguments};
use crate::output::{FormatArgument, Output};
use proto::rest::pin::Pinned;
use proto::rest::{Resource, path};
use service::exit::Exit;

/// Let rules change again: the newest commit goes out
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ unpin", "the hub refused"))]
pub(crate) struct Unpin {
    #[command(flatten)]
    format: FormatArgument,
    #[command(flatten)]
    hub: HubArguments,
}

impl Unpin {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let pinned: Resource<Pinned> = Hub::open(&self.hub.or(root))?.delete(path::PIN)?;
        output.result(self.format.output, &pinned)?;
        Ok(Exit::Fine)
    }
}
