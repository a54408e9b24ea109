//! Repairs that wait while somebody else keeps changing an object back.

use super::{cluster, config, per_namespace, wants};
use crate::bundle::fixture::hour;
use crate::mode::Mode;
use crate::object::ObjectId;
use crate::plan::rest::put_off;
use crate::plan::simulation::Cluster;
use serde_json::json;
use std::collections::BTreeSet;

const ONE: &str = "ConfigMap shop/one";

fn tampered() -> Cluster {
    let mut cluster = cluster(&[("shop", "web")]);
    super::round(&mut cluster, &[per_namespace("a", Mode::Enforce, &[config("one", 1), config("two", 1)])], 0);
    for name in ["one", "two"] {
        cluster.put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}}));
    }
    cluster
}

/// One round in which the first object rests: which repairs waited, and what the objects say then.
fn round(cluster: &mut Cluster, value: u8) -> (usize, [Option<String>; 2]) {
    let entries = [per_namespace("a", Mode::Enforce, &[config("one", value), config("two", value)])];
    let mut plan = cluster.plan(&wants(cluster, &entries, 0), hour(0));
    let one: BTreeSet<ObjectId> = cluster.inventory().keys().filter(|id| id.to_string() == ONE).cloned().collect();
    let waiting = put_off(&mut plan, &cluster.seen, &one);
    cluster.carry_out(&plan);
    let says = |name: &str| {
        let value = cluster.tree(name)?.pointer("/data/value")?.as_str()?;
        Some(value.to_owned())
    };
    (waiting.len(), [says(ONE), says("ConfigMap shop/two")])
}

#[test]
fn a_repair_waits_and_the_other_objects_of_its_unit_do_not() {
    let mut cluster = tampered();
    assert_eq!(round(&mut cluster, 1), (1, [None, Some("1".to_owned())]));
    cluster.seen.objects.retain(|id, _| id.to_string() != ONE);
    assert_eq!(round(&mut cluster, 1), (1, [None, Some("1".to_owned())]), "made anew is a repair too");
    assert!(cluster.inventory().values().all(|row| row.owned()), "no row of it was touched");
}

#[test]
fn a_newer_version_does_not_wait() {
    let two = || Some("2".to_owned());
    assert_eq!(round(&mut tampered(), 2), (0, [two(), two()]));
}

#[test]
fn what_stands_waits_for_nothing() {
    let mut cluster = tampered();
    super::round(&mut cluster, &[per_namespace("a", Mode::Enforce, &[config("one", 1), config("two", 1)])], 0);
    assert_eq!(round(&mut cluster, 1).0, 0);
}
