//! `writ hold release DIGEST`.

use super::chosen::Chosen;
use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::Output;
use crate::verb::asking::Asking;
use proto::rest::hold::{Hold, ReleaseRequest};
use proto::rest::{Resource, path};
use service::exit::Exit;

/// Let a held change happen: exactly what its digest names
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ hold release 1b4f0e98", "it no longer holds, or the hub refused"))]
pub(crate) struct Release {
    /// The hold's digest, or its first eight digits or more
    digest: Chosen,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

impl Release {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let hub = self.asking.hub(root)?;
        let request = ReleaseRequest { reason: self.reason.clone() };
        let route = path::of_hold(path::RELEASE, &self.digest.digest(&hub)?);
        let released: Resource<Hold> = hub.post(&route, &request)?;
        self.asking.print(&released, output)
    }
}
