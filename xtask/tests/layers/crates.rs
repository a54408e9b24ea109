//! Which crate of the workspace is built on which, its tests included.

use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use xtask::tools::{cargo, stdout};

/// Each crate, with those of ours that stand below it.
const LAYERS: [(&str, &[&str]); 10] = [
    ("writ-policy", &[]),
    ("writ-catalog", &["writ-policy"]),
    ("writ-proto", &["writ-policy"]),
    ("writ-service", &["writ-policy"]),
    ("writ-certs", &["writ-policy", "writ-proto", "writ-service"]),
    ("writ-hub", &["writ-catalog", "writ-certs", "writ-policy", "writ-proto", "writ-service"]),
    ("writ-spoke-agent", &["writ-certs", "writ-policy", "writ-proto", "writ-service"]),
    ("writ-cli", &["writ-catalog", "writ-certs", "writ-policy", "writ-proto", "writ-service"]),
    ("xtask", &[]),
    ("writ-e2e", &["xtask"]),
];

type Edges = BTreeMap<String, BTreeSet<String>>;

/// What the manifests say.
fn built() -> Result<Edges> {
    let told = stdout(&mut cargo(&["metadata", "--no-deps", "--offline", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&told)?;
    list(&metadata, "packages")?.iter().map(|package| Ok((name(package)?, below(package)?))).collect()
}

/// The crates of the workspace that a package names, of any kind: also for tests and builds.
fn below(package: &Value) -> Result<BTreeSet<String>> {
    let ours = |dependency: &&Value| dependency.get("path").is_some_and(Value::is_string);
    list(package, "dependencies")?.iter().filter(ours).map(name).collect()
}

fn list<'a>(of: &'a Value, field: &str) -> Result<&'a [Value]> {
    of.get(field).and_then(Value::as_array).map(Vec::as_slice).with_context(|| format!("no {field}"))
}

fn name(of: &Value) -> Result<String> {
    of.get("name").and_then(Value::as_str).map(str::to_owned).context("no name")
}

fn allowed() -> Edges {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    LAYERS.iter().map(|(name, below)| ((*name).to_owned(), owned(below))).collect()
}

#[test]
fn a_crate_is_built_on_those_below_it_only() {
    assert_eq!(built().unwrap(), allowed(), "the manifests (left) and the layers that are decided (right)");
}

#[test]
fn the_layers_are_those_that_were_decided() {
    let allowed = allowed();
    let below = |name: &str| allowed[name].iter().map(String::as_str).collect::<Vec<_>>();
    assert!(below("writ-policy").is_empty(), "the core stands on nothing of ours");
    assert!(below("xtask").is_empty(), "xtask starts the shipped binaries and links none of them");
    for binary in ["writ-hub", "writ-spoke-agent", "writ-cli"] {
        let above = allowed.iter().filter(|(_, below)| below.contains(binary)).map(|(name, _)| name.as_str());
        assert_eq!(above.collect::<Vec<_>>(), [] as [&str; 0], "nothing stands on {binary}");
    }
    let on_xtask = allowed.iter().filter(|(_, below)| below.contains("xtask")).map(|(name, _)| name.as_str());
    assert_eq!(on_xtask.collect::<Vec<_>>(), ["writ-e2e"]);
}
