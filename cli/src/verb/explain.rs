//! `writ explain KIND/NAME --cluster NAME`.

use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::page::Page;
use crate::output::{Human, Output};
use crate::verb::asking::Asking;
use policy::name::{ClusterName, Namespace};
use proto::rest::explain::{Asked, Explanation};
use proto::rest::{Resource, path};
use service::exit::Exit;

/// Why a rule or an object is as it is in a cluster, as of its last report
///
/// It answers from what is published for the cluster, and from its last report, which arrived at the time that is said `as
/// of`: what happened since, the hub does not know. Of each unit that is not applied, or was repaired lately, it says the row
/// that decided (docs/precedence.md), the modes in play, and what happened when. Of what is applied, and of objects,
/// `writ-spoke explain` says the same in the cluster.
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
        let answer = &self.body;
        page.pair("cluster", answer.cluster.as_str());
        page.pair("published", answer.published.as_deref().unwrap_or("nothing yet"));
        page.pair("enforced", answer.enforced.as_deref().unwrap_or("nothing yet"));
        let as_of = answer.as_of.map_or_else(|| "no report yet".to_owned(), |at| format!("{at}, {}", page.age(at)));
        page.pair("as of", &as_of);
        page.gap();
        if answer.items.is_empty() {
            page.line(&format!("no rule that {} has or had touches {}", answer.cluster, answer.of));
        }
        answer.lines().iter().for_each(|line| page.line(line));
        if answer.more > 0 {
            page.line(&format!("the report had no room for {} more units, which are not applied", answer.more));
        }
    }
}
