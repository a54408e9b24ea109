use super::power::Power;
use super::spec::Rule;
use crate::kinds::fixture::Case;

const KIND: &str = "AccessControl";

const GRANTS: &str = r#"
grants:
- name: developers
  subjects: {groups: [oidc:payments, oidc:fraud], users: [ada@acme.example]}
  clusterRole: edit
- name: deployer
  subjects: {serviceAccounts: [{name: ci, namespace: build}, {name: deployer}], groups: [oidc:release]}
  rules:
  - {verbs: [get, list, watch, patch], apiGroups: [apps], resources: [deployments]}
  - {verbs: [get], apiGroups: [""], resources: [configmaps], resourceNames: [release, rollback]}
- name: auditors
  subjects: {groups: [oidc:audit]}
  role: audit-log-reader
  exclusive: true
"#;

const CLUSTER: &str = r#"
grants:
- name: operators
  subjects: {groups: [oidc:platform], serviceAccounts: [{name: runner, namespace: build}]}
  clusterRole: cluster-admin
- name: probes
  subjects: {users: [prober]}
  rules: [{verbs: [get], nonResourceURLs: [/healthz, /livez]}]
"#;

fn faults(namespaced: bool, grants: &[&str]) -> String {
    let told = |grant: &&str| Case::new(KIND, namespaced, &format!("grants: [{grant}]")).faults();
    grants.iter().flat_map(told).collect::<Vec<_>>().join("\n")
}

#[test]
fn renders_roles_and_bindings_in_each_namespace() {
    insta::assert_yaml_snapshot!(Case::new(KIND, true, GRANTS).translated().unwrap());
}

#[test]
fn renders_roles_and_bindings_of_the_cluster() {
    insta::assert_yaml_snapshot!(Case::new(KIND, false, CLUSTER).translated().unwrap());
}

#[test]
fn a_cluster_without_rbac_is_told() {
    let case = Case::new(KIND, false, CLUSTER);
    let told = case.translated_where(&[]).unwrap_err().to_string();
    assert_eq!(told, "the cluster does not serve rbac.authorization.k8s.io/v1");
    assert_eq!(case.translated_where(&["rbac.authorization.k8s.io/v1"]), case.translated());
}

/// A binding's role cannot change: the server would refuse it, and it would have to be deleted first.
#[test]
fn another_role_is_another_binding_and_other_subjects_are_not() {
    let binding = |spec: &str| {
        let manifest = Case::new(KIND, true, spec).translated().unwrap().pop().unwrap().manifest;
        (manifest["metadata"]["name"].as_str().unwrap().to_owned(), manifest["roleRef"].clone())
    };
    let of =
        |role: &str, groups: &str| binding(&format!("grants: [{{name: a, subjects: {{groups: [{groups}]}}, {role}}}]"));
    let (view, view_for_others) = (of("clusterRole: view", "x"), of("clusterRole: view", "p, q"));
    assert_eq!(view, view_for_others);
    let (edit, role) = (of("clusterRole: edit", "x"), of("role: view", "x"));
    assert!(view.0 != edit.0 && view.0 != role.0 && edit.0 != role.0);
}

#[test]
fn what_is_sound_has_no_faults() {
    assert_eq!(Case::new(KIND, true, GRANTS).faults(), [""; 0]);
    assert_eq!(Case::new(KIND, false, CLUSTER).faults(), [""; 0]);
}

#[test]
fn faults_of_grants_and_roles_stand_in_their_places() {
    let groups = "subjects: {groups: [x]}";
    let namespaced = [
        format!("{{name: a, {groups}, role: x}}, {{name: a, {groups}, role: other}}"),
        format!("{{name: a, {groups}}}"),
        format!("{{name: a, {groups}, role: x, clusterRole: other}}"),
        format!("{{name: a, {groups}, clusterRole: a/b}}"),
        format!("{{name: a, {groups}, rules: [{{verbs: [get]}}]}}"),
        format!("{{name: a, {groups}, rules: [{{verbs: [get], resources: [pods]}}]}}"),
        format!("{{name: a, {groups}, rules: [{{verbs: [get], nonResourceURLs: [/healthz]}}]}}"),
        format!(
            "{{name: a, {groups}, rules: [{{verbs: [get], resources: [pods], apiGroups: [''], nonResourceURLs: [/x]}}]}}"
        ),
        format!("{{name: a, {groups}, clusterRole: view}}, {{name: b, {groups}, clusterRole: view, exclusive: true}}"),
    ];
    let cluster = [
        format!("{{name: a, {groups}, role: x}}"),
        format!("{{name: a, {groups}, rules: [{{verbs: [get], nonResourceURLs: [/x], apiGroups: ['']}}]}}"),
    ];
    let told = |namespaced, specs: &[String]| faults(namespaced, &specs.iter().map(String::as_str).collect::<Vec<_>>());
    insta::assert_snapshot!(format!("{}\n{}", told(true, &namespaced), told(false, &cluster)));
}

