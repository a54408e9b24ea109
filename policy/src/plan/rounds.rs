//! What every round promises, on a cluster of memory.

use super::simulation::Cluster;
use crate::bundle::entry::{Body, Entry, Own, Template};
use crate::bundle::fixture::{bundle, hour, objects, rule};
use crate::mode::Mode;
use crate::object::FILLED_IN;
use crate::outcome::OutcomeCode;
use crate::resolve::{NamespaceSeen, Settings, Wants, resolve};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn config(name: &str, value: u8) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value.to_string()}})
}

pub(super) fn per_namespace(name: &str, mode: Mode, manifests: &[Value]) -> Entry {
    rule(name, mode, Some(&[("team", "web")]), objects(true, manifests))
}

pub(super) fn cluster(namespaces: &[(&str, &str)]) -> Cluster {
    let mut cluster = Cluster::default();
    namespaces.iter().for_each(|(name, team)| label(&mut cluster, name, team));
    cluster
}

fn label(cluster: &mut Cluster, name: &str, team: &str) {
    let labels = BTreeMap::from([("team".to_owned(), team.to_owned())]);
    cluster.seen.namespaces.insert(name.parse().unwrap(), NamespaceSeen { labels, terminating: false });
}

pub(super) fn wants(cluster: &Cluster, entries: &[Entry], hours: i64) -> Wants {
    resolve(&bundle(entries, Mode::Enforce), &cluster.seen, &Settings::default(), hour(hours))
}

/// One round: the outcomes, and how many steps it took.
pub(super) fn round(cluster: &mut Cluster, entries: &[Entry], hours: i64) -> (Vec<OutcomeCode>, usize) {
    let plan = cluster.plan(&wants(cluster, entries, hours), hour(hours));
    let codes = plan.units.values().map(|unit| unit.outcome.code).collect();
    (codes, cluster.carry_out(&plan))
}

fn own_fields(name: &str, tree: Value) -> Entry {
    let template = Template { own: Own::Fields, adopt: false, per_namespace: true, manifest: tree };
    rule(name, Mode::Enforce, Some(&[("team", "web")]), Body::Objects { templates: vec![template], slots: Vec::new() })
}

#[test]
fn writes_repairs_and_removes() {
    let mut cluster = cluster(&[("shop", "web")]);
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1), config("two", 2)])];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 4));
    assert_eq!(cluster.names(), ["ConfigMap shop/one", "ConfigMap shop/two"]);
    let tampered = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}});
    cluster.put(tampered);
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 1));
    assert_eq!(cluster.tree("ConfigMap shop/one").unwrap()["data"]["value"], "1");
    let fewer = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    assert_eq!(round(&mut cluster, &fewer, 0), (vec![OutcomeCode::Applied], 1));
    assert_eq!(round(&mut cluster, &[], 0), (vec![OutcomeCode::Removed], 1));
    assert!(cluster.names().is_empty());
    assert_eq!(round(&mut cluster, &[], 23), (vec![OutcomeCode::Removed], 0));
    assert_eq!(round(&mut cluster, &[], 24).1, 2);
    assert!(cluster.inventory().is_empty());
}

#[test]
fn what_the_server_fills_in_is_no_difference() {
    let mut cluster = cluster(&[("shop", "web")]);
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    round(&mut cluster, &entries, 0);
    let mut filled_in = cluster.tree("ConfigMap shop/one").unwrap().clone();
    for field in FILLED_IN {
        filled_in["metadata"][field] = json!("by the server");
    }
    filled_in["status"] = json!({"ready": true});
    cluster.put(filled_in);
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 0));
}

