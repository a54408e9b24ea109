//! The one table of Kubernetes kinds: where each lives, when it is written, and how it may leave.

mod grant;
pub mod local;
pub mod merge;
mod table;
pub mod traffic;

pub use grant::{Grant, NotAGrant};

use crate::kinds::catalog::LocalDomain;
use crate::object::{Object, ObjectId};
use serde_json::Value;
use table::TABLE;

/// Where objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// In the cluster; they have no namespace.
    Cluster,
    /// In a namespace.
    Namespace,
    /// The table does not know the kind, so its objects are taken as they are written.
    Unknown,
}

/// When objects of a kind are written, first to last; removal goes from last to first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Namespaces: everything else needs them.
    Namespaces,
    /// Definitions of kinds, classes and API services: what other objects refer to by kind or class.
    Definitions,
    /// Accounts and roles.
    Access,
    /// Who holds a role: a server asks what the role allows when it is given.
    Bindings,
    /// Defaults and bounds, so that what a quota demands is already defaulted.
    Defaults,
    /// Quotas.
    Quotas,
    /// Who may talk to whom.
    Network,
    /// Configuration and storage that workloads read.
    Configuration,
    /// Kinds that the table does not know: they need definitions, and no known kind needs them.
    Other,
    /// Names for workloads.
    Services,
    /// What runs.
    Workloads,
    /// What watches, scales or exposes what runs.
    Exposure,
}

/// What Writ knows of one Kubernetes kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// API group; empty for core.
    pub group: &'static str,
    /// Kind; empty in the row of unknown kinds.
    pub kind: &'static str,
    /// Where its objects live.
    pub reach: Reach,
    /// When they are written.
    pub stage: Stage,
    /// JSON pointers of fields that cannot change once written.
    pub immutable: &'static [&'static str],
    /// Whether a server takes nearly whatever such an object holds: what it says of one says much of those that are alike.
    pub opaque: bool,
    /// Whether they leave at once when their namespace no longer matches (access must not linger).
    pub leaves_at_once: bool,
    /// Whether Writ never deletes them, because deleting one deletes what it holds.
    pub never_deleted: bool,
    /// The local domain that they belong to as a whole, where the rest of their group does not.
    pub domain: Option<LocalDomain>,
    /// What allows the agent to write them; nothing does where it is none.
    pub grant: Option<Grant>,
}

impl Row {
    /// The kind's name in paths and in RBAC: `networkpolicies`.
    #[must_use]
    pub fn plural(&self) -> String {
        let kind = self.kind.to_ascii_lowercase();
        match kind.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None if kind.ends_with("endpoints") => kind,
            None if kind.ends_with('s') => format!("{kind}es"),
            None => format!("{kind}s"),
        }
    }
}

/// All kinds that have a row.
#[must_use]
pub const fn rows() -> &'static [Row] {
    TABLE
}

/// The row of a kind; kinds that the table does not know share one.
#[must_use]
pub fn row(group: &str, kind: &str) -> &'static Row {
    TABLE.iter().find(|row| row.group == group && row.kind == kind).unwrap_or(&table::UNKNOWN)
}

impl Row {
    /// The row of an object's kind.
    #[must_use]
    pub fn of(id: &ObjectId) -> &'static Self {
        row(&id.group, &id.kind)
    }
}

/// Sorts objects in the order in which they are written; removal takes it backwards. Objects of one stage keep
/// the order of their identities.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    stage: Stage,
    closes: Closes,
    id: ObjectId,
}

/// How much a network policy closes: the more, the later it is written and the earlier it is removed, so that what is
/// allowed is never cut off between two writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closes {
    /// More than some pods: those that open something to just these have been written.
    everyone: bool,
    /// It opens nothing.
    all: bool,
}

impl Order {
    /// Where `object` stands in the order.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        Self::at(object.id(), Some(object))
    }

    /// Where the object of this identity stands in the order, by what is known of it.
    #[must_use]
    pub fn at(id: &ObjectId, object: Option<&Object>) -> Self {
        Self { stage: Row::of(id).stage, closes: object.map(closes).unwrap_or_default(), id: id.clone() }
    }

    /// The stage, and how late it comes in it because it closes: what is alike in both has no order of need.
    #[must_use]
    pub const fn place(&self) -> (Stage, Closes) {
        (self.stage, self.closes)
    }
}

fn closes(object: &Object) -> Closes {
    let Some(spec) = object.tree().get("spec") else { return Closes::default() };
    match (object.id().group.as_str(), object.id().kind.as_str()) {
        ("networking.k8s.io", "NetworkPolicy") => {
            Closes { everyone: spec.get("podSelector").is_none_or(is_hollow), all: rules(spec).next().is_none() }
        }
        ("policy.networking.k8s.io", "ClusterNetworkPolicy") => {
            let denies = rules(spec).any(|rule| rule.get("action").is_some_and(|action| action == "Deny"));
            Closes { everyone: denies, all: denies }
        }
        _ => Closes::default(),
    }
}

