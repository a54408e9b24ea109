//! A transaction that was cut off anywhere, and what an agent makes of it after a restart: it is finished, or it never
//! was. The version before is remembered by the rows until then.

use super::{cluster, config, per_namespace, round, wants};
use crate::bundle::entry::Entry;
use crate::bundle::fixture::hour;
use crate::health::Health;
use crate::mode::Mode;
use crate::outcome::{Outcome, OutcomeCode, UnitId};
use crate::plan::inventory::{Before, Row, State};
use crate::plan::simulation::Cluster;
use crate::plan::{Transaction, becomes};
use crate::resolve::{Want, without_bundle};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which of its five objects a version has, and each one's value.
type Version = BTreeMap<u8, u8>;

fn version() -> impl Strategy<Value = Version> {
    prop::collection::btree_map(0u8..5, 0u8..3, 0..5)
}

/// ConfigMaps, a binding that cannot be changed but only made anew, and what says how it is.
fn manifest(object: u8, value: u8) -> Value {
    match object {
        3 => json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "o3"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": format!("r{value}")}}),
        4 => json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "o4"},
            "spec": {"image": value.to_string()}}),
        _ => config(&format!("o{object}"), value),
    }
}

fn entries(version: &Version, mode: Mode) -> Vec<Entry> {
    let manifests: Vec<Value> = version.iter().map(|(object, value)| manifest(*object, *value)).collect();
    vec![per_namespace("a", mode, &manifests)]
}

fn enforced(version: &Version) -> Vec<Entry> {
    entries(version, Mode::Enforce)
}

fn unit() -> UnitId {
    UnitId { rule: "ConfigTemplate/a".parse().unwrap(), namespace: Some("shop".parse().unwrap()) }
}

fn says(cluster: &mut Cluster, health: &Health) {
    cluster.seen.health = cluster.inventory().keys().map(|id| (id.clone(), health.clone())).collect();
}

/// A cluster that has `version`, and in which it works.
fn having(version: &Version) -> Cluster {
    let mut cluster = cluster(&[("shop", "web")]);
    round(&mut cluster, &enforced(version), 0);
    says(&mut cluster, &Health::Well);
    round(&mut cluster, &enforced(version), 0);
    assert!(cluster.inventory().values().all(|row| row.replaces.is_none() && row.trial_since.is_none()));
    cluster
}

fn transaction(cluster: &Cluster, version: &Version) -> Option<Transaction> {
    transaction_at(cluster, version, 1)
}

fn transaction_at(cluster: &Cluster, version: &Version, at: i64) -> Option<Transaction> {
    cluster.plan(&wants(cluster, &enforced(version), at), hour(at)).units.remove(&unit())?.transaction
}

/// The cluster refuses `version` from now on; one round under it, when no earlier write can be done any more.
fn refused(cluster: &mut Cluster, version: &Version) {
    if let Some(Want::Have(desired)) = wants(cluster, &enforced(version), 1).remove(&unit()) {
        let outcome = Outcome::new(OutcomeCode::RolledBack, "Rejected");
        cluster.seen.refused.insert(unit(), BTreeMap::from([(becomes(&desired), outcome)]));
    }
    round(cluster, &enforced(version), 3);
}

/// What stands, by the number of its object.
fn stands(cluster: &Cluster) -> Version {
    let number = |name: &str| name.strip_prefix('o').unwrap().parse().unwrap();
    let value = |tree: &Value| {
        let at = ["/data/value", "/roleRef/name", "/spec/image"].iter().find_map(|at| tree.pointer(at)?.as_str());
        at.unwrap().trim_start_matches('r').parse().unwrap()
    };
    let objects = cluster.seen.objects.iter();
    objects.map(|(id, observed)| (number(&id.name), value(observed.object.tree()))).collect()
}

/// All of the version before, or all of the new one, beside which something of the one before may wait to be removed.
fn is_whole(cluster: &Cluster, first: &Version, second: &Version, gone: Option<u8>) -> bool {
    let now = stands(cluster);
    // What somebody else has removed and nobody wants is not made anew.
    let unwanted = |object: &u8| gone == Some(*object) && !second.contains_key(object);
    let before: Version = first.iter().filter(|(object, _)| !unwanted(object)).map(|(o, v)| (*o, *v)).collect();
    now == *first || now == before || second.iter().all(|(object, value)| now.get(object) == Some(value))
}

