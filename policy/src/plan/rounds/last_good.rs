//! What is kept at its last good version, and when that is repaired.

use super::{cluster, config, per_namespace, round, wants};
use crate::bundle::entry::{Body, Entry};
use crate::bundle::fixture::{hour, rule};
use crate::mode::Mode;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::plan::becomes;
use crate::plan::simulation::Cluster;
use crate::resolve::{Want, without_bundle};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ONE: &str = "ConfigMap shop/one";

fn enforced(manifests: &[Value]) -> Vec<Entry> {
    vec![per_namespace("a", Mode::Enforce, manifests)]
}

fn unit() -> UnitId {
    UnitId { rule: "ConfigTemplate/a".parse().unwrap(), namespace: Some("shop".parse().unwrap()) }
}

fn tamper(cluster: &mut Cluster, name: &str) {
    cluster.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"},
        "data": {"value": "tampered"}}));
}

fn value(cluster: &Cluster) -> &Value {
    &cluster.tree(ONE).unwrap()["data"]["value"]
}

/// A cluster that holds version 1 and has refused `entries`.
fn refusing(entries: &[Entry]) -> (Cluster, Outcome) {
    let mut cluster = cluster(&[("shop", "web")]);
    round(&mut cluster, &enforced(&[config("one", 1)]), 0);
    let Want::Have(desired) = wants(&cluster, entries, 0).remove(&unit()).unwrap() else { panic!("enforced") };
    let outcome = Outcome::new(OutcomeCode::RolledBack, "NotServed").saying("no");
    cluster.seen.refused.insert(unit(), BTreeMap::from([(becomes(&desired), outcome.clone())]));
    (cluster, outcome)
}

#[test]
fn inv26_while_a_version_is_refused_the_one_before_is_repaired() {
    let second = enforced(&[config("one", 2)]);
    let (mut cluster, outcome) = refusing(&second);
    tamper(&mut cluster, "one");
    let plan = cluster.plan(&wants(&cluster, &second, 0), hour(0));
    assert_eq!(plan.units[&unit()].outcome, outcome);
    assert_eq!(cluster.carry_out(&plan), 1);
    assert_eq!(value(&cluster), "1");
    assert_eq!(round(&mut cluster, &second, 0), (vec![OutcomeCode::RolledBack], 0), "inv28");
    let third = enforced(&[config("one", 3)]);
    assert_eq!(round(&mut cluster, &third, 0).0, [OutcomeCode::Applied], "another version is tried");
    assert_eq!(value(&cluster), "3");
}

#[test]
fn inv26_one_object_that_cannot_be_had_does_not_keep_the_others_from_repair() {
    let mut cluster = cluster(&[("shop", "web")]);
    round(&mut cluster, &enforced(&[config("one", 1)]), 0);
    tamper(&mut cluster, "taken");
    let second = enforced(&[config("one", 2), config("taken", 2)]);
    tamper(&mut cluster, "one");
    assert_eq!(round(&mut cluster, &second, 0), (vec![OutcomeCode::NameTaken], 1));
    assert_eq!(value(&cluster), "1");
    assert_eq!(cluster.tree("ConfigMap shop/taken").unwrap()["data"]["value"], "tampered");
    assert_eq!(round(&mut cluster, &second, 0), (vec![OutcomeCode::NameTaken], 0));
}

fn alone(cluster: &mut Cluster, mode: Option<Mode>) -> &Value {
    tamper(cluster, "one");
    let plan = cluster.plan(&without_bundle(&cluster.seen, mode, hour(0)).wants, hour(0));
    assert_eq!(plan.units[&unit()].outcome.code, OutcomeCode::Unsupported);
    cluster.carry_out(&plan);
    value(cluster)
}

#[test]
fn inv26_without_a_bundle_what_was_enforced_is_repaired_and_nothing_else() {
    let entries = |mode| vec![per_namespace("a", mode, &[config("one", 1)])];
    for (rule, head, repaired) in [
        (Mode::Enforce, Some(Mode::Enforce), true),
        (Mode::Enforce, None, true),
        (Mode::Enforce, Some(Mode::Warn), false),
        (Mode::Warn, Some(Mode::Enforce), false),
        (Mode::Audit, None, false),
    ] {
        let mut cluster = cluster(&[("shop", "web")]);
        round(&mut cluster, &entries(Mode::Enforce), 0);
        round(&mut cluster, &entries(rule), 0);
        let expected = if repaired { "1" } else { "tampered" };
        assert_eq!(alone(&mut cluster, head), expected, "{rule:?} {head:?}");
        round(&mut cluster, &entries(Mode::Enforce), 0);
        assert_eq!(value(&cluster), "1");
        assert_eq!(alone(&mut cluster, Some(Mode::Enforce)), "1", "enforced again");
    }
}

#[test]
fn inv26_an_unsupported_rule_is_repaired_to_its_last_good_version() {
    let mut cluster = cluster(&[("shop", "web")]);
    let entries = [
        per_namespace("a", Mode::Enforce, &[config("one", 1)]),
        per_namespace("b", Mode::Enforce, &[config("two", 2)]),
    ];
    round(&mut cluster, &entries, 0);
    let unsupported = rule("a", Mode::Enforce, Some(&[("team", "web")]), Body::Unsupported { why: "no".to_owned() });
    cluster.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}}));
    let entries = [unsupported, per_namespace("b", Mode::Enforce, &[config("two", 3)])];
    assert_eq!(round(&mut cluster, &entries, 0).0, [OutcomeCode::Unsupported, OutcomeCode::Applied]);
    assert_eq!(cluster.tree("ConfigMap shop/one").unwrap()["data"]["value"], "1");
    assert_eq!(cluster.tree("ConfigMap shop/two").unwrap()["data"]["value"], "3");
    assert_eq!(round(&mut cluster, &entries, 0).1, 0);
}
