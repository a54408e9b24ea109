//! A catalog of ConfigMaps: `unit`, ten of them in one namespace, so one unit; `spread`, one in every namespace that
//! says `bench: spread`, so as many units.

use crate::lab::files::write;
use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;

/// Bears the objects of the rule `unit`.
pub(crate) const NAMESPACE: &str = "bench";
/// Every ConfigMap of a benchmark bears it, so that one watch sees them and nothing else.
pub(crate) const LABEL: &str = "bench.example/object";

/// Writes a catalog with `clusters` clusters, `c0` and on, and no rule.
pub(crate) fn clusters(catalog: &Path, clusters: usize) -> Result<()> {
    write(&catalog.join("writ.yaml"), CATALOG)?;
    (0..clusters).try_for_each(|number| {
        let text = format!(
            "apiVersion: writ.dev/v1alpha1\nkind: Cluster\nmetadata: {{name: c{number}}}\nspec:\n  region: eu\n  \
             mode: enforce\n"
        );
        write(&catalog.join(format!("clusters/c{number}.yaml")), &text)
    })
}

/// Writes the rule `unit`.
pub(crate) fn unit(catalog: &Path, value: &str) -> Result<()> {
    let objects = (0..10).map(|number| config_map(Some(NAMESPACE), &name(number), value)).collect();
    rule(catalog, "unit", &json!({"clusters": {}}), objects)
}

/// Writes the rule `spread`.
pub(crate) fn spread(catalog: &Path, value: &str) -> Result<()> {
    let scope = json!({"clusters": {}, "namespaces": {"matchLabels": {"bench": "spread"}}});
    rule(catalog, "spread", &scope, vec![config_map(None, "spread", value)])
}

/// The name of one of ten.
pub(crate) fn name(number: u32) -> String {
    format!("unit-{number}")
}

/// A ConfigMap of some 400 bytes.
pub(crate) fn config_map(namespace: Option<&str>, name: &str, value: &str) -> Value {
    let mut metadata = json!({"name": name, "labels": {LABEL: "true"}});
    if let (Some(namespace), Some(metadata)) = (namespace, metadata.as_object_mut()) {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    let data = json!({"value": value, "text": "0123456789abcdef".repeat(24)});
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
}

fn rule(catalog: &Path, name: &str, scope: &Value, objects: Vec<Value>) -> Result<()> {
    let objects: Vec<Value> = objects.into_iter().map(|manifest| json!({"manifest": manifest})).collect();
    let spec = json!({"rationale": "A rule of the benchmark.", "risk": "low", "mode": "enforce", "scope": scope,
        "objects": objects});
    let rule = json!({"apiVersion": "writ.dev/v1alpha1", "kind": "ConfigTemplate", "metadata": {"name": name},
        "spec": spec});
    // JSON is YAML.
    write(&catalog.join(format!("intents/{name}.yaml")), &serde_json::to_string_pretty(&rule)?)
}

const CATALOG: &str = "apiVersion: writ.dev/v1alpha1\nkind: Catalog\nmetadata: {name: bench}\nspec:\n  regions: [eu]\n  \
    teams:\n    platform: {members: [ada]}\n  domains:\n  - {path: intents, owner: platform}\n  - {path: clusters, owner: platform}\n";
