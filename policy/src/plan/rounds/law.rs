//! The law of rounds, over random catalogs in random surroundings.

use super::{config, label, per_namespace, round, wants};
use crate::bundle::entry::Entry;
use crate::bundle::fixture::hour;
use crate::mode::Mode;
use crate::plan::simulation::Cluster;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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
            undone.take_back(transaction, cut);
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
