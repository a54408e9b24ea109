use super::*;
use serde_json::json;

fn install(allow: impl IntoIterator<Item = Grant>) -> Install {
    Install { namespace: name::Namespace::of_writ(), allow: allow.into_iter().collect() }
}

/// All rules of all roles that are the agent's.
fn rules(install: &Install) -> Vec<Value> {
    let manifests = install.manifests();
    let own = manifests
        .iter()
        .filter(|object| object.pointer("/metadata/name") == Some(&json!(SPOKE)) && object.get("rules").is_some());
    own.flat_map(|role| role.get("rules").and_then(Value::as_array).cloned().unwrap_or_default()).collect()
}

fn may(install: &Install, verb: &str, group: &str, resource: &str) -> bool {
    let has = |rule: &Value, field: &str, value: &str| {
        rule.get(field).and_then(Value::as_array).is_some_and(|all| all.contains(&json!(value)))
    };
    rules(install)
        .iter()
        .any(|rule| has(rule, "apiGroups", group) && has(rule, "resources", resource) && has(rule, "verbs", verb))
}

#[test]
fn what_an_installation_is_made_of() {
    let manifests = install(GRANTED).manifests();
    let others = manifests.iter().filter(|object| object.get("kind") != Some(&json!("CustomResourceDefinition")));
    let text: Vec<String> = others.map(|object| serde_yaml::to_string(object).unwrap()).collect();
    insta::assert_snapshot!("manifests", text.join("---\n"));
}

#[test]
fn access_is_given_only_when_asked_for() {
    let rbac = "rbac.authorization.k8s.io";
    assert!(!may(&install(GRANTED), "create", rbac, "rolebindings"));
    let all = install(Grant::ALL);
    assert!(may(&all, "create", rbac, "rolebindings") && may(&all, "escalate", rbac, "clusterroles"));
}

#[test]
fn nothing_is_everything_and_secrets_are_nobodys() {
    let all = install(Grant::ALL);
    let every = json!(rules(&all)).to_string();
    assert!(!every.contains("\"*\"") && !every.contains("secrets"), "{every}");
}

#[test]
fn inv29_what_is_never_deleted_cannot_be() {
    let all = install(Grant::ALL);
    for (group, resource) in [("", "namespaces"), ("", "persistentvolumeclaims"), ("storage.k8s.io", "storageclasses")]
    {
        assert!(may(&all, "patch", group, resource) && !may(&all, "delete", group, resource), "{resource}");
    }
}

#[test]
fn labels_of_namespaces_are_configuration() {
    let without = install([Grant::Quota]);
    assert!(may(&without, "watch", "", "namespaces") && !may(&without, "patch", "", "namespaces"));
    assert!(may(&install([Grant::Config]), "patch", "", "namespaces"));
}

#[test]
fn yaml_says_what_was_meant() {
    let manifests = install(Grant::ALL).manifests();
    let read: Vec<Value> = serde_yaml::from_multiple(&yaml(&manifests)).unwrap();
    assert_eq!(read, manifests);
}

#[test]
fn an_agent_in_its_cluster_has_no_more_than_it_needs() {
    let (install, image) = (install(GRANTED), "registry.example/writ-spoke:1".to_owned());
    let manifests = agent::Agent { install: install.clone(), image, join: "writ1.canary".to_owned() }.manifests();
    let own = manifests.get(install.manifests().len()..).unwrap();
    insta::assert_snapshot!("agent", yaml(own));
}

#[test]
fn what_is_allowed_by_default_is_written_as_it_is_read() {
    let read: Vec<Grant> = GRANTED_TEXT.split(',').map(|grant| grant.parse().unwrap()).collect();
    assert_eq!(read, GRANTED);
}
