use super::*;
use crate::bundle::entry::Own;
use crate::bundle::fixture::{objects, rule};
use crate::mode::Mode;
use crate::object::Object;
use serde_json::{Value, json};
use std::sync::Arc;

const NO_HUBBLE: &str = r#"forbid (principal, action == Writ::Action::"apply", resource is networking::v1::NetworkPolicy)
when { resource.derived.egressCidrs.contains("0.0.0.0/0") };"#;

fn spec(policy: &str) -> Spec {
    Spec { policy: policy.to_owned(), title: Some("no open egress".to_owned()), strength: Some("advice".to_owned()) }
}

fn policy(cidr: &str) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "a", "namespace": "shop", "labels": {"team": "web"}},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"port": 443}, {"port": "http"}]}]}})
}

fn quota() -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "shop"},
        "spec": {"hard": {"pods": 5, "requests.cpu": "2"}}})
}

fn cluster() -> Declared {
    Declared {
        name: "eu-1".parse().unwrap(),
        region: "eu".parse().unwrap(),
        labels: BTreeMap::new(),
        mode: Mode::Enforce,
    }
}

fn entry() -> Entry {
    rule("net", Mode::Enforce, Some(&[("team", "web")]), objects(true, &[]))
}

fn notes(text: &str) -> Vec<String> {
    let (spec, entry) = (spec(text), entry());
    let written = Written { name: "LocalConstraint/one".parse().unwrap(), region: None, spec: &spec };
    let rules = BTreeMap::from([(entry.name.clone(), entry)]);
    Constraints::compile(&[written], &rules)
        .1
        .into_iter()
        .map(|note| format!("{} {}", note.reason, note.message))
        .collect()
}

/// What the constraint `text` of `region` says of these objects, under this authority.
fn asked(text: &str, region: Option<&str>, authority: &str, manifests: &[Value]) -> Option<(String, String)> {
    said(text, region, authority, manifests).veto.map(|no| (no.reason, no.message))
}

/// All that is said of them.
fn said(text: &str, region: Option<&str>, authority: &str, manifests: &[Value]) -> Said {
    let (spec, entry) = (spec(text), entry());
    let region = region.map(|region| region.parse().unwrap());
    let written = Written { name: "LocalConstraint/one".parse().unwrap(), region, spec: &spec };
    let rules = BTreeMap::from([(entry.name.clone(), entry.clone())]);
    let (constraints, faults) = Constraints::compile(&[written], &rules);
    assert_eq!(faults, []);
    let files: BTreeMap<String, Arc<str>> = match authority {
        "" => BTreeMap::new(),
        text => BTreeMap::from([("authority/a.cedar".to_owned(), text.into())]),
    };
    let (authority, faults) = Authority::read(&files);
    assert_eq!(faults, []);
    let object = |manifest: &Value| Object::try_from(manifest.clone()).unwrap();
    let desired = |manifest: &Value| Desired { own: Own::Whole, adopt: false, object: object(manifest) };
    let unit = UnitId { rule: entry.name.clone(), namespace: Some("shop".parse().unwrap()) };
    let objects: Vec<Desired> = manifests.iter().map(desired).collect();
    constraints.say(&entry, &unit, &objects, &cluster(), &authority)
}

#[test]
fn the_schema_holds_together() {
    super::schema::schema().unwrap();
}

#[test]
fn one_object_that_is_forbidden_vetoes_the_unit() {
    let told = asked(NO_HUBBLE, None, "", &[quota(), policy("0.0.0.0/0")]).unwrap();
    let message = "constraint one (no open egress) of this cluster says no to NetworkPolicy.networking.k8s.io shop/a; all of ConfigTemplate/net \
                   in shop is left as it stands";
    assert_eq!(told, ("Forbidden".to_owned(), message.to_owned()));
    assert_eq!(asked(NO_HUBBLE, Some("eu"), "", &[quota(), policy("10.0.0.0/8")]), None);
}

