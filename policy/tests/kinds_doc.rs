//! The examples of docs/kinds.md are sound: a reader may copy them.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as they do")]

use std::sync::Arc;
use writ_policy::catalog::{self, Sources};
use writ_policy::diagnostic::Diagnostic;

const PAGE: &str = include_str!("../../docs/kinds.md");

const ROOT: &str = "apiVersion: writ.dev/v1alpha1
kind: Catalog
metadata: {name: acme}
spec:
  regions: [eu]
  teams: {platform: {members: [ada]}}
";

const CLUSTER: &str = "apiVersion: writ.dev/v1alpha1
kind: Cluster
metadata: {name: eu-1}
spec: {region: eu, mode: enforce}
";

/// The documents of the page's examples, each with its kind.
fn documents() -> Vec<(String, &'static str)> {
    let blocks = PAGE.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let kind = |text: &str| text.split("kind: ").nth(1).unwrap().split('\n').next().unwrap().to_owned();
    blocks.flat_map(|block| block.split("---\n")).map(|text| (kind(text), text)).collect()
}

fn checked(documents: &[(String, &str)]) -> Vec<Diagnostic> {
    let mut sources = Sources::from([("writ.yaml".into(), ROOT.into()), ("clusters/eu-1.yaml".into(), CLUSTER.into())]);
    for (index, (kind, text)) in documents.iter().enumerate() {
        let folder = if kind == "Parameters" { "parameters" } else { "intents" };
        sources.insert(format!("{folder}/{index}.yaml"), Arc::from(*text));
    }
    catalog::check(&sources).diagnostics
}

#[test]
fn examples_are_sound() {
    let documents = documents();
    for kind in ["AccessControl", "NetworkSegmentation", "Parameters"] {
        assert!(documents.iter().any(|(found, _)| found == kind), "the page has no {kind}");
    }
    assert_eq!(checked(&documents), []);
    let without: Vec<_> = documents.into_iter().filter(|(kind, _)| kind != "Parameters").collect();
    assert_ne!(checked(&without), [], "an example that needs its parameters does");
}
