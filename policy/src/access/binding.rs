//! Bindings of roles (rbac.authorization.k8s.io/v1), as far as it matters who holds what.

use crate::object::ObjectId;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The API group of roles and bindings.
pub const GROUP: &str = "rbac.authorization.k8s.io";
/// The kinds of bindings with their plurals: of a namespace, and of the cluster.
pub const KINDS: [(&str, &str); 2] = [("RoleBinding", "rolebindings"), ("ClusterRoleBinding", "clusterrolebindings")];

/// What Kubernetes marks its own roles and bindings with.
const BOOTSTRAPPING: &str = "kubernetes.io/bootstrapping";

/// Whether an object binds a role.
#[must_use]
pub fn is_binding(id: &ObjectId) -> bool {
    id.group == GROUP && KINDS.iter().any(|(kind, _)| id.kind == *kind)
}

/// A role that somebody may hold. One of kind Role is of the binding's own namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Role {
    /// Role or ClusterRole.
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// Who holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(tag = "kind")]
pub enum Subject {
    /// A user, as the API server names them.
    User {
        /// The name.
        name: String,
    },
    /// A group, as the API server names it.
    Group {
        /// The name.
        name: String,
    },
    /// A service account.
    ServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { name } => write!(f, "user {name}"),
            Self::Group { name } => write!(f, "group {name}"),
            Self::ServiceAccount { namespace, name } => write!(f, "service account {namespace}/{name}"),
        }
    }
}

impl Subject {
    /// Whether what is given to `holder` is given to this subject: by its own name, or by a group that the API server
    /// puts it in.
    #[must_use]
    pub fn is_among(&self, holder: &Self) -> bool {
        match (self, holder) {
            (Self::ServiceAccount { namespace, name }, Self::User { name: user }) => {
                *user == format!("system:serviceaccount:{namespace}:{name}")
            }
            (Self::ServiceAccount { namespace, .. }, Self::Group { name: group }) => {
                group == "system:authenticated"
                    || group
                        .strip_prefix("system:serviceaccounts")
                        .is_some_and(|of| of.is_empty() || of.strip_prefix(':') == Some(namespace))
            }
            (Self::User { .. }, Self::Group { name: group }) => group == "system:authenticated",
            _ => self == holder,
        }
    }
}

/// Who holds which role by one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The role.
    pub role: Role,
    /// Who.
    pub subjects: BTreeSet<Subject>,
    /// Whether it is one that Kubernetes itself makes.
    pub of_kubernetes: bool,
    /// Who made it, where the server notes that: the field manager and how it wrote.
    pub by: Option<String>,
}

impl Binding {
    /// What a RoleBinding or ClusterRoleBinding says; none where it names no role. Subjects of no known kind hold nothing.
    #[must_use]
    pub fn read(tree: &Value) -> Option<Self> {
        let subjects = tree.get("subjects").and_then(Value::as_array).into_iter().flatten();
        let writer = tree.pointer("/metadata/managedFields/0");
        let text = |field: &str| writer.and_then(|writer| writer.get(field)?.as_str());
        Some(Self {
            role: Role::deserialize(tree.get("roleRef")?).ok()?,
            subjects: subjects.filter_map(|subject| Subject::deserialize(subject).ok()).collect(),
            of_kubernetes: tree.pointer("/metadata/labels").is_some_and(|labels| labels.get(BOOTSTRAPPING).is_some()),
            by: text("manager").map(|manager| format!("{manager} ({})", text("operation").unwrap_or("Update"))),
        })
    }
}

/// All bindings of a cluster, in parts as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings(pub Vec<Arc<BTreeMap<ObjectId, Binding>>>);

impl Bindings {
    /// Each with the object that it is.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, &Binding)> {
        self.0.iter().flat_map(|part| part.iter())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::object::Object;
    use serde_json::json;

    /// A binding by `KIND [NAMESPACE/]NAME`, of a ClusterRole to groups.
    pub(in crate::access) fn binding(at: &str, role: &str, groups: &[&str]) -> Value {
        let (kind, place) = at.split_once(' ').unwrap();
        let metadata = match place.split_once('/') {
            Some((namespace, name)) => json!({"name": name, "namespace": namespace}),
            None => json!({"name": place}),
        };
        let subject = |name: &&str| json!({"apiGroup": GROUP, "kind": "Group", "name": name});
        json!({"apiVersion": format!("{GROUP}/v1"), "kind": kind, "metadata": metadata,
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
            "subjects": groups.iter().map(subject).collect::<Vec<_>>()})
    }

    /// As they are observed.
    pub(in crate::access) fn observed(trees: &[Value]) -> Bindings {
        let one = |tree: &Value| (Object::try_from(tree.clone()).unwrap().id().clone(), Binding::read(tree).unwrap());
        Bindings(vec![Arc::new(trees.iter().map(one).collect())])
    }

    #[test]
    fn a_binding_says_who_holds_what_and_who_made_it() {
        let mut tree = binding("RoleBinding shop/a", "edit", &["g"]);
        tree["metadata"]["managedFields"] = json!([{"manager": "kubectl-create", "operation": "Update"}]);
        tree["metadata"]["labels"] = json!({BOOTSTRAPPING: "rbac-defaults"});
        let more = [
            json!({"kind": "ServiceAccount", "namespace": "build", "name": "ci"}),
            json!({"kind": "Robot", "name": "x"}),
        ];
        tree["subjects"].as_array_mut().unwrap().extend(more);
        let read = Binding::read(&tree).unwrap();
        assert_eq!(read.role.to_string(), "ClusterRole edit");
        assert_eq!(read.by.as_deref(), Some("kubectl-create (Update)"));
        assert!(read.of_kubernetes);
        let who: Vec<_> = read.subjects.iter().map(ToString::to_string).collect();
        assert_eq!(who, ["group g", "service account build/ci"]);
        assert_eq!(Binding::read(&json!({"subjects": []})), None);
        assert_eq!(Binding::read(&json!({"roleRef": {"kind": "Role", "name": "r"}})).unwrap().subjects.len(), 0);
    }

    #[test]
    fn service_accounts_are_users_in_groups_of_their_own() {
        let group = |name: &str| Subject::Group { name: name.to_owned() };
        let user = |name: &str| Subject::User { name: name.to_owned() };
        let ci = Subject::ServiceAccount { namespace: "build".to_owned(), name: "ci".to_owned() };
        for holder in [
            ci.clone(),
            user("system:serviceaccount:build:ci"),
            group("system:serviceaccounts"),
            group("system:serviceaccounts:build"),
            group("system:authenticated"),
        ] {
            assert!(ci.is_among(&holder), "{holder}");
        }
        for holder in [user("ci"), group("ci"), group("system:serviceaccounts:other"), group("system:serviceaccountsx")]
        {
            assert!(!ci.is_among(&holder), "{holder}");
        }
        assert!(user("ada").is_among(&group("system:authenticated")) && !user("ada").is_among(&group("ada")));
        assert!(!group("g").is_among(&group("system:authenticated")), "of whom it consists is not known");
    }
}