#[test]
fn below_enforce_nothing_is_written_and_what_differs_is_told() {
    let mut cluster = cluster(&[("shop", "web")]);
    let at = |mode| [per_namespace("a", mode, &[config("one", 1)])];
    assert_eq!(round(&mut cluster, &at(Mode::Audit), 0), (vec![OutcomeCode::WouldApply], 0));
    round(&mut cluster, &at(Mode::Enforce), 0);
    // One step: the row remembers the lesser mode.
    assert_eq!(round(&mut cluster, &at(Mode::Warn), 0), (vec![OutcomeCode::Kept], 1));
    assert_eq!(round(&mut cluster, &at(Mode::Warn), 0), (vec![OutcomeCode::Kept], 0));
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}});
    cluster.put(other);
    assert_eq!(round(&mut cluster, &at(Mode::Warn), 0), (vec![OutcomeCode::WouldApply], 0));
}

#[test]
fn inv29_what_is_not_ours_is_neither_written_nor_deleted() {
    let mut cluster = cluster(&[("shop", "web")]);
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}});
    cluster.put(foreign.clone());
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1), config("two", 2)])];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::NameTaken], 0));
    assert_eq!(cluster.names(), ["ConfigMap shop/one"]);
    assert_eq!(round(&mut cluster, &[], 0), (vec![], 0));
    assert_eq!(cluster.tree("ConfigMap shop/one"), Some(&foreign));
}

#[test]
fn inv29_an_object_made_anew_by_somebody_else_is_not_ours() {
    let mut cluster = cluster(&[("shop", "web")]);
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    round(&mut cluster, &entries, 0);
    let ours = cluster.seen.objects.pop_first().unwrap().1.object;
    cluster.put(ours.tree().clone());
    assert_eq!(round(&mut cluster, &[], 0), (vec![OutcomeCode::Removed], 1));
    assert_eq!(cluster.names(), ["ConfigMap shop/one"]);
}

#[test]
fn inv29_namespaces_are_disowned_and_never_deleted() {
    let mut cluster = cluster(&[]);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ops"}});
    let entries = [rule("a", Mode::Enforce, None, objects(false, &[namespace]))];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 2));
    assert_eq!(round(&mut cluster, &[], 0), (vec![OutcomeCode::Removed], 1));
    assert_eq!(cluster.names(), ["Namespace ops"]);
    assert_eq!(cluster.inventory().values().filter(|row| row.live()).count(), 0);
}

#[test]
fn an_object_is_taken_over_only_where_the_intent_says_so() {
    let mut cluster = cluster(&[("shop", "web")]);
    cluster.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "shop"}}));
    let template = Template { own: Own::Whole, adopt: true, per_namespace: true, manifest: config("one", 1) };
    let body = Body::Objects { templates: vec![template], slots: Vec::new() };
    let entries = [rule("a", Mode::Enforce, Some(&[("team", "web")]), body)];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 2));
    assert_eq!(cluster.tree("ConfigMap shop/one").unwrap()["data"]["value"], "1");
    assert_eq!(round(&mut cluster, &entries, 0).1, 0);
}

#[test]
fn fields_are_laid_over_what_others_own_and_released() {
    let mut cluster = cluster(&[("shop", "web")]);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"labels": {"tier": "core"}}});
    let entries = [own_fields("a", namespace)];
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Failed], 0));
    let before =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "web"}}});
    cluster.put(before.clone());
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 2));
    assert_eq!(cluster.tree("Namespace shop").unwrap()["metadata"]["labels"], json!({"team": "web", "tier": "core"}));
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Applied], 0));
    assert_eq!(round(&mut cluster, &[], 0), (vec![OutcomeCode::Removed], 1));
    assert_eq!(cluster.tree("Namespace shop"), Some(&before));
}

#[test]
fn inv32_a_flapping_label_deletes_nothing_but_access() {
    let mut cluster = cluster(&[("shop", "web")]);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}});
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1), role])];
    round(&mut cluster, &entries, 0);
    label(&mut cluster, "shop", "none");
    assert_eq!(round(&mut cluster, &entries, 1).0, [OutcomeCode::Lingering]);
    assert_eq!(cluster.names(), ["ConfigMap shop/one"]);
    assert_eq!(round(&mut cluster, &entries, 24), (vec![OutcomeCode::Lingering], 0));
    label(&mut cluster, "shop", "web");
    assert_eq!(round(&mut cluster, &entries, 24).0, [OutcomeCode::Applied]);
    label(&mut cluster, "shop", "none");
    assert_eq!(round(&mut cluster, &entries, 30).0, [OutcomeCode::Lingering]);
    assert_eq!(round(&mut cluster, &entries, 54).0, [OutcomeCode::Removed]);
    assert!(cluster.names().is_empty());
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

