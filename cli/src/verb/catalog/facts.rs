//! What a cluster can do, from a file instead of the catalog.

use crate::fault::Fault;
use policy::document::{self, Doc};
use policy::facts::Capabilities;
use schemars::JsonSchema;
use serde::Deserialize;
use service::atomic;
use std::path::Path;

/// Bytes of a file of facts.
const LIMIT: u64 = 1024 * 1024;

/// `cluster.yaml` of a directory target: a Cluster document of which only the facts are read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    /// What the cluster can do.
    facts: Capabilities,
}

/// Reads the facts of a `cluster.yaml`.
pub(super) fn read(path: &Path) -> Result<Capabilities, Fault> {
    let text = atomic::read_text(path, LIMIT)?;
    let wrong = |found: Vec<policy::diagnostic::Diagnostic>| {
        Fault::Usage(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let facts = |_: &Doc, spec: Spec| Ok(spec.facts);
    document::config(&path.to_string_lossy(), &text, "Cluster", facts).map_err(wrong)
}