/// The rules of both directions.
fn rules(spec: &Value) -> impl Iterator<Item = &Value> {
    ["ingress", "egress"].into_iter().filter_map(|field| spec.get(field)?.as_array()).flatten()
}

/// Whether a selector says nothing, and so selects all.
fn is_hollow(selector: &Value) -> bool {
    let hollow = |part: &Value| match part {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => part.is_null(),
    };
    selector.as_object().is_none_or(|map| map.values().all(hollow))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn object(api: &str, kind: &str, name: &str) -> Object {
        Object::try_from(json!({"apiVersion": api, "kind": kind, "metadata": {"name": name}})).unwrap()
    }

    fn policy(name: &str, pods: &Value, ingress: &Value) -> Object {
        let tree = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": "shop"}, "spec": {"podSelector": pods, "ingress": ingress}});
        Object::try_from(tree).unwrap()
    }

    fn bound(name: &str, action: &str) -> Object {
        let tree = json!({"apiVersion": "policy.networking.k8s.io/v1beta1", "kind": "ClusterNetworkPolicy",
            "metadata": {"name": name}, "spec": {"egress": [{"action": "Pass"}, {"action": action}]}});
        Object::try_from(tree).unwrap()
    }

    #[test]
    fn no_kind_has_two_rows() {
        let kinds: BTreeSet<_> = TABLE.iter().map(|row| (row.group, row.kind)).collect();
        assert_eq!(kinds.len(), TABLE.len());
    }

    #[test]
    fn inv29_what_holds_other_things_is_never_deleted() {
        let never: Vec<_> = TABLE.iter().filter(|row| row.never_deleted).map(|row| row.kind).collect();
        assert_eq!(
            never,
            [
                "Namespace",
                "PersistentVolume",
                "PersistentVolumeClaim",
                "CustomResourceDefinition",
                "APIService",
                "StorageClass"
            ]
        );
    }

    #[test]
    fn only_access_leaves_at_once() {
        for row in TABLE {
            assert_eq!(row.leaves_at_once, row.group == "rbac.authorization.k8s.io", "{}", row.kind);
        }
    }

    #[test]
    fn writes_go_from_namespaces_to_workloads() {
        let mut objects = [
            object("apps/v1", "Deployment", "web"),
            object("v1", "ResourceQuota", "q"),
            object("example.com/v1", "Widget", "w"),
            object("v1", "LimitRange", "l"),
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.com"),
            object("v1", "ConfigMap", "c"),
            object("v1", "Namespace", "shop"),
        ];
        objects.sort_by_key(Order::of);
        let kinds: Vec<_> = objects.iter().map(|object| object.id().kind.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "Namespace",
                "CustomResourceDefinition",
                "LimitRange",
                "ResourceQuota",
                "ConfigMap",
                "Widget",
                "Deployment"
            ]
        );
    }

    #[test]
    fn allows_come_before_the_deny() {
        let web = json!({"matchLabels": {"app": "web"}});
        let in_order = [
            policy("z-web", &web, &json!([{}])),
            bound("a-passes", "Pass"),
            policy("y-web-closed", &web, &json!([])),
            policy("x-everyone", &json!({"matchLabels": {}}), &json!([{}])),
            policy("b-everyone-closed", &json!({}), &json!([])),
            bound("a-denies", "Deny"),
        ];
        assert!(in_order.is_sorted_by_key(Order::of), "{in_order:?}");
    }

    #[test]
    fn plurals_are_those_of_kubernetes() {
        for (kind, plural) in [
            ("ConfigMap", "configmaps"),
            ("Endpoints", "endpoints"),
            ("Ingress", "ingresses"),
            ("NetworkPolicy", "networkpolicies"),
            ("StorageClass", "storageclasses"),
        ] {
            let row = TABLE.iter().find(|row| row.kind == kind).unwrap();
            assert_eq!(row.plural(), plural);
        }
    }

    #[test]
    fn what_holds_secrets_or_judges_requests_is_nobodys_to_grant() {
        for row in TABLE {
            let never = row.kind == "Secret"
                || ["admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io"]
                    .contains(&row.group);
            assert!(!(never && row.grant.is_some()), "{}", row.kind);
            assert_eq!(row.grant == Some(Grant::Access), row.group == "rbac.authorization.k8s.io", "{}", row.kind);
        }
    }

    #[test]
    fn a_kind_of_another_group_is_another_kind() {
        assert_eq!(row("serving.example.com", "Service").reach, Reach::Unknown);
        assert_eq!(row("", "Service").reach, Reach::Namespace);
    }
}
