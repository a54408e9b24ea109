//! `AccessControl`: who holds which role, and where.

mod inspect;
mod power;
mod roles;
mod spec;
#[cfg(test)]
mod tests;

use super::kind::{Fault, Intent, Kind, Says, Stake, Unsupported};
use crate::bundle::entry::Template;
use crate::facts::Facts;
use crate::object::ApiVersion;
use serde_json::Value;
use spec::{Held, Spec};

/// The kind itself.
pub(super) enum AccessControl {}

const API: &str = "rbac.authorization.k8s.io/v1";

impl Kind for AccessControl {
    const NAME: &'static str = "AccessControl";
    const VERSION: u32 = 1;
    type Spec = Spec;
    /// It asks every cluster the same.
    type Lens = ();
    /// Whether RBAC is served.
    type View = bool;

    fn lens(_: &Value) {}

    fn view((): &(), facts: &Facts) -> bool {
        facts.capabilities.serves(&ApiVersion::from(API.to_owned()))
    }

    fn best((): &()) -> bool {
        true
    }

    fn inspect(intent: &Intent<'_, Spec>) -> Vec<Fault> {
        inspect::inspect(intent)
    }

    /// A role that exists may be given by many rules, unless one of them has it alone.
    fn stakes(intent: &Intent<'_, Spec>) -> Vec<Stake> {
        let stake = |(index, grant): (usize, &spec::Grant)| {
            let (about, field) = match grant.held()? {
                Held::ClusterRole(name) => (format!("who holds ClusterRole {name}"), "clusterRole"),
                Held::Role(name) => (format!("who holds Role {name}"), "role"),
                Held::Own(_) => return None,
            };
            let says = if grant.exclusive { Says::Alone } else { Says::Also };
            Some(Stake { about, place: format!("/grants/{index}/{field}"), says })
        };
        intent.spec.grants.iter().enumerate().filter_map(stake).collect()
    }

    fn translate(intent: &Intent<'_, Spec>, served: &bool) -> Result<Vec<Template>, Unsupported> {
        if !served {
            return Err(Unsupported(format!("the cluster does not serve {API}")));
        }
        let mut templates = Vec::new();
        for grant in &intent.spec.grants {
            templates.extend(roles::of(intent, grant)?);
        }
        Ok(templates)
    }
}
