//! Who wins, and how a unit leaves: the table, row by row.

use super::{Memo, Settings, Want, Why, resolve, without_bundle};
use crate::bundle::entry::{Assignment, Body, Entry, Own};
use crate::bundle::fixture::{at, bundle, hour, objects, rule};
use crate::digest::Digest;
use crate::local::Local;
use crate::mode::Mode;
use crate::name::Namespace;
use crate::object::{ApiVersion, Identity, ObjectId};
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::plan::inventory::{Row, State};
use crate::seen::{NamespaceSeen, Seen};
use crate::selector::Term;
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn config(mode: Mode) -> Entry {
    let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "otel"}});
    rule("otel", mode, Some(&[("team", "web")]), objects(true, &[manifest]))
}

fn unit(namespace: Option<&str>) -> UnitId {
    UnitId {
        rule: "ConfigTemplate/otel".parse().unwrap(),
        namespace: namespace.map(|namespace| namespace.parse().unwrap()),
    }
}

fn namespace(name: &str, team: &str, terminating: bool) -> (Namespace, NamespaceSeen) {
    let labels = BTreeMap::from([("team".to_owned(), team.to_owned())]);
    (name.parse().unwrap(), NamespaceSeen { labels, terminating })
}

fn row(name: &str, unit: &UnitId, leaving: Option<Timestamp>, state: State) -> Row {
    Row {
        id: ObjectId::from(Identity {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            namespace: unit.namespace.clone(),
            name: name.to_owned(),
        }),
        api: ApiVersion::from("v1".to_owned()),
        rule: unit.rule.clone(),
        unit: unit.namespace.clone(),
        own: Own::Whole,
        digest: Digest::of(b"good"),
        since: at(0),
        leaving,
        mode: Mode::Enforce,
        written: None,
        replaces: None,
        trial_since: None,
        going_back: false,
        state,
    }
}

fn seen(namespaces: &[(Namespace, NamespaceSeen)], rows: &[Row]) -> Seen {
    Seen {
        namespaces: Arc::new(namespaces.iter().cloned().collect()),
        inventory: rows.iter().map(|row| (row.id.clone(), Arc::new(row.clone()))).collect(),
        ..Seen::default()
    }
}

/// What is wanted of the units at hour 10.
fn wants(entries: &[Entry], cluster: Mode, seen: &Seen) -> Vec<(UnitId, Want)> {
    resolve(&bundle(entries, cluster), seen, &Settings::default(), hour(10), &mut Memo::default())
        .wants
        .into_iter()
        .collect()
}

/// What is wanted of the one unit that there is.
fn want(entries: &[Entry], cluster: Mode, seen: &Seen) -> Want {
    let mut all = wants(entries, cluster, seen);
    assert_eq!(all.len(), 1, "{all:?}");
    all.pop().unwrap().1
}

const OWNED: fn() -> State = || State::Owned { uid: crate::plan::inventory::Uid("u".into()) };