/// An earlier agent was cut off after `cut` moves, and this one begins.
fn cut_off(mut cluster: Cluster, version: &Version, cut: usize) -> Cluster {
    if let Some(transaction) = transaction(&cluster, version) {
        cluster.carry_out_first(&transaction, cut);
    }
    cluster.collect();
    says(&mut cluster, &Health::Well);
    cluster
}

proptest! {
    /// Cut off anywhere, between claims, writes and what ends: refused after the restart, the version before is there as
    /// a whole; in the middle of that too; below enforce nothing is touched; and what goes on becomes whole.
    #[test]
    fn inv26_inv29_inv35_what_was_cut_off_is_all_or_none(
        first in version(), second in version(), gone in prop::option::of(0u8..5), cut in 0usize..14, again in 0usize..14,
    ) {
        let mut before = having(&first);
        let gone = gone.filter(|gone| first.contains_key(gone));
        before.seen.objects.retain(|id, _| gone.is_none_or(|gone| id.name != format!("o{gone}")));
        let restarted = cut_off(before, &second, cut);

        let mut asked = restarted.clone();
        refused(&mut asked, &second);
        prop_assert!(is_whole(&asked, &first, &second, gone), "refused: {:?}", stands(&asked));
        prop_assert!(!asked.inventory().values().any(|row| row.is_open()), "it has ended");
        // Where all of the new version stood already, it may have been on trial until now.
        round(&mut asked, &enforced(&second), 3);
        prop_assert_eq!(round(&mut asked, &enforced(&second), 3).1, 0, "inv28");

        let mut tried = restarted.clone();
        if let Some(transaction) = transaction(&tried, &second) {
            let count = again.min(transaction.moves.len());
            tried.carry_out_first(&transaction, count);
            tried.take_back(&transaction, count);
        }
        refused(&mut tried, &second);
        prop_assert!(is_whole(&tried, &first, &second, gone), "refused in the middle: {:?}", stands(&tried));

        let mut twice = cut_off(restarted.clone(), &second, again);
        refused(&mut twice, &second);
        prop_assert!(is_whole(&twice, &first, &second, gone), "cut off twice: {:?}", stands(&twice));

        let mut going_back = restarted.clone();
        let kept = going_back.plan(&without_bundle(&going_back.seen, None, hour(1)).wants, hour(1)).units.remove(&unit());
        if let Some(transaction) = kept.and_then(|unit| unit.transaction) {
            going_back.carry_out_first(&transaction, again);
            going_back.collect();
        }
        refused(&mut going_back, &second);
        prop_assert!(is_whole(&going_back, &first, &second, gone), "cut off on the way back: {:?}", stands(&going_back));

        let mut lesser = restarted.clone();
        round(&mut lesser, &entries(&second, Mode::Warn), 1);
        prop_assert_eq!(stands(&lesser), stands(&restarted), "a lesser mode writes nothing");

        let mut finished = restarted;
        round(&mut finished, &enforced(&second), 1);
        prop_assert!(is_whole(&finished, &second, &second, None), "finished: {:?}", stands(&finished));

        let mut ailing = finished.clone();
        says(&mut ailing, &Health::Ailing("no pods".to_owned()));
        round(&mut ailing, &enforced(&second), 2);
        prop_assert!(is_whole(&ailing, &first, &second, gone), "ailing: {:?}", stands(&ailing));

        let mut giving_up = finished.clone();
        says(&mut giving_up, &Health::Ailing("no pods".to_owned()));
        if let Some(transaction) = transaction_at(&giving_up, &second, 2) {
            giving_up.carry_out_first(&transaction, again);
            giving_up.collect();
        }
        says(&mut giving_up, &Health::Well);
        refused(&mut giving_up, &second);
        prop_assert!(is_whole(&giving_up, &first, &second, gone), "cut off giving up: {:?}", stands(&giving_up));

        says(&mut finished, &Health::Well);
        round(&mut finished, &enforced(&second), 2);
        round(&mut finished, &enforced(&second), 2);
        prop_assert_eq!(stands(&finished), second.clone());
        prop_assert!(finished.inventory().values().all(|row| row.replaces.is_none()), "nothing is remembered longer");
    }
}

