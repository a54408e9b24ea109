//! `writ cluster list`.

use super::show::freshness;
use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::page::Page;
use crate::output::table::Table;
use crate::output::{Human, Output};
use crate::verb::asking::Asking;
use proto::rest::cluster::{Cluster, Position};
use proto::rest::{self, Resource, path};
use service::exit::Exit;

/// All clusters, and where they stand
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ cluster list", "the hub refused"))]
pub(crate) struct List {
    #[command(flatten)]
    asking: Asking,
}

impl List {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        self.asking.read::<rest::List<Cluster>>(path::CLUSTERS, root, output)
    }
}

impl Human for Resource<rest::List<Cluster>> {
    fn lay_out(&self, page: &mut Page) {
        let heading = ["NAME", "REGION", "MODE", "STATE", "ENFORCED", "PUBLISHED", "FRESH", "FINDINGS"];
        let mut table = Table::new(&heading);
        for cluster in &self.body.items {
            table.row(row(cluster, page));
        }
        page.table(&table, "The catalog declares no cluster yet.");
        let notes: Vec<_> = self.body.items.iter().filter_map(note).collect();
        if !notes.is_empty() {
            page.gap();
        }
        notes.iter().for_each(|note| page.line(note));
    }
}

/// Why a cluster stands as it does, where that is for a person to know.
fn note(cluster: &Cluster) -> Option<String> {
    let reason = cluster.status.reason.as_ref()?;
    Some(format!("{}: {reason}", cluster.metadata.name))
}

fn row(cluster: &Cluster, page: &Page) -> [String; 8] {
    let sequence = |position: &Option<Position>| {
        position.as_ref().map(|position| position.sequence.to_string()).unwrap_or_default()
    };
    let (spec, status) = (cluster.spec.as_ref(), &cluster.status);
    [
        cluster.metadata.name.to_string(),
        spec.map(|spec| spec.region.to_string()).unwrap_or_default(),
        spec.map(|spec| spec.mode.to_string()).unwrap_or_default(),
        status.state.to_string(),
        sequence(&status.enforced),
        sequence(&status.published),
        freshness(status, page),
        status.total_findings().to_string(),
    ]
}
