//! What a role lets its holders become.

use super::spec::{Held, Rule};

/// How far a role goes, as far as the catalog can tell: roles that exist are known by name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Power {
    /// Nothing that is known to change anything.
    Little,
    /// It changes things.
    Changes,
    /// Its holders can give themselves more, or act as others.
    Escalates,
    /// All there is.
    Everything,
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// Verb, group and resource by which a holder gets more than was given (Kubernetes' RBAC good practices).
const ESCALATES: &[(&str, &str, &str)] = &[
    ("escalate", RBAC, "clusterroles"),
    ("escalate", RBAC, "roles"),
    ("bind", RBAC, "clusterroles"),
    ("bind", RBAC, "roles"),
    ("impersonate", "", "groups"),
    ("impersonate", "", "serviceaccounts"),
    ("impersonate", "", "users"),
    ("create", "", "nodes/proxy"),
    ("create", "", "serviceaccounts/token"),
    ("get", "", "nodes/proxy"),
];

const READS: [&str; 3] = ["get", "list", "watch"];

impl Power {
    pub(super) fn of(held: Held<'_>) -> Self {
        match held {
            Held::ClusterRole("cluster-admin") => Self::Everything,
            Held::ClusterRole("admin") => Self::Escalates,
            Held::ClusterRole("edit") => Self::Changes,
            Held::ClusterRole(_) | Held::Role(_) => Self::Little,
            Held::Own(rules) => rules.iter().map(Self::of_rule).max().unwrap_or(Self::Little),
        }
    }

    pub(super) fn of_rule(rule: &Rule) -> Self {
        let of_any_name = rule.resource_names.is_none();
        let wild = |list: &[String]| list.iter().any(|item| item == "*");
        if of_any_name && wild(&rule.verbs) && wild(&rule.api_groups) && wild(&rule.resources) {
            return Self::Everything;
        }
        let lets = |(verb, group, resource): &(&str, &str, &str)| {
            covers(&rule.verbs, verb) && covers(&rule.api_groups, group) && covers_resource(&rule.resources, resource)
        };
        if ESCALATES.iter().any(lets) {
            return Self::Escalates;
        }
        let reads = rule.verbs.iter().all(|verb| READS.contains(&verb.as_str()));
        if reads || rule.resources.is_empty() { Self::Little } else { Self::Changes }
    }
}

fn covers(list: &[String], item: &str) -> bool {
    list.iter().any(|one| one == "*" || one == item)
}

/// `*` is all resources with their subresources, `*/scale` that subresource of all.
fn covers_resource(list: &[String], resource: &str) -> bool {
    let of_all = |one: &String| {
        let subresource = resource.split_once('/').map(|(_, subresource)| subresource);
        one.strip_prefix("*/").is_some_and(|wanted| Some(wanted) == subresource)
    };
    covers(list, resource) || list.iter().any(of_all)
}
