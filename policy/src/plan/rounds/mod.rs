//! What every round promises, on a cluster of memory.

mod crashing;
mod cut_off;
mod holds;
mod last_good;
mod law;
mod leaving;
mod owning;
mod resting;
mod working;
mod writing;

use super::simulation::Cluster;
use crate::bundle::entry::Entry;
use crate::bundle::fixture::{bundle, hour, objects, rule};
use crate::mode::Mode;
use crate::outcome::OutcomeCode;
use crate::resolve::{Memo, Resolved, Settings, Wants, resolve};
use crate::seen::NamespaceSeen;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

fn config(name: &str, value: u8) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value.to_string()}})
}

fn per_namespace(name: &str, mode: Mode, manifests: &[Value]) -> Entry {
    rule(name, mode, Some(&[("team", "web")]), objects(true, manifests))
}

fn cluster(namespaces: &[(&str, &str)]) -> Cluster {
    let mut cluster = Cluster::default();
    namespaces.iter().for_each(|(name, team)| label(&mut cluster, name, team));
    cluster
}

fn label(cluster: &mut Cluster, name: &str, team: &str) {
    let labels = BTreeMap::from([("team".to_owned(), team.to_owned())]);
    Arc::make_mut(&mut cluster.seen.namespaces)
        .insert(name.parse().unwrap(), NamespaceSeen { labels, terminating: false });
}

fn resolved(cluster: &Cluster, entries: &[Entry], hours: i64) -> Resolved {
    resolve(&bundle(entries, Mode::Enforce), &cluster.seen, &Settings::default(), hour(hours), &mut Memo::default())
}

fn wants(cluster: &Cluster, entries: &[Entry], hours: i64) -> Wants {
    resolved(cluster, entries, hours).wants
}

/// One round: the outcomes, and how many steps it took.
fn round(cluster: &mut Cluster, entries: &[Entry], hours: i64) -> (Vec<OutcomeCode>, usize) {
    let Resolved { wants, regional, .. } = resolved(cluster, entries, hours);
    let plan = cluster.plan_with(&wants, &regional, hour(hours));
    let codes = plan.units.values().map(|unit| unit.outcome.code).collect();
    (codes, cluster.carry_out(&plan))
}
