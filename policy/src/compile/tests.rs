use super::fixture::{catalog, rule, rule_set, values};
use super::{Compiled, Memo, NoMemo, Provenance, Rendered, check, compile, prepare, render_manifests};
use crate::authority::Authority;
use crate::bundle::contents::{Contents, FORMAT, Line};
use crate::bundle::entry::{Body, Entry};
use crate::canonical;
use crate::catalog::{Catalog, Rule};
use crate::facts::Facts;
use crate::kinds::Schemas;
use crate::kinds::fixture::facts;
use crate::mode::Mode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const TELEMETRY: &str = r#"
  parameters: [{name: endpoint, type: string, default: "https://otel.example"}]
  objects:
  - manifest:
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: otel, namespace: observability}
      data: {endpoint: {$param: endpoint}}
"#;

const DEPLOYMENT: &str = r#"
  objects:
  - manifest: {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}
"#;

const QUOTA: &str = r#"
  overridable: [{field: "spec.quota[pods]", by: region, bounds: {atMost: "50"}}]
  quota: {pods: {$param: pods}, requests.cpu: "4"}
"#;

const TEAMS: Option<&str> = Some("{matchExpressions: [{key: team, operator: Exists}]}");

fn telemetry() -> Rule {
    rule("ConfigTemplate", "telemetry", None, TELEMETRY)
}

fn full() -> Catalog {
    let mut catalog = catalog([
        telemetry(),
        rule("ConfigTemplate", "web", None, DEPLOYMENT),
        rule("ResourceGuard", "quota", TEAMS, QUOTA),
    ]);
    catalog.parameters.global = values("pods: '20'");
    catalog.parameters.regions.insert("eu".parse().unwrap(), values("pods: '10'"));
    catalog
}

fn entries(compiled: &Compiled) -> Vec<Entry> {
    compiled.entries.iter().map(|rendered| serde_json::from_slice(&rendered.bytes).unwrap()).collect()
}

fn endpoint(catalog: &Catalog, facts: &Facts) -> Value {
    let entries = render_manifests(catalog, facts);
    let Body::Objects { templates, .. } = &entries[0].body else { panic!("{entries:?}") };
    templates[0].manifest["data"]["endpoint"].clone()
}

#[test]
fn contents_are_canonical_and_name_their_entries() {
    let compiled = compile(&full(), &facts("eu-1", "eu", &["apps/v1"]), &NoMemo);
    let contents: Contents = serde_json::from_slice(&compiled.bytes).unwrap();
    assert_eq!(canonical::to_vec(&contents).unwrap(), *compiled.bytes);
    let line = |rendered: &Arc<Rendered>| Line {
        name: rendered.name.clone(),
        digest: crate::digest::Digest::of(&rendered.bytes),
        size: rendered.bytes.len() as u64,
    };
    assert_eq!(contents, Contents { format: FORMAT, entries: compiled.entries.iter().map(line).collect() });
    for (entry, rendered) in entries(&compiled).iter().zip(&compiled.entries) {
        assert_eq!(canonical::to_vec(entry).unwrap(), rendered.bytes);
    }
}

#[test]
fn inv26_an_api_that_is_not_served_is_that_clusters_outcome() {
    let catalog = full();
    let body = |apis: &[&str]| {
        let entries = entries(&compile(&catalog, &facts("eu-1", "eu", apis), &NoMemo));
        assert_eq!(entries.len(), 3);
        entries[1].body.clone()
    };
    assert_eq!(body(&[]), Body::Unsupported { why: "the cluster does not serve apps/v1".to_owned() });
    assert!(matches!(body(&["apps/v1"]), Body::Objects { .. }));
}

#[test]
fn the_nearest_level_gives_the_value() {
    let mut catalog = catalog([telemetry()]);
    let facts = facts("eu-1", "eu", &[]);
    assert_eq!(endpoint(&catalog, &facts), "https://otel.example");
    catalog.parameters.global = values("endpoint: global");
    assert_eq!(endpoint(&catalog, &facts), "global");
    let set =
        "{include: [ConfigTemplate/telemetry], scope: {clusters: {}}, mode: enforce, parameters: {endpoint: set}}";
    catalog.rule_sets.insert("all".parse().unwrap(), rule_set(set));
    assert_eq!(endpoint(&catalog, &facts), "set");
    catalog.parameters.regions.insert("eu".parse().unwrap(), values("endpoint: region"));
    assert_eq!(endpoint(&catalog, &facts), "region");
    catalog.parameters.clusters.insert("eu-1".parse().unwrap(), values("endpoint: cluster"));
    assert_eq!(endpoint(&catalog, &facts), "cluster");
    catalog.parameters.clusters.insert("eu-2".parse().unwrap(), values("endpoint: other"));
    assert_eq!(endpoint(&catalog, &facts), "cluster");
}

