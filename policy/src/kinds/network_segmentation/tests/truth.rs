//! Truth tables: who may reach whom on which port, written by hand from what each intent means, and compared with what its
//! objects allow.

use super::KIND;
use super::evaluator::{Attempt, Cluster, End, Namespaces, Pod};
use crate::bundle::entry::{Body, Entry};
use crate::bundle::fixture::{bundle, hour};
use crate::kinds::fixture::Case;
use crate::mode::Mode;
use crate::resolve::{Memo, Settings, resolve};
use crate::seen::{NamespaceSeen, Seen};
use crate::selector::Term;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One table, as its file writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    /// The intent's own spec.
    intent: Value,
    /// Its scope, and the namespaces that this selects.
    scope: Term,
    selected: Vec<String>,
    pub(super) namespaces: Namespaces,
    /// By `NAMESPACE/NAME`.
    pub(super) pods: BTreeMap<String, Pod>,
    /// What the namespaces' own people wrote.
    #[serde(default)]
    own: Vec<Value>,
    /// From, to, port, and whether it is allowed: `yes`, `no`, or `bound`: only where nothing bounds the namespace's own
    /// policies.
    rows: Vec<(String, String, String, String)>,
}

pub(super) const TABLES: [(&str, &str); 4] = [
    ("segments", include_str!("tables/segments.yaml")),
    ("namespaces", include_str!("tables/namespaces.yaml")),
    ("addresses", include_str!("tables/addresses.yaml")),
    ("one_direction", include_str!("tables/one_direction.yaml")),
];

/// The APIs of a cluster without and with bounds.
pub(super) const SERVED: [&[&str]; 2] =
    [&["networking.k8s.io/v1"], &["networking.k8s.io/v1", "policy.networking.k8s.io/v1beta1"]];

impl Table {
    pub(super) fn read(text: &str) -> Self {
        serde_yaml::from_str(text).unwrap()
    }

    pub(super) fn case(&self) -> Case {
        Case::new(KIND, true, &self.intent.to_string())
    }

    /// The objects as the spoke makes them, in the order in which it has them.
    pub(super) fn objects(&self, apis: &[&str]) -> Vec<crate::object::Object> {
        let templates = self.case().translated_where(apis).unwrap();
        let body = Body::Objects { templates, slots: Vec::new() };
        let mut entry: Entry = crate::bundle::fixture::rule("sample", Mode::Enforce, Some(&[]), body);
        entry.envelope.namespaces.as_mut().unwrap().all = vec![self.scope.clone()];
        let seen = |labels: &crate::facts::Labels| NamespaceSeen { labels: labels.clone(), terminating: false };
        let namespaces = self.namespaces.iter().map(|(name, labels)| (name.parse().unwrap(), seen(labels)));
        let namespaces = Arc::new(namespaces.collect());
        let seen = Seen { namespaces, ..Seen::default() };
        let wants =
            resolve(&bundle(&[entry], Mode::Enforce), &seen, &Settings::default(), hour(1), &mut Memo::default()).wants;
        wants.values().flat_map(|want| want.desired().iter().map(|desired| desired.object.clone())).collect()
    }
}

/// One row's connection.
pub(super) fn attempt<'t>(table: &'t Table, from: &'t str, to: &'t str, port: &'t str) -> Attempt<'t> {
    let (port, protocol) = port.split_once('/').unwrap_or((port, "TCP"));
    let end = |text: &'t str| match text.parse() {
        Ok(address) => End::Address(address),
        Err(_) => End::Pod { namespace: text.split_once('/').unwrap().0, pod: &table.pods[text] },
    };
    Attempt { from: end(from), to: end(to), port: port.parse().unwrap(), protocol }
}

#[test]
fn objects_allow_what_the_tables_say() {
    for (name, text) in TABLES {
        let table = Table::read(text);
        assert_eq!(table.case().faults(), [""; 0], "{name}");
        for apis in SERVED {
            let objects = table.objects(apis);
            let within: BTreeSet<_> = objects.iter().filter_map(|object| object.id().namespace.as_ref()).collect();
            assert!(within.iter().map(|namespace| namespace.as_str()).eq(&table.selected), "{name}: {within:?}");
            let made = objects.into_iter().map(Value::from);
            let policies: Vec<Value> = made.chain(table.own.iter().cloned()).collect();
            let cluster = Cluster { namespaces: &table.namespaces, policies: &policies };
            for (from, to, port, allowed) in &table.rows {
                let wanted = match allowed.as_str() {
                    "yes" => true,
                    "no" => false,
                    "bound" => apis.len() == 1,
                    other => panic!("no verdict: {other}"),
                };
                let found = cluster.allows(&attempt(&table, from, to, port));
                assert_eq!(found, wanted, "{name}: {from} -> {to} {port} where {apis:?} are served");
            }
        }
    }
}

#[test]
fn the_evaluator_can_say_no_and_yes() {
    let table = Table::read(TABLES[0].1);
    for (policies, allowed) in [(vec![], true), (vec![deny_all("shop")], false)] {
        let cluster = Cluster { namespaces: &table.namespaces, policies: &policies };
        assert_eq!(cluster.allows(&attempt(&table, "shop/web", "shop/db", "5432")), allowed);
    }
}

fn deny_all(namespace: &str) -> Value {
    serde_json::json!({"kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}})
}