#[test]
fn what_an_object_says_is_typed() {
    for (condition, manifest) in [
        (r#"resource is core::v1::ResourceQuota && resource.derived.resources.contains("pods")"#, quota()),
        (
            r#"resource is core::v1::ResourceQuota && resource has spec && resource.spec has hard && resource.spec.hard.contains({key: "pods", value: "5"})"#,
            quota(),
        ),
        (
            r#"resource is networking::v1::NetworkPolicy && resource.derived.egressPorts.containsAll(["443", "http"])"#,
            policy("10.0.0.0/8"),
        ),
        (
            r#"resource is networking::v1::NetworkPolicy && resource.metadata.labels.contains({key: "team", value: "web"}) && resource.metadata.namespace == "shop""#,
            policy("10.0.0.0/8"),
        ),
        (
            r#"resource is k8s::Object && resource.kind == "Widget" && principal.kind == "ConfigTemplate""#,
            json!({"apiVersion": "acme.example/v1", "kind": "Widget", "metadata": {"name": "w"}}),
        ),
    ] {
        let condition = condition.replace(
            "resource.metadata.namespace ==",
            "resource.metadata has namespace && resource.metadata.namespace ==",
        );
        let text = format!("forbid (principal, action, resource) when {{ {condition} }};");
        assert!(asked(&text, None, "", std::slice::from_ref(&manifest)).is_some(), "{text}");
    }
}

#[test]
fn one_that_errs_says_no() {
    let overflow = "forbid (principal, action, resource is policy::networking::v1beta1::ClusterNetworkPolicy) \
        when { resource has spec && resource.spec has priority && resource.spec.priority * 9223372036854775807 == 5 };";
    let object = json!({"apiVersion": "policy.networking.k8s.io/v1beta1", "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "a"}, "spec": {"tier": "Admin", "priority": 7}});
    let (reason, message) = asked(overflow, None, "", &[object]).unwrap();
    assert_eq!(reason, "Errs");
    assert!(message.contains("it errs: integer overflow"), "{message}");
    // What is not as its kind has it cannot be asked about.
    let odd = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"pods": [1]}}});
    assert_eq!(asked(NO_HUBBLE, None, "", &[odd]).unwrap().0, "Errs");
}

#[test]
fn authority_overrules_by_what_a_constraint_says_of_itself() {
    let rule = |condition: &str| {
        format!(
            r#"permit (principal, action == Writ::Action::"overrule", resource is Writ::Constraint) when {{ {condition} }};"#
        )
    };
    let advice = rule(r#"resource has strength && resource.strength == "advice""#);
    let object = [policy("0.0.0.0/0")];
    let overruled = said(NO_HUBBLE, Some("eu"), &advice, &object);
    assert_eq!(overruled.veto, None);
    let words: Vec<_> = overruled.overruled.iter().map(String::as_str).collect();
    assert!(
        matches!(words[..], [one] if one.starts_with("constraint one") && one.ends_with("of region eu")),
        "{words:?}"
    );
    assert_eq!(said(NO_HUBBLE, Some("eu"), "", &object).overruled.len(), 0, "it vetoes");
    for other in [
        rule(r#"resource has strength && resource.strength == "law""#),
        rule(r#"resource.ring == "cluster""#),
        rule(r#"principal.kind == "ResourceGuard""#),
    ] {
        assert!(asked(NO_HUBBLE, Some("eu"), &other, &object).is_some(), "{other}");
    }
}

#[test]
fn what_is_wrong_with_a_constraint_is_told_and_vetoes_nothing() {
    for (text, reason) in [
        ("forbid (principal, action, resource", "Malformed"),
        ("forbid (principal, action, resource) when { resource.nothing };", "Malformed"),
        ("", "Malformed"),
        ("permit (principal, action, resource);", "Permit"),
        (r#"forbid (principal == Writ::Rule::"ResourceGuard/none", action, resource);"#, "UnknownName"),
    ] {
        let told = notes(text);
        assert!(told.len() == 1 && told[0].starts_with(reason), "{text}: {told:?}");
    }
    assert_eq!(
        notes(r#"forbid (principal == Writ::Rule::"ConfigTemplate/net", action, resource);"#),
        Vec::<String>::new()
    );
}
