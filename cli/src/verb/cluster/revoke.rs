//! `writ cluster revoke NAME`.

use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::Output;
use crate::verb::asking::Asking;
use policy::name::ClusterName;
use proto::rest::cluster::{Cluster, RevokeRequest};
use proto::rest::{Resource, path};
use service::exit::Exit;

/// End a cluster's identity: its streams are cut, and it is let in no more
///
/// What it enforces, it goes on enforcing. To let it in again: writ cluster invite NAME --replace.
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ cluster revoke eu-1 --reason \"disk stolen\"", "there is no such cluster, or the hub refused"))]
pub(crate) struct Revoke {
    /// The cluster
    name: ClusterName,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

impl Revoke {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let request = RevokeRequest { reason: self.reason.clone() };
        let route = path::of_cluster(path::REVOKE, &self.name);
        let revoked: Resource<Cluster> = self.asking.hub(root)?.post(&route, &request)?;
        self.asking.print(&revoked, output)
    }
}
