//! inv24: removing more than T_prune waits for a person.

use crate::bundle::entry::Entry;
use crate::bundle::fixture::{bundle, hour, objects, rule};
use crate::digest::Digest;
use crate::mode::Mode;
use crate::outcome::OutcomeCode;
use crate::plan::prune::{Held, admit};
use crate::plan::simulation::Cluster;
use crate::resolve::{Memo, Settings, resolve};
use serde_json::json;
use std::collections::BTreeSet;

/// Rules that have one object each.
fn rules(numbers: impl Iterator<Item = u32>) -> Vec<Entry> {
    let entry = |number| {
        let metadata = json!({"name": format!("o{number}"), "namespace": "ops"});
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata});
        rule(&format!("r{number}"), Mode::Enforce, None, objects(false, &[manifest]))
    };
    numbers.map(entry).collect()
}

/// One admitted round: its outcomes and hold.
fn round(
    cluster: &mut Cluster,
    entries: &[Entry],
    released: Option<Digest>,
    hours: i64,
) -> (BTreeSet<OutcomeCode>, Option<Held>) {
    let wants = resolve(
        &bundle(entries, Mode::Enforce),
        &cluster.seen,
        &Settings::default(),
        hour(hours),
        &mut Memo::default(),
    )
    .wants;
    let plan = cluster.plan(&wants, hour(hours));
    let plan = admit(plan, cluster.inventory(), released, hour(hours)).unwrap();
    cluster.carry_out(&plan);
    (plan.units.values().map(|unit| unit.outcome.code).collect(), plan.held)
}

fn enforced(count: u32) -> Cluster {
    let mut cluster = Cluster::default();
    round(&mut cluster, &rules(0..count), None, 0);
    assert_eq!(cluster.names().len(), count as usize);
    cluster
}

#[test]
fn inv24_an_empty_bundle_waits_for_exactly_its_release() {
    let mut cluster = enforced(30);
    let (codes, held) = round(&mut cluster, &[], None, 1);
    let held = held.unwrap();
    assert_eq!((codes, held.total), (BTreeSet::from([OutcomeCode::Held]), 30));
    assert_eq!(cluster.names().len(), 30);
    let again = round(&mut cluster, &[], None, 2).1.unwrap();
    assert_eq!(again.digest, held.digest, "the same removals are the same hold in every round");
    let other = round(&mut cluster, &[], Some(Digest::of(b"other")), 2);
    assert!(other.1.is_some());
    let (codes, none) = round(&mut cluster, &[], Some(held.digest), 3);
    assert_eq!((codes, none), (BTreeSet::from([OutcomeCode::Removed]), None));
    assert!(cluster.names().is_empty());
}

#[test]
fn inv24_a_released_removal_that_was_cut_off_goes_on() {
    let mut cluster = enforced(30);
    let held = round(&mut cluster, &[], None, 1).1.unwrap();
    let before = cluster.seen.objects.clone();
    let rows = cluster.seen.inventory.clone();
    round(&mut cluster, &[], Some(held.digest), 2);
    for (id, object) in before.into_iter().skip(10) {
        cluster.seen.inventory.insert(id.clone(), rows[&id].clone());
        cluster.seen.objects.insert(id, object);
    }
    assert_eq!(round(&mut cluster, &[], Some(held.digest), 3).1, None);
    assert!(cluster.names().is_empty());
}

#[test]
fn inv24_released_removals_leave_room_for_others() {
    let mut cluster = enforced(40);
    let kept = rules(30..40);
    let held = round(&mut cluster, &kept, None, 1).1.unwrap();
    round(&mut cluster, &kept, Some(held.digest), 2);
    assert_eq!(cluster.names().len(), 10);
    assert_eq!(round(&mut cluster, &rules(35..40), None, 3).1, None);
    assert_eq!(cluster.names().len(), 5);
}

#[test]
fn inv24_five_bundles_in_a_row_at_nineteen_percent() {
    let mut cluster = enforced(100);
    let mut holds = Vec::new();
    for step in 1..=5 {
        holds.push(round(&mut cluster, &rules(19 * step..100), None, i64::from(step)).1.is_some());
    }
    assert_eq!(holds, [false, true, true, true, true]);
    assert_eq!(cluster.names().len(), 81);
    assert!(round(&mut cluster, &rules(35..100), None, 26).1.is_none(), "a day later there is room again");
}

#[test]
fn inv24_a_hold_stops_nothing_else() {
    let mut cluster = enforced(30);
    let (codes, held) = round(&mut cluster, &rules(30..33), None, 1);
    assert_eq!(codes, BTreeSet::from([OutcomeCode::Applied, OutcomeCode::Held]));
    assert_eq!((held.unwrap().total, cluster.names().len()), (30, 33));
}

/// Somebody else changes the object of a rule.
fn tamper(cluster: &mut Cluster, number: u32) {
    let metadata = json!({"name": format!("o{number}"), "namespace": "ops"});
    cluster.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"theirs": "1"}}));
}

fn tampered(cluster: &Cluster, number: u32) -> bool {
    cluster.tree(&format!("ConfigMap ops/o{number}")).unwrap().get("data").is_some()
}

#[test]
fn inv26_what_a_hold_keeps_is_repaired_and_what_is_gone_stays_gone() {
    let mut cluster = enforced(30);
    let held = round(&mut cluster, &[], None, 1).1.unwrap();
    tamper(&mut cluster, 3);
    assert_eq!(round(&mut cluster, &[], None, 2).1.unwrap().digest, held.digest);
    assert!(!tampered(&cluster, 3));
    let standing = cluster.clone();
    round(&mut cluster, &[], None, 2);
    assert_eq!(cluster, standing, "inv28");
    cluster.seen.objects.pop_first();
    assert_eq!(round(&mut cluster, &[], None, 3).1.unwrap().total, 29);
    assert_eq!(cluster.names().len(), 29);
    let released = round(&mut cluster, &[], None, 3).1.unwrap().digest;
    round(&mut cluster, &[], Some(released), 4);
    assert!(cluster.names().is_empty());
}

#[test]
fn a_hold_repairs_nothing_that_was_not_enforced() {
    let mut cluster = enforced(30);
    let mut entries = rules(0..30);
    entries[3].envelope.mode = Mode::Warn;
    round(&mut cluster, &entries, None, 1);
    tamper(&mut cluster, 3);
    tamper(&mut cluster, 4);
    assert!(round(&mut cluster, &[], None, 2).1.is_some());
    assert!(tampered(&cluster, 3) && !tampered(&cluster, 4));
}
