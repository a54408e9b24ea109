//! The one table of Kubernetes kinds: where each lives, when it is written, and how it may leave.

mod grant;
mod table;

pub use grant::{Grant, NotAGrant};

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
    /// Accounts and what they may do.
    Access,
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
    /// Whether they leave at once when their namespace no longer matches (access must not linger).
    pub leaves_at_once: bool,
    /// Whether Writ never deletes them, because deleting one deletes what it holds.
    pub never_deleted: bool,
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
    denies: bool,
    id: ObjectId,
}

impl Order {
    /// Where `object` stands in the order.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let id = object.id().clone();
        Self { stage: Row::of(&id).stage, denies: denies(object), id }
    }

    /// The stage, and whether it comes last in it because it only closes: what is alike in both has no order of need.
    #[must_use]
    pub const fn place(&self) -> (Stage, bool) {
        (self.stage, self.denies)
    }
}

/// Whether this is a network policy that only closes: it comes after those that open, so that what is allowed is
/// never cut off between two writes.
fn denies(object: &Object) -> bool {
    let spec = |field: &str| object.tree().pointer("/spec").and_then(|spec| spec.get(field)).and_then(Value::as_array);
    let opens = |field| spec(field).is_some_and(|rules| !rules.is_empty());
    object.id().group == "networking.k8s.io"
        && object.id().kind == "NetworkPolicy"
        && !opens("ingress")
        && !opens("egress")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn object(api: &str, kind: &str, name: &str) -> Object {
        Object::try_from(json!({"apiVersion": api, "kind": kind, "metadata": {"name": name}})).unwrap()
    }

    fn policy(name: &str, ingress: &Value) -> Object {
        let tree = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": "shop"}, "spec": {"podSelector": {}, "ingress": ingress}});
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
        let (deny, allow) = (policy("a-default-deny", &json!([])), policy("z-allow", &json!([{}])));
        assert!(Order::of(&allow) < Order::of(&deny));
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
