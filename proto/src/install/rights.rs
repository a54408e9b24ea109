//! What the agent may do, and what people may do with its resources (RBAC).

use super::{ALLOW, Install, OPERATOR, SPOKE, named, tree};
use crate::resources::GROUP;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use policy::kube_kinds::{self, Grant, Row};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const RBAC: &str = "rbac.authorization.k8s.io";
const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 3] = ["create", "patch", "update"];

/// Everything that the agent's account may do.
pub(super) fn of_the_agent(install: &Install) -> Vec<Value> {
    let mut metadata = named(SPOKE);
    metadata.annotations = Some(BTreeMap::from([(ALLOW.to_owned(), install.allowed())]));
    let role = ClusterRole { metadata, rules: Some(in_the_cluster(install)), ..ClusterRole::default() };
    let own = Role { metadata: install.own(SPOKE), rules: Some(vec![inventory()]) };
    let subjects = Some(vec![Subject {
        kind: "ServiceAccount".to_owned(),
        name: SPOKE.to_owned(),
        namespace: Some(install.namespace.to_string()),
        api_group: None,
    }]);
    let refers =
        |kind: &str| RoleRef { api_group: Some(RBAC.to_owned()), kind: kind.to_owned(), name: SPOKE.to_owned() };
    let binding =
        ClusterRoleBinding { metadata: named(SPOKE), role_ref: refers("ClusterRole"), subjects: subjects.clone() };
    let own_binding = RoleBinding { metadata: install.own(SPOKE), role_ref: refers("Role"), subjects };
    vec![tree(&role), tree(&binding), tree(&own), tree(&own_binding)]
}

/// What it needs always, and then what is allowed.
fn in_the_cluster(install: &Install) -> Vec<PolicyRule> {
    let asking = ["localconstraints", "overrides", "exceptionrequests"];
    let mut rules = vec![
        PolicyRule {
            non_resource_urls: Some(["/api", "/apis", "/version"].map(str::to_owned).to_vec()),
            verbs: vec!["get".to_owned()],
            ..PolicyRule::default()
        },
        rule("authorization.k8s.io", ["selfsubjectaccessreviews"], ["create"]),
        rule("", ["namespaces"], READ),
        rule("events.k8s.io", ["events"], ["create", "patch"]),
        rule(GROUP, ["enforcements", "rulestatuses"], READ.into_iter().chain(["create", "patch", "delete"])),
        rule(GROUP, ["enforcements/status", "rulestatuses/status"], ["patch"]),
        rule(GROUP, asking, READ),
        rule(GROUP, ["localconstraints/status", "overrides/status"], ["patch"]),
    ];
    rules.extend(install.allow.iter().flat_map(|grant| granted(*grant)));
    rules
}

/// The kinds of one grant, by API group; those that are never deleted without the right to.
fn granted(grant: Grant) -> Vec<PolicyRule> {
    let mut kinds: BTreeMap<(&str, bool), BTreeSet<String>> = BTreeMap::new();
    for row in kube_kinds::rows().iter().filter(|row| row.grant == Some(grant)) {
        let Row { group, never_deleted, .. } = row;
        kinds.entry((group, *never_deleted)).or_default().insert(row.plural());
    }
    let verbs = |kept: bool| READ.into_iter().chain(WRITE).chain((!kept).then_some("delete"));
    let rules = kinds.into_iter().map(|((group, kept), plurals)| rule(group, plurals, verbs(kept)));
    // Without these two Kubernetes lets nobody give away more than they have (RBAC, privilege escalation prevention).
    let more = (grant == Grant::Access).then(|| rule(RBAC, ["clusterroles", "roles"], ["bind", "escalate"]));
    rules.chain(more).collect()
}

/// The inventory is in the agent's own namespace.
fn inventory() -> PolicyRule {
    rule("", ["configmaps"], READ.into_iter().chain(WRITE).chain(["delete"]))
}

/// Everybody who may view may read all; who may edit may ask for exceptions; the rest is for who operates Writ.
pub(super) fn of_people() -> Vec<ClusterRole> {
    let all = ["enforcements", "rulestatuses", "localconstraints", "overrides", "exceptionrequests"];
    let changes = || WRITE.into_iter().chain(["delete"]);
    let role = |name: &str, aggregate: Option<&str>, rules: Vec<PolicyRule>| {
        let mut metadata = named(name);
        let label = aggregate.map(|to| (format!("{RBAC}/aggregate-to-{to}"), "true".to_owned()));
        metadata.labels.get_or_insert_default().extend(label);
        ClusterRole { metadata, rules: Some(rules), ..ClusterRole::default() }
    };
    let operator = vec![
        rule(GROUP, all, READ),
        rule(GROUP, ["localconstraints", "overrides", "exceptionrequests"], changes()),
        // The brake is an annotation of the Enforcement, which may not be there yet.
        rule(GROUP, ["enforcements"], WRITE),
    ];
    vec![
        role("writ-view", Some("view"), vec![rule(GROUP, all, READ)]),
        role("writ-edit", Some("edit"), vec![rule(GROUP, ["exceptionrequests"], changes())]),
        role(OPERATOR, None, operator),
    ]
}

fn rule<'a, R: Into<String>>(
    group: &str,
    resources: impl IntoIterator<Item = R>,
    verbs: impl IntoIterator<Item = &'a str>,
) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(resources.into_iter().map(Into::into).collect()),
        verbs: verbs.into_iter().map(str::to_owned).collect(),
        ..PolicyRule::default()
    }
}