#[test]
fn the_least_mode_wins() {
    let seen = seen(&[namespace("shop", "web", false)], &[]);
    for (rule, cluster, least) in [
        (Mode::Enforce, Mode::Enforce, Mode::Enforce),
        (Mode::Enforce, Mode::Warn, Mode::Warn),
        (Mode::Enforce, Mode::Audit, Mode::Audit),
        (Mode::Warn, Mode::Enforce, Mode::Warn),
        (Mode::Audit, Mode::Warn, Mode::Audit),
    ] {
        match want(&[config(rule)], cluster, &seen) {
            Want::Have(objects) => assert_eq!((least, objects.len()), (Mode::Enforce, 1)),
            Want::Show(objects, mode) => assert_eq!((mode, objects.len()), (least, 1)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn rule_sets_may_assign_another_mode_in_some_namespaces() {
    let mut entry = config(Mode::Enforce);
    let only = |name: &str| Term { names: Some(vec![name.to_owned()]), ..Term::default() };
    entry.envelope.assignments = vec![
        Assignment { namespaces: Some(only("shop")), mode: Mode::Enforce },
        Assignment { namespaces: Some(only("bank")), mode: Mode::Warn },
    ];
    let namespaces = ["shop", "bank", "else"].map(|name| namespace(name, "web", false));
    let all = wants(&[entry], Mode::Enforce, &seen(&namespaces, &[]));
    assert_eq!(all.len(), 2);
    assert!(all[0].0 == unit(Some("bank")) && matches!(all[0].1, Want::Show(_, Mode::Warn)));
    assert!(all[1].0 == unit(Some("shop")) && matches!(all[1].1, Want::Have(_)));
}

#[test]
fn every_matching_namespace_is_a_unit_also_those_of_the_system() {
    let namespaces = [
        namespace("kube-system", "web", false),
        namespace("shop", "web", false),
        namespace("bank", "money", false),
        namespace("old", "web", true),
    ];
    let all = wants(&[config(Mode::Enforce)], Mode::Enforce, &seen(&namespaces, &[]));
    let units: Vec<_> = all.iter().map(|(unit, _)| unit.clone()).collect();
    assert_eq!(units, [unit(Some("kube-system")), unit(Some("shop"))]);
    let Want::Have(objects) = &all[1].1 else { panic!("{all:?}") };
    assert_eq!(objects[0].object.id().to_string(), "ConfigMap shop/otel");
    assert_eq!(objects[0].object.tree()["metadata"]["labels"]["writ.dev/owned"], "true");
    assert_eq!(objects[0].object.tree()["metadata"]["annotations"]["writ.dev/rule"], "ConfigTemplate/otel");
}

#[test]
fn a_rule_without_namespaces_is_one_unit() {
    let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "otel", "namespace": "ops"}});
    let entry = rule("otel", Mode::Enforce, None, objects(false, &[manifest]));
    let all = wants(&[entry], Mode::Enforce, &seen(&[namespace("shop", "web", false)], &[]));
    assert_eq!(all.len(), 1);
    assert!(all[0].0 == unit(None) && matches!(&all[0].1, Want::Have(objects) if objects.len() == 1));
}

#[test]
fn a_namespace_object_of_a_rule_is_the_namespace_itself() {
    let manifest = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": {"tier": "core"}}});
    let entry = rule("otel", Mode::Enforce, Some(&[]), objects(true, &[manifest]));
    let Want::Have(objects) = want(&[entry], Mode::Enforce, &seen(&[namespace("shop", "web", false)], &[])) else {
        panic!("enforced")
    };
    assert_eq!(objects[0].object.id().to_string(), "Namespace shop");
}

#[test]
fn inv30_nothing_is_written_while_nobody_knows_what_operators_say() {
    let mut seen = seen(&[namespace("shop", "web", false)], &[row("otel", &unit(Some("shop")), None, OWNED())]);
    seen.local = Arc::new(Local { unread: BTreeSet::from(["LocalConstraint"]), ..Local::default() });
    assert!(matches!(want(&[config(Mode::Enforce)], Mode::Enforce, &seen), Want::Show(_, Mode::Warn)));
    assert!(matches!(want(&[], Mode::Enforce, &seen), Want::Show(_, Mode::Warn)), "nothing is removed either");
    let kept = without_bundle(&seen, Some(Mode::Enforce), hour(10)).wants;
    assert!(matches!(kept.values().next(), Some(Want::Keep { mode: Mode::Warn, .. })), "{kept:?}");
}

#[test]
fn a_rule_that_a_commit_removed_is_gone_now() {
    let rows = [row("otel", &unit(Some("shop")), None, OWNED())];
    let seen = seen(&[namespace("shop", "web", false)], &rows);
    assert_eq!(want(&[], Mode::Enforce, &seen), Want::Gone { why: Why::Commit, after: at(10) });
    assert_eq!(want(&[], Mode::Audit, &seen), Want::Show(Vec::new(), Mode::Audit));
}

#[test]
fn inv32_a_namespace_that_no_longer_matches_lingers_from_when_it_began() {
    let namespaces = [namespace("shop", "other", false)];
    let fresh = seen(&namespaces, &[row("otel", &unit(Some("shop")), None, OWNED())]);
    assert_eq!(want(&[config(Mode::Enforce)], Mode::Enforce, &fresh), Want::Gone { why: Why::Scope, after: at(34) });
    let since = seen(&namespaces, &[row("otel", &unit(Some("shop")), Some(at(4)), OWNED())]);
    assert_eq!(want(&[config(Mode::Enforce)], Mode::Enforce, &since), Want::Gone { why: Why::Scope, after: at(28) });
    let shown = want(&[config(Mode::Audit)], Mode::Enforce, &since);
    assert_eq!(shown, Want::Show(Vec::new(), Mode::Audit));
}

#[test]
fn inv26_what_cannot_be_rendered_here_keeps_its_last_good_version() {
    let why = || Body::Unsupported { why: "policy/v2 is not served".to_owned() };
    let entry = |mode| rule("otel", mode, Some(&[("team", "web")]), why());
    let outcome = Outcome::new(OutcomeCode::Unsupported, "Unsupported").saying("policy/v2 is not served");
    let keep = |mode| Want::Keep { outcome: outcome.clone(), mode };
    let seen = seen(&[namespace("shop", "web", false)], &[row("otel", &unit(Some("shop")), None, OWNED())]);
    assert_eq!(want(&[entry(Mode::Enforce)], Mode::Enforce, &seen), keep(Mode::Enforce));
    assert_eq!(want(&[entry(Mode::Enforce)], Mode::Audit, &seen), keep(Mode::Audit));
    let nameless = objects(true, &[json!({"kind": "ConfigMap", "metadata": {}})]);
    let broken = rule("otel", Mode::Enforce, Some(&[("team", "web")]), nameless);
    assert!(matches!(want(&[broken], Mode::Enforce, &seen), Want::Keep { mode: Mode::Enforce, .. }));
}

#[test]
fn what_was_in_a_namespace_goes_with_it() {
    let rows = [row("otel", &unit(Some("shop")), None, OWNED())];
    for mode in [Mode::Audit, Mode::Enforce] {
        let gone = want(&[config(Mode::Enforce)], mode, &seen(&[], &rows));
        match mode {
            Mode::Enforce => assert!(matches!(gone, Want::Gone { why: Why::NamespaceGone, .. })),
            lesser => assert_eq!(gone, Want::Show(Vec::new(), lesser), "nothing of the cluster is deleted"),
        }
        let ending = want(&[config(Mode::Enforce)], mode, &seen(&[namespace("shop", "web", true)], &rows));
        assert!(matches!(ending, Want::Gone { why: Why::NamespaceTerminating, .. }));
    }
}
