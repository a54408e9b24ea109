//! `writ cluster show NAME`.

use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::page::Page;
use crate::output::table::Table;
use crate::output::{Human, Output};
use crate::verb::asking::Asking;
use crate::verb::status::counts;
use policy::name::ClusterName;
use policy::outcome::FindingCode;
use proto::rest::cluster::{Cluster, Position, Status};
use proto::rest::{Resource, path};
use service::exit::Exit;

/// One cluster: what is published, what is in force, what was found
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ cluster show eu-1", "there is no such cluster, or the hub refused"))]
pub(crate) struct Show {
    /// The cluster
    name: ClusterName,
    #[command(flatten)]
    asking: Asking,
}

impl Show {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        self.asking.read::<Cluster>(&path::of_cluster(path::CLUSTER, &self.name), root, output)
    }
}

impl Human for Resource<Cluster> {
    fn lay_out(&self, page: &mut Page) {
        let Cluster { metadata, spec, status } = &self.body;
        page.pair("cluster", metadata.name.as_str());
        if let Some(spec) = spec {
            page.pair("region", spec.region.as_str());
            page.pair("mode", spec.mode.as_str());
        }
        page.pair("state", &status.state.to_string());
        status.reason.iter().for_each(|reason| page.pair("because", reason));
        page.pair("published", &position(status.published.as_ref()));
        page.pair("enforced", &position(status.enforced.as_ref()));
        page.pair("fresh", &freshness(status, page));
        let seen = status.last_seen.map_or_else(|| "never".to_owned(), |seen| page.age(seen));
        page.pair("last seen", &seen);
        page.pair("units", &counts(&status.units));
        conditions(status, page);
        findings(status, page);
    }
}

/// Whether the spoke may call itself fresh: `yes`, since when not, or nothing where it never was.
pub(super) fn freshness(status: &Status, page: &Page) -> String {
    status.fresh_until.map_or_else(String::new, |until| page.age(until)).replace("in ", "for ").replace(" ago", " over")
}

fn position(position: Option<&Position>) -> String {
    position.map_or_else(|| "nothing yet".to_owned(), |at| format!("{} ({})", at.sequence, at.revision))
}

fn conditions(status: &Status, page: &mut Page) {
    if status.conditions.is_empty() {
        return;
    }
    let mut table = Table::new(&["CONDITION", "STATUS", "SINCE", "REASON", "MESSAGE"]);
    for condition in &status.conditions {
        let since = page.age(condition.last_transition_time);
        let truth = condition.status.to_string();
        table.row([condition.kind.to_string(), truth, since, condition.reason.clone(), condition.message.clone()]);
    }
    page.gap();
    page.table(&table, "");
}

fn findings(status: &Status, page: &mut Page) {
    page.gap();
    let mut table = Table::new(&["FINDING", "RULE", "OBJECT", "SINCE", "MESSAGE"]);
    for finding in &status.findings {
        let place = finding.namespace.as_ref().map(|namespace| format!("Namespace {namespace}"));
        let object = finding.object.as_ref().map(ToString::to_string).or(place).unwrap_or_default();
        // What somebody had changed is applied again: only the reason says so.
        let outcome = match finding.outcome {
            FindingCode::Unit(code) if !code.is_finding() => finding.reason.clone(),
            code => code.to_string(),
        };
        table.row([outcome, finding.rule.to_string(), object, page.age(finding.since), finding.message.clone()]);
    }
    page.table(&table, "No findings.");
    let more = status.total_findings().saturating_sub(status.findings.len() as u64);
    if more > 0 {
        page.line(&format!("and {more} more"));
    }
}
