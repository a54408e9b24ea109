//! The declared fleet: every Cluster document.

use super::Cluster;
use super::ledger::unknown;
use super::read::Found;
use super::root::{Root, typed};
use crate::diagnostic::Diagnostic;
use crate::document::Doc;
use crate::facts::Declared;
use crate::kinds::cluster::{KIND, Spec};
use crate::name::{ClusterName, RegionName};
use std::collections::BTreeMap;

/// The clusters that are declared soundly.
pub(super) fn fleet(
    documents: &[Found],
    root: Option<&Root>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<ClusterName, Cluster> {
    let mut fleet = BTreeMap::new();
    for found in documents.iter().filter(|found| found.row.name == KIND) {
        let Some((metadata, spec)) = typed::<Spec>(found, diagnostics) else { continue };
        region_exists(&found.doc, "/spec/region", &spec.region, root, diagnostics);
        let Ok(name) = metadata.name.as_str().parse::<ClusterName>() else { continue };
        let declared = Declared { name: name.clone(), region: spec.region, labels: metadata.labels, mode: spec.mode };
        fleet.entry(name).or_insert(Cluster { declared, pinned: spec.facts });
    }
    fleet
}

/// That a region which is named is listed in writ.yaml; not judged while writ.yaml itself is faulty.
pub(super) fn region_exists(
    doc: &Doc,
    at: &str,
    region: &RegionName,
    root: Option<&Root>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(root) = root else { return };
    if !root.spec.regions.contains(region) {
        diagnostics.push(unknown(doc, at, "region", region.as_str(), root.spec.regions.iter().map(RegionName::as_str)));
    }
}
