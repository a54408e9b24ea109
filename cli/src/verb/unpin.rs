//! `writ unpin`.

use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::Output;
use crate::verb::asking::Asking;
use proto::rest::pin::Pinned;
use proto::rest::{Resource, path};
use service::exit::Exit;

/// Let rules change again: the newest commit goes out
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ unpin", "the hub refused"))]
pub(crate) struct Unpin {
    #[command(flatten)]
    asking: Asking,
}

impl Unpin {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let pinned: Resource<Pinned> = self.asking.hub(root)?.delete(path::PIN)?;
        self.asking.print(&pinned, output)
    }
}