#[test]
fn faults_of_subjects_stand_in_their_places() {
    let grant = |subjects: &str| format!("{{name: a, subjects: {subjects}, clusterRole: view}}");
    let namespaced = [
        grant("{}"),
        grant("{users: ['', ada, ada], groups: [x, x]}"),
        grant("{users: ['system:serviceaccount:build:ci', 'system:kube-scheduler']}"),
        grant("{groups: ['system:masters', 'system:nodes', 'system:serviceaccounts:build']}"),
        grant("{serviceAccounts: [{name: ci}, {name: ci}, {name: CI}, {name: ci, namespace: a.b}]}"),
    ];
    let cluster = [grant("{serviceAccounts: [{name: ci}]}")];
    let told = |namespaced, specs: &[String]| faults(namespaced, &specs.iter().map(String::as_str).collect::<Vec<_>>());
    insta::assert_snapshot!(format!("{}\n{}", told(true, &namespaced), told(false, &cluster)));
}

#[test]
fn grants_by_which_holders_could_take_more_are_told() {
    let to = |group: &str, role: &str| format!("{{name: a, subjects: {{groups: [{group}]}}, {role}}}");
    let own = |rule: &str| to("x", &format!("rules: [{rule}]"));
    let everybody = "system:authenticated";
    let specs = [
        own("{verbs: ['*'], apiGroups: ['*'], resources: ['*']}"),
        own("{verbs: ['*'], apiGroups: [''], resources: ['*']}"),
        own(
            "{verbs: [bind], apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [view]}",
        ),
        to(everybody, "clusterRole: cluster-admin"),
        to(everybody, "clusterRole: edit"),
        to(everybody, "rules: [{verbs: [impersonate], apiGroups: [''], resources: [users]}]"),
        to("system:unauthenticated", "clusterRole: view"),
    ];
    insta::assert_snapshot!(faults(false, &specs.iter().map(String::as_str).collect::<Vec<_>>()));
    for harmless in [
        to("x", "clusterRole: cluster-admin"),
        to(everybody, "clusterRole: view"),
        to("system:unauthenticated", "clusterRole: system:public-info-viewer"),
        own("{verbs: [get, list], apiGroups: ['*'], resources: ['*']}").replace("get, list", "list, watch"),
    ] {
        assert_eq!(faults(false, &[&harmless]), "", "{harmless}");
    }
}

#[test]
fn power_is_what_rules_let_their_holders_become() {
    for (rule, power) in [
        ("{verbs: [get], apiGroups: [''], resources: [pods]}", Power::Little),
        ("{verbs: [get], nonResourceURLs: ['*']}", Power::Little),
        ("{verbs: [create], apiGroups: [''], resources: [pods]}", Power::Changes),
        ("{verbs: [create], apiGroups: [''], resources: ['*/token']}", Power::Escalates),
        ("{verbs: [create], apiGroups: [''], resources: ['*/scale']}", Power::Changes),
        ("{verbs: [get], apiGroups: [''], resources: [nodes/proxy]}", Power::Escalates),
        ("{verbs: ['*'], apiGroups: [apps], resources: ['*']}", Power::Changes),
        ("{verbs: [escalate], apiGroups: ['*'], resources: [roles]}", Power::Escalates),
        ("{verbs: ['*'], apiGroups: ['*'], resources: ['*']}", Power::Everything),
        ("{verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [a]}", Power::Escalates),
    ] {
        let rule_of: Rule = serde_yaml::from_str(rule).unwrap();
        assert_eq!(Power::of_rule(&rule_of), power, "{rule}");
    }
}