#[test]
fn a_renamed_rule_hands_its_objects_over() {
    let mut cluster = cluster(&[("shop", "web")]);
    round(&mut cluster, &[per_namespace("old", Mode::Enforce, &[config("one", 1)])], 0);
    let uid = cluster.seen.objects.values().next().unwrap().uid.clone();
    let renamed = [per_namespace("new", Mode::Enforce, &[config("one", 1)])];
    assert_eq!(round(&mut cluster, &renamed, 0).0, [OutcomeCode::Applied, OutcomeCode::Removed]);
    assert_eq!(cluster.seen.objects.values().next().unwrap().uid, uid);
    assert_eq!(round(&mut cluster, &renamed, 0), (vec![OutcomeCode::Applied], 0));
}

#[test]
fn two_rules_never_write_one_object() {
    let mut cluster = cluster(&[("shop", "web")]);
    let both = ["a", "b"].map(|name| per_namespace(name, Mode::Enforce, &[config("one", 1)]));
    assert_eq!(round(&mut cluster, &both, 0).0, [OutcomeCode::Applied, OutcomeCode::NameTaken]);
    assert_eq!(round(&mut cluster, &both, 0), (vec![OutcomeCode::Applied, OutcomeCode::NameTaken], 0));
}

#[test]
fn a_namespace_that_is_gone_takes_its_rows_along() {
    let mut cluster = cluster(&[("shop", "web")]);
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    round(&mut cluster, &entries, 0);
    cluster.seen.namespaces.clear();
    cluster.seen.objects.clear();
    assert_eq!(round(&mut cluster, &entries, 0), (vec![OutcomeCode::Removed], 1));
    assert!(cluster.inventory().is_empty());
}

#[test]
fn a_change_that_the_server_would_refuse_is_made_anew_or_told() {
    let binding = |role: &str| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "b"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}})
    };
    let mut one = cluster(&[("shop", "web")]);
    round(&mut one, &[per_namespace("a", Mode::Enforce, &[binding("x")])], 0);
    let changed = [per_namespace("a", Mode::Enforce, &[binding("y")])];
    assert_eq!(round(&mut one, &changed, 0).0, [OutcomeCode::Applied]);
    assert_eq!(one.tree("RoleBinding.rbac.authorization.k8s.io shop/b").unwrap()["roleRef"]["name"], "y");
    assert_eq!(round(&mut one, &changed, 0).1, 0);
    let claim = |class: &str| json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": {"storageClassName": class}});
    let mut two = cluster(&[("shop", "web")]);
    round(&mut two, &[per_namespace("a", Mode::Enforce, &[claim("x")])], 0);
    assert_eq!(round(&mut two, &[per_namespace("a", Mode::Enforce, &[claim("y")])], 0), (vec![OutcomeCode::Failed], 0));
}

/// A rule of the random catalogs: which names it has, and a value.
fn catalog() -> impl Strategy<Value = Vec<Entry>> {
    let mode = prop_oneof![4 => Just(Mode::Enforce), 1 => Just(Mode::Warn)];
    let entry = (mode, prop::collection::btree_map(0u8..4, 0u8..3, 0..4));
    prop::collection::btree_map(0u8..4, entry, 0..4).prop_map(|rules| {
        let body = |(name, (mode, values)): (u8, (Mode, BTreeMap<u8, u8>))| {
            let manifests: Vec<_> =
                values.iter().map(|(object, value)| config(&format!("o{object}"), *value)).collect();
            per_namespace(&format!("r{name}"), mode, &manifests)
        };
        rules.into_iter().map(body).collect()
    })
}

