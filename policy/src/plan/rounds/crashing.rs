//! A crash between a write and its record orphans nothing.

use super::{cluster, config, per_namespace, round, wants};
use crate::bundle::entry::Entry;
use crate::bundle::fixture::{hour, objects, rule};
use crate::mode::Mode;
use crate::outcome::OutcomeCode;
use crate::plan::inventory::State;
use crate::plan::simulation::Cluster;
use crate::resolve::without_bundle;
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;

#[test]
fn inv35_a_crash_between_write_and_record_orphans_nothing() {
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    let mut cut_off = cluster(&[("shop", "web")]);
    let plan = cut_off.plan(&wants(&cut_off, &entries, 0), hour(0));
    let transaction = plan.units.values().next().unwrap().transaction.clone().unwrap();
    cut_off.carry_out_first(&transaction, 2);
    let row = cut_off.seen.inventory.values_mut().next().unwrap();
    Arc::make_mut(row).state = State::Claimed;
    let mut removed = cut_off.clone();
    assert_eq!(round(&mut cut_off, &entries, 0), (vec![OutcomeCode::Applied], 1), "it is recorded as ours");
    assert_eq!(round(&mut cut_off, &entries, 0).1, 0);
    assert_eq!(round(&mut removed, &[], 0).0, [OutcomeCode::Removed], "or removed, if it is no longer wanted");
    assert!(removed.names().is_empty());
}

/// A claim, and nobody knows whether its write was done.
fn claimed(entries: &[Entry]) -> Cluster {
    let mut cluster = cluster(&[("shop", "web")]);
    let plan = cluster.plan(&wants(&cluster, entries, 0), hour(0));
    let transaction = plan.units.values().next().unwrap().transaction.clone().unwrap();
    cluster.carry_out_first(&transaction, 1);
    cluster
}

/// A round in which the unit stays as it was. Says when to look again.
fn kept(cluster: &mut Cluster, hours: i64) -> Option<Timestamp> {
    let plan = cluster.plan(&without_bundle(&cluster.seen, None, hour(hours)).wants, hour(hours));
    cluster.carry_out(&plan);
    plan.again()
}

#[test]
fn inv35_what_may_be_made_yet_keeps_its_row_on_the_way_back_too() {
    let mut cluster = claimed(&[per_namespace("a", Mode::Enforce, &[config("one", 1)])]);
    let again = kept(&mut cluster, 0).unwrap();
    assert!(hour(0).get() < again && again < hour(1).get(), "{again}");
    assert_eq!(cluster.inventory().len(), 1);
    let mut made = cluster.clone();
    made.put(made.seen.good.values().next().unwrap().tree().clone());
    let mut held = made.clone();
    kept(&mut made, 0);
    assert_eq!((made.names().len(), made.inventory().len()), (0, 0), "it was never good");
    held.seen.objects.values_mut().for_each(|observed| observed.terminating = true);
    kept(&mut held, 2);
    assert_eq!((held.names().len(), held.inventory().len()), (1, 1), "it goes by itself");
    kept(&mut cluster, 1);
    assert!(cluster.inventory().is_empty(), "nobody makes it any more");
}

#[test]
fn inv35_a_claim_that_is_tried_again_has_its_time_anew() {
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    let mut cluster = claimed(&entries);
    let plan = cluster.plan(&wants(&cluster, &entries, 1), hour(1));
    cluster.carry_out_first(plan.units.values().next().unwrap().transaction.as_ref().unwrap(), 1);
    assert!(kept(&mut cluster, 1).is_some_and(|again| again > hour(1).get()));
    assert_eq!(cluster.inventory().len(), 1);
}

#[test]
fn inv35_a_claim_comes_before_its_object() {
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    let mut cut_off = claimed(&entries);
    assert_eq!((cut_off.names().len(), cut_off.inventory().len()), (0, 1));
    let mut abandoned = cut_off.clone();
    assert_eq!(round(&mut abandoned, &[], 0), (vec![OutcomeCode::Removing], 0), "its write may be done yet");
    assert_eq!(round(&mut abandoned, &[], 1).0, [OutcomeCode::Removed]);
    assert!(abandoned.inventory().is_empty());
    cut_off.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}}));
    assert_eq!(round(&mut cut_off, &entries, 0).0, [OutcomeCode::NameTaken]);
    assert!(cut_off.inventory().is_empty(), "a claim on a foreign object is dropped");
}

#[test]
fn inv29_a_namespace_that_a_refused_transaction_made_stays_and_is_known_as_ours() {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "tools"}});
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "tools"}});
    let entries = [rule("a", Mode::Enforce, None, objects(false, &[namespace, quota]))];
    let mut cluster = cluster(&[]);
    let plan = cluster.plan(&wants(&cluster, &entries, 0), hour(0));
    let transaction = plan.units.values().next().unwrap().transaction.clone().unwrap();
    cluster.carry_out_first(&transaction, 3);
    assert_eq!(cluster.names(), ["Namespace tools"], "two claims and a write");
    cluster.take_back(&transaction, 3);
    assert_eq!(cluster.names(), ["Namespace tools"], "others may have put something into it");
    let rows: Vec<_> = cluster.inventory().values().map(|row| (row.id.to_string(), row.owned())).collect();
    assert_eq!(rows, [("Namespace tools".to_owned(), true)]);
}
