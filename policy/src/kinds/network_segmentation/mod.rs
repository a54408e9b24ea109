//! `NetworkSegmentation`: segments of pods, who may talk to whom, and nothing else.

mod cluster_policy;
mod inspect;
mod network_policy;
mod open;
mod selectors;
mod spec;
#[cfg(test)]
mod tests;

use super::kind::{Fault, Intent, Kind, Unsupported};
use super::objects::{name, template};
use crate::bundle::entry::Template;
use crate::facts::Facts;
use crate::object::ApiVersion;
use crate::plan::unenforced;
use cluster_policy::Bound;
use open::Closed;
use serde::Serialize;
use serde_json::Value;
use spec::Spec;

/// The kind itself.
pub(super) enum NetworkSegmentation {}

/// What it sees of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct View {
    /// Whether NetworkPolicies are served.
    policies: bool,
    /// The version in which ClusterNetworkPolicies are served.
    bounds: Option<ApiVersion>,
}

const POLICIES: &str = "networking.k8s.io/v1";
/// Newest first: both say the same, and the older one is kept for clusters that have no other.
const BOUNDS: [&str; 2] = ["policy.networking.k8s.io/v1beta1", "policy.networking.k8s.io/v1alpha2"];
/// What is asked for and not enforced.
const ENCRYPTION: &str = "encryption between pods";
/// The part of the policy that denies the rest, so no segment's name.
const REST: &str = "deny";

fn api(text: &str) -> ApiVersion {
    ApiVersion::from(text.to_owned())
}

impl Kind for NetworkSegmentation {
    const NAME: &'static str = "NetworkSegmentation";
    const VERSION: u32 = 2;
    type Spec = Spec;
    /// It asks every cluster the same.
    type Lens = ();
    type View = View;

    fn lens(_: &Value) {}

    fn view((): &(), facts: &Facts) -> View {
        let served = |text: &&str| facts.capabilities.serves(&api(text));
        View { policies: served(&POLICIES), bounds: BOUNDS.iter().find(|text| served(text)).map(|text| api(text)) }
    }

    fn best((): &()) -> View {
        View { policies: true, bounds: BOUNDS.first().map(|text| api(text)) }
    }

    fn inspect(intent: &Intent<'_, Spec>) -> Vec<Fault> {
        inspect::inspect(intent)
    }

    /// What closes all pods comes last here, and when it is written: see [`crate::kube_kinds::Order`].
    fn translate(intent: &Intent<'_, Spec>, view: &View) -> Result<Vec<Template>, Unsupported> {
        if !view.policies {
            return Err(Unsupported(format!("the cluster does not serve {POLICIES}")));
        }
        let closed = open::closed(intent.spec)?;
        let policies = closed.iter().map(|closed| {
            let name = name(intent.name, part(closed));
            template(&network_policy::policy(name, intent.spec, closed), true)
        });
        let bounds = view.bounds.as_ref().filter(|_| intent.spec.narrows());
        let bounds = bounds.into_iter().flat_map(|api| bounded(intent, api, &closed));
        let mut templates: Vec<Template> = policies.chain(bounds).collect::<Result<_, _>>()?;
        if intent.spec.encryption.is_some() {
            templates.iter_mut().for_each(|template| unenforced::mark(&mut template.manifest, ENCRYPTION));
        }
        Ok(templates)
    }
}

/// The part of an object's name.
fn part<'s>(closed: &Closed<'s>) -> Option<&'s str> {
    closed.segment.map(|segment| segment.name.as_str())
}

/// The outer bound of the namespace: what passes, and the denial of the rest.
fn bounded(intent: &Intent<'_, Spec>, api: &ApiVersion, closed: &[Closed<'_>]) -> Vec<Result<Template, Unsupported>> {
    let passes =
        closed.iter().map(|closed| cluster_policy::passes(api, name(intent.name, part(closed)), intent.spec, closed));
    let denies = cluster_policy::denies(api, name(intent.name, Some(REST)), intent.spec);
    let template = |Bound { policy, namespace_at }| Ok(Template { namespace_at, ..template(&policy, true)? });
    passes.chain([denies]).map(template).collect()
}
