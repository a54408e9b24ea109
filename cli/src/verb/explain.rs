//! `writ explain KIND/NAME --cluster NAME`.

use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::page::Page;
use crate::output::table::Table;
use crate::output::{Human, Output};
use crate::verb::asking::Asking;
use policy::name::{ClusterName, Namespace};
use proto::rest::explain::{Asked, Explained, Explanation};
use proto::rest::{Resource, path};
use service::exit::Exit;

/// Why a rule or an object is as it is in a cluster, as of its last report
///
/// The spoke itself knows more: `writ-spoke explain` names the row that decided, all modes in play, and what happened when.
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ explain ResourceQuota/writ-team-quota -n shop --cluster eu-1", "there is no such cluster, or the hub refused"))]
pub(crate) struct Explain {
    /// The rule or the object, as KIND/NAME
    #[arg(value_name = "KIND/NAME")]
    of: String,
    /// In this namespace only
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<Namespace>,
    /// The cluster
    #[arg(long, value_name = "NAME")]
    cluster: ClusterName,
    #[command(flatten)]
    asking: Asking,
}

impl Explain {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let asked = Asked::read(&self.of, self.namespace.clone()).map_err(|error| Fault::Usage(error.to_string()))?;
        let path = format!("{}?{}", path::of_cluster(path::EXPLAIN, &self.cluster), asked.query());
        self.asking.read::<Explanation>(&path, root, output)
    }
}

impl Human for Resource<Explanation> {
    fn lay_out(&self, page: &mut Page) {
        let Explanation { cluster, of, published, enforced, reported, items } = &self.body;
        page.pair("cluster", cluster.as_str());
        page.pair("published", published.as_deref().unwrap_or("nothing yet"));
        page.pair("enforced", enforced.as_deref().unwrap_or("nothing yet"));
        let age = reported.map_or_else(|| "never".to_owned(), |at| page.age(at));
        page.pair("reported", &age);
        if items.is_empty() {
            page.gap();
            page.line(&format!("no rule that is published for {cluster} touches {of}"));
        }
        items.iter().for_each(|item| rule(item, page));
    }
}

fn rule(item: &Explained, page: &mut Page) {
    page.gap();
    page.pair("rule", &item.rule.to_string());
    page.pair("mode", item.mode.as_str());
    page.pair("owner", item.owner.team.as_str());
    page.pair("because", &item.rationale);
    let mut table = Table::new(&["UNIT", "OUTCOME", "SINCE", "MESSAGE"]);
    for told in &item.units {
        let outcome = format!("{} {}", told.outcome.code, told.outcome.reason);
        table.row([told.unit.to_string(), outcome, page.age(told.since), told.outcome.message.clone()]);
    }
    for found in &item.findings {
        let by = found.object.as_ref().map_or_else(|| found.rule.to_string(), ToString::to_string);
        let outcome = format!("{} {}", found.outcome, found.reason);
        table.row([by, outcome, page.age(found.since), found.message.clone()]);
    }
    page.table(&table, "The last report names none of its units: they are applied.");
}