fn with_sets(sets: &[(&str, &str)]) -> Catalog {
    let mut catalog = catalog([rule("ResourceGuard", "quota", TEAMS, "  quota: {pods: '5'}")]);
    for (name, rest) in sets {
        let set = rule_set(&format!("{{include: [ResourceGuard/quota], {rest}}}"));
        catalog.rule_sets.insert(name.parse().unwrap(), set);
    }
    catalog
}

fn modes(sets: &[(&str, &str)], cluster: &str, namespace: &Value) -> Option<Mode> {
    let labels = serde_json::from_value(namespace.clone()).unwrap();
    let entries = render_manifests(&with_sets(sets), &facts(cluster, &cluster[..2], &[]));
    entries.first().and_then(|entry| entry.envelope.mode_in(&"ns".parse().unwrap(), &labels))
}

#[test]
fn scope_and_mode_are_those_of_rule_and_rule_sets_together() {
    let team = json!({"team": "shop"});
    let all_audit = ("a", "scope: {clusters: {}}, mode: audit");
    let eu_warn = ("b", "scope: {clusters: {regions: [eu]}}, mode: warn");
    assert_eq!(modes(&[], "eu-1", &team), Some(Mode::Enforce));
    assert_eq!(modes(&[], "eu-1", &json!({})), None, "the rule's own scope holds");
    assert_eq!(modes(&[all_audit], "eu-1", &team), Some(Mode::Audit));
    assert_eq!(modes(&[all_audit, eu_warn], "eu-1", &team), Some(Mode::Warn), "the greatest of those that match");
    assert_eq!(modes(&[all_audit, eu_warn], "us-1", &team), Some(Mode::Audit));
    assert_eq!(modes(&[eu_warn], "us-1", &team), None, "included, but not there");
}

#[test]
fn rule_sets_of_different_namespaces_assign_each_its_own_mode() {
    let all_audit = ("a", "scope: {clusters: {}}, mode: audit");
    let canary = ("b", "scope: {clusters: {}, namespaces: {matchLabels: {canary: 'yes'}}}, mode: enforce");
    let chosen = json!({"team": "shop", "canary": "yes"});
    assert_eq!(modes(&[all_audit, canary], "eu-1", &chosen), Some(Mode::Enforce));
    assert_eq!(modes(&[all_audit, canary], "eu-1", &json!({"team": "shop"})), Some(Mode::Audit));
    assert_eq!(modes(&[canary], "eu-1", &json!({"team": "shop"})), None);
    assert_eq!(modes(&[canary], "eu-1", &json!({"canary": "yes"})), None, "the rule's own scope still holds");
}

#[derive(Default)]
struct Remembers(Mutex<BTreeMap<Provenance, Arc<Rendered>>>);

impl Memo for Remembers {
    fn rendered(&self, key: &Provenance, make: &dyn Fn() -> Rendered) -> Arc<Rendered> {
        Arc::clone(self.0.lock().unwrap().entry(key.clone()).or_insert_with(|| Arc::new(make())))
    }
}

#[test]
fn clusters_that_say_and_see_the_same_share_their_renderings() {
    let (catalog, memo) = (full(), Remembers::default());
    let prepared = prepare(&catalog);
    for (cluster, kubernetes) in [("eu-1", "1.35"), ("eu-2", "1.36"), ("us-1", "1.36")] {
        let mut facts = facts(cluster, &cluster[..2], &["apps/v1"]);
        kubernetes.clone_into(&mut facts.capabilities.kubernetes);
        facts.declared.labels.insert("name".to_owned(), cluster.to_owned());
        assert_eq!(prepared.compile(&facts, &memo).bytes, compile(&catalog, &facts, &NoMemo).bytes);
    }
    let rules = memo.0.lock().unwrap().values().map(|rendered| rendered.name.to_string()).collect::<Vec<_>>();
    assert_eq!(rules.len(), 4, "one of each rule, and a second quota for the other region: {rules:?}");
}

#[test]
fn a_changed_rule_has_another_key_and_the_others_keep_theirs() {
    let facts = facts("eu-1", "eu", &[]);
    let keys = |catalog: &Catalog| {
        compile(catalog, &facts, &NoMemo).entries.into_iter().map(|e| e.provenance.clone()).collect::<Vec<_>>()
    };
    let before = keys(&full());
    let mut changed = full();
    changed.parameters.regions.insert("eu".parse().unwrap(), values("pods: '11'"));
    let after = keys(&changed);
    assert_eq!(before[..2], after[..2]);
    assert_ne!(before[2].rule, after[2].rule);
}

/// The same tree with its maps filled in the other order.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect(),
        Value::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "shows that another thread makes no difference")]
