//! A crash between a write and its record orphans nothing.

use super::{cluster, config, per_namespace, round, wants};
use crate::bundle::fixture::{hour, objects, rule};
use crate::mode::Mode;
use crate::outcome::OutcomeCode;
use crate::plan::inventory::State;
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

#[test]
fn inv35_a_claim_comes_before_its_object() {
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    let mut cut_off = cluster(&[("shop", "web")]);
    let plan = cut_off.plan(&wants(&cut_off, &entries, 0), hour(0));
    let transaction = plan.units.values().next().unwrap().transaction.clone().unwrap();
    cut_off.carry_out_first(&transaction, 1);
    assert_eq!((cut_off.names().len(), cut_off.inventory().len()), (0, 1));
    let mut abandoned = cut_off.clone();
    assert_eq!(round(&mut abandoned, &[], 0).0, [OutcomeCode::Removed]);
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