/// Who carries which label, and which objects somebody else wrote.
fn surroundings() -> impl Strategy<Value = (Vec<bool>, BTreeSet<(u8, u8)>)> {
    (prop::collection::vec(any::<bool>(), 3), prop::collection::btree_set((0u8..3, 0u8..4), 0..3))
}

fn surround(cluster: &mut Cluster, (matching, foreign): &(Vec<bool>, BTreeSet<(u8, u8)>)) {
    for (number, matches) in matching.iter().enumerate() {
        label(cluster, &format!("n{number}"), if *matches { "web" } else { "none" });
    }
    for (namespace, object) in foreign {
        let metadata = json!({"name": format!("o{object}"), "namespace": format!("n{namespace}")});
        cluster
            .put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": "foreign"}}));
    }
}

/// A case here costs more than one of another property: three for each eight that are asked for (`PROPTEST_CASES`).
fn fewer() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.saturating_mul(3).div_ceil(8), ..asked }
}

proptest! {
    #![proptest_config(fewer())]

    /// Through any two catalogs in any surroundings: every unit has one outcome, the same inputs give the same plan,
    /// a plan carried out leaves nothing to do, and cut off anywhere it is taken back whole or finished later.
    #[test]
    fn inv27_inv28_inv34_inv35_rounds(
        first in catalog(), second in catalog(), before in surroundings(), after in surroundings(), cut in 0usize..6,
    ) {
        let mut cluster = Cluster::default();
        surround(&mut cluster, &before);
        round(&mut cluster, &first, 0);
        surround(&mut cluster, &after);
        let wanted = wants(&cluster, &second, 1);
        let plan = cluster.plan(&wanted, hour(1));
        prop_assert_eq!(&plan, &cluster.plan(&wanted, hour(1)), "inv27");
        prop_assert!(plan.units.keys().eq(wanted.keys()), "inv34");

        for transaction in plan.units.values().filter_map(|unit| unit.transaction.as_ref()) {
            let mut undone = cluster.clone();
            undone.carry_out_first(transaction, cut);
            undone.take_back(&transaction.moves[..cut.min(transaction.moves.len())]);
            prop_assert_eq!(essence(&undone), essence(&cluster), "undo");
        }

        let mut finished = cluster.clone();
        finished.carry_out(&plan);
        prop_assert_eq!(round(&mut finished, &second, 1).1, 0, "inv28");

        let mut cut_off = cluster.clone();
        for transaction in plan.units.values().filter_map(|unit| unit.transaction.as_ref()) {
            cut_off.carry_out_first(transaction, cut);
        }
        round(&mut cut_off, &second, 1);
        prop_assert_eq!(essence(&cut_off), essence(&finished), "inv35");
        prop_assert_eq!(round(&mut cut_off, &second, 1).1, 0, "inv35");
    }
}

/// What stands, and what is ours of it; uids and versions differ from run to run.
fn essence(cluster: &Cluster) -> (BTreeMap<String, Value>, BTreeMap<String, (String, bool)>) {
    let objects = cluster.seen.objects.iter();
    let rows = cluster.inventory().values();
    (
        objects.map(|(id, observed)| (id.to_string(), observed.object.tree().clone())).collect(),
        rows.map(|row| (row.id.to_string(), (row.rule.to_string(), row.live()))).collect(),
    )
}

#[test]
fn inv35_a_crash_between_write_and_record_orphans_nothing() {
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", 1)])];
    let mut cut_off = cluster(&[("shop", "web")]);
    let plan = cut_off.plan(&wants(&cut_off, &entries, 0), hour(0));
    let transaction = plan.units.values().next().unwrap().transaction.clone().unwrap();
    cut_off.carry_out_first(&transaction, 2);
    let row = cut_off.seen.inventory.values_mut().next().unwrap();
    row.state = super::inventory::State::Claimed;
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
