//! `cluster.yaml`: what the cluster can do.

use super::layout::Layout;
use super::yaml;
use crate::files;
use crate::target::TargetError;
use policy::facts::Capabilities;
use serde::Deserialize;

const LIMIT: usize = 1_048_576;

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    facts: Capabilities,
}

/// Reads it. Everything in it must be understood: what a cluster serves decides what is written there.
pub(super) fn read(layout: &Layout) -> Result<Capabilities, TargetError> {
    let path = layout.cluster();
    let corrupt = |why: String| TargetError::Corrupt(path.clone(), why);
    let bytes = files::read(&path, LIMIT)?.ok_or_else(|| TargetError::NoFacts(path.clone()))?;
    let value = yaml::parse(&bytes).map_err(|error| corrupt(error.to_string()))?;
    let document: Document = serde_json::from_value(value).map_err(|error| corrupt(error.to_string()))?;
    if document.api_version != "writ.dev/v1alpha1" || document.kind != "Cluster" {
        return Err(corrupt("it is not a writ.dev/v1alpha1 Cluster with spec.facts".to_owned()));
    }
    Ok(document.spec.facts)
}