/// The example that showed why rows are dropped last on the way back.
#[test]
fn inv35_what_was_cut_off_on_its_way_back_goes_on_back() {
    let second = Version::from([(0, 1), (1, 1)]);
    let restarted = cut_off(having(&Version::new()), &second, 3);
    assert_eq!(stands(&restarted), Version::from([(0, 1)]));
    for cut in 0..6 {
        let mut cluster = restarted.clone();
        let plan = cluster.plan(&without_bundle(&cluster.seen, None, hour(1)).wants, hour(1));
        cluster.carry_out_first(plan.units[&unit()].transaction.as_ref().unwrap(), cut);
        refused(&mut cluster, &second);
        assert_eq!(stands(&cluster), Version::new(), "after {cut}");
    }
}

/// Claims of a second version, and nothing written: a third object is refused after the restart.
#[test]
fn inv26_a_claim_remembers_what_it_replaces_until_its_transaction_has_ended() {
    let (first, second) = (Version::from([(0, 1), (1, 1)]), Version::from([(0, 2), (1, 2), (2, 2)]));
    let mut cluster = cut_off(having(&first), &second, 4);
    let rows = cluster.inventory().values();
    let remembered: Vec<bool> = rows.map(|row| matches!(row.replaces, Some(Before::Version(_)))).collect();
    assert_eq!((stands(&cluster), remembered), (Version::from([(0, 2), (1, 1)]), vec![true, true, false]));
    let copies = cluster.seen.good.len();
    assert_eq!(copies, 5, "both versions, and the copy of what is new");
    cluster.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "o2", "namespace": "shop"},
        "data": {"value": "9"}}));
    assert_eq!(round(&mut cluster, &enforced(&second), 1).0, [OutcomeCode::NameTaken]);
    assert_eq!(stands(&cluster), Version::from([(0, 1), (1, 1), (2, 9)]), "what is somebody else's stays");
    assert_eq!(cluster.inventory().len(), 2);
    assert_eq!(cluster.seen.good.len(), 2, "the copies of what never was are collected");
}

/// Our Deployment was deleted, and the agent was killed between the claim and the create: it was good before.
#[test]
fn inv29_what_is_made_anew_after_a_crash_is_not_deleted_because_it_needs_its_time() {
    let first = Version::from([(4, 1)]);
    let mut deleted = having(&first);
    deleted.seen.objects.clear();
    let mut cluster = cut_off(deleted, &first, 1);
    assert!(cluster.inventory().values().all(|row| row.state == State::Claimed));
    round(&mut cluster, &enforced(&first), 1);
    says(&mut cluster, &Health::Ailing("no pods".to_owned()));
    round(&mut cluster, &enforced(&first), 9);
    assert_eq!(stands(&cluster), first);
}

#[test]
fn a_claim_of_an_earlier_agent_replaces_nothing_else() {
    let first = Version::from([(0, 1), (4, 1)]);
    let mut cluster = having(&first);
    for row in cluster.seen.inventory.values_mut() {
        let row = Arc::make_mut(row);
        (row.state, row.replaces) = (State::Claimed, None);
    }
    let mut kept = cluster.clone();
    refused(&mut kept, &Version::from([(0, 2)]));
    assert_eq!(stands(&kept), first);
    round(&mut cluster, &enforced(&first), 1);
    assert_eq!(stands(&cluster), first);
}

#[test]
fn rows_are_read_whatever_else_they_say() {
    let cluster = having(&Version::from([(0, 1)]));
    let mut row = serde_json::to_value(cluster.inventory().values().next().unwrap()).unwrap();
    row["trial"] = json!({"since": "2026-11-21T03:00:00Z", "before": "nothing"});
    let read: Row = serde_json::from_value(row).unwrap();
    assert_eq!(Some(&read), cluster.inventory().values().next().map(Arc::as_ref));
}