fn inv27_the_same_inputs_give_byte_identical_contents() {
    let catalog = full();
    let mut other = full();
    for rule in other.rules.values_mut() {
        rule.spec = reversed(&rule.spec);
    }
    let facts = facts("eu-1", "eu", &["apps/v1", "batch/v1"]);
    let here = compile(&catalog, &facts, &NoMemo);
    let there = std::thread::scope(|scope| {
        let run = || compile(&other, &facts, &Remembers::default());
        scope.spawn(run).join().unwrap()
    });
    assert_eq!(here.bytes, there.bytes);
    assert_eq!(here.digest, there.digest);
    assert_eq!(here.entries, there.entries, "bytes and provenance alike");
}

#[test]
fn a_sound_catalog_has_no_diagnostics() {
    assert_eq!(check(&full(), &Schemas::default(), &Authority::default()), []);
}

fn told(catalog: &Catalog) -> String {
    let told = |d: crate::diagnostic::Diagnostic| format!("{} {d}\n    {}", d.code, d.help.clone().unwrap_or_default());
    check(catalog, &Schemas::default(), &Authority::default()).into_iter().map(told).collect::<Vec<_>>().join("\n")
}

#[test]
fn faults_that_git_alone_can_tell() {
    let mut rules = vec![
        rule(
            "ConfigTemplate",
            "unresolved",
            None,
            &TELEMETRY
                .replace(r#", default: "https://otel.example""#, "")
                .replace("name: otel", "name: a")
                .replace("endpoint", "address"),
        ),
        rule("ConfigTemplate", "wrong-type", None, &TELEMETRY.replace("name: otel", "name: b")),
        rule(
            "ConfigTemplate",
            "in-text",
            None,
            &TELEMETRY
                .replace("name: otel", "name: c")
                .replace("{$param: endpoint}", "'http://{$param: endpoint}/'")
                .replace("name: endpoint", "name: unused"),
        ),
        rule("ConfigTemplate", "one", None, &DEPLOYMENT.replace("web", "same")),
        rule("ConfigTemplate", "two", None, &DEPLOYMENT.replace("web", "same")),
        rule("ResourceGuard", "quota", TEAMS, QUOTA),
        rule("ResourceGuard", "contradiction", TEAMS, "  containers: {default: {cpu: {$param: cpu}}, max: {cpu: '1'}}"),
        rule(
            "ResourceGuard",
            "no-slot",
            TEAMS,
            "  overridable: [{field: 'spec.quota[pods]', by: cluster}, {field: 'spec.quota', by: cluster}]\n  quota: {requests.cpu: '1'}",
        ),
    ];
    rules.push(rule(
        "ConfigTemplate",
        "refused",
        None,
        &DEPLOYMENT.replace("apps/v1", "v1").replace("Deployment", "Secret"),
    ));
    let mut catalog = catalog(rules);
    catalog.parameters.global = values("{pods: many, cpu: '2'}");
    catalog.parameters.regions.insert("eu".parse().unwrap(), values("{endpoint: 7, pods: '3'}"));
    catalog.parameters.clusters.insert("eu-1".parse().unwrap(), values("address: here"));
    insta::assert_snapshot!(told(&catalog));
}

#[test]
fn a_rule_that_holds_in_no_cluster_is_inspected_too() {
    let mut refused =
        rule("ConfigTemplate", "refused", None, &DEPLOYMENT.replace("apps/v1", "v1").replace("Deployment", "Secret"));
    refused.governance.scope.clusters.term.names = Some(Vec::new());
    assert!(told(&catalog([refused])).contains("a Secret may not stand in a template"));
}

#[test]
fn objects_of_rules_that_share_no_cluster_do_not_conflict() {
    let pair = |one: &str, two: &str| {
        let mut rules = ["one", "two"].map(|name| rule("ConfigTemplate", name, None, DEPLOYMENT));
        for (rule, region) in rules.iter_mut().zip([one, two]) {
            rule.governance.scope.clusters.regions = Some(vec![region.parse().unwrap()]);
        }
        told(&catalog(rules))
    };
    assert_eq!(pair("eu", "us"), "");
    assert!(pair("eu", "eu").contains("Conflict"), "{}", pair("eu", "eu"));
}

#[test]
fn an_entry_that_no_spoke_would_take_is_too_large() {
    let mut big = rule("ConfigTemplate", "big", None, DEPLOYMENT);
    let mut told_of = |length: usize| {
        big.spec["objects"][0]["manifest"]["spec"] = json!("x".repeat(length));
        told(&catalog([big.clone()]))
    };
    assert_eq!(told_of(1_000_000), "");
    assert!(told_of(1_100_000).starts_with("TooLarge intents/big.yaml:3:"));
}
