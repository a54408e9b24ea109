//! Between two writes nothing is cut off that is allowed before and after.

use super::evaluator::Cluster;
use super::truth::{SERVED, TABLES, Table, attempt};
use crate::kube_kinds::Order;
use crate::object::Object;
use serde_json::Value;

/// Everything that anybody in the table may try.
fn attempts(table: &Table) -> Vec<(String, String, String)> {
    let outside = ["203.0.113.9", "198.51.100.7", "10.20.0.5"].map(str::to_owned);
    let ends: Vec<String> = table.pods.keys().cloned().chain(outside).collect();
    let ports = ["53/UDP", "53", "80", "443", "5432", "8080", "9090"];
    let pairs = ends.iter().flat_map(|from| ends.iter().map(move |to| (from.clone(), to.clone())));
    pairs.flat_map(|(from, to)| ports.map(move |port| (from.clone(), to.clone(), port.to_owned()))).collect()
}

/// Which of the attempts succeed.
fn allowed(table: &Table, attempts: &[(String, String, String)], objects: &[Object]) -> Vec<bool> {
    let policies: Vec<Value> = objects.iter().cloned().map(Value::from).collect();
    let cluster = Cluster { namespaces: &table.namespaces, policies: &policies };
    attempts.iter().map(|(from, to, port)| cluster.allows(&attempt(table, from, to, port))).collect()
}

fn kept(wanted: &[bool], found: &[bool]) -> bool {
    wanted.iter().zip(found).all(|(wanted, found)| !wanted || *found)
}

#[test]
fn what_is_allowed_in_the_end_is_allowed_after_every_write_and_every_removal() {
    for (name, text) in TABLES {
        let table = Table::read(text);
        let attempts = attempts(&table);
        for apis in SERVED {
            let mut objects = table.objects(apis);
            objects.sort_by_cached_key(Order::of);
            let wanted = allowed(&table, &attempts, &objects);
            assert!(wanted.contains(&true) && wanted.contains(&false), "{name}");
            // Removal goes from last to first, so it passes through the same states.
            for written in 0..=objects.len() {
                let found = allowed(&table, &attempts, &objects[..written]);
                assert!(kept(&wanted, &found), "{name}: after {written} writes of {:?}", ids(&objects));
            }
        }
    }
}

#[test]
fn another_order_would_cut_something_off() {
    let table = Table::read(TABLES[0].1);
    let attempts = attempts(&table);
    let mut objects = table.objects(SERVED[0]);
    objects.sort_by_cached_key(Order::of);
    let wanted = allowed(&table, &attempts, &objects);
    objects.reverse();
    assert!((1..objects.len()).any(|written| !kept(&wanted, &allowed(&table, &attempts, &objects[..written]))));
}

fn ids(objects: &[Object]) -> Vec<String> {
    objects.iter().map(|object| object.id().to_string()).collect()
}
