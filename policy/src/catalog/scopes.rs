//! Scopes: selectors that can match, and what a region's folder may govern.

use super::Scope;
use super::fleet::region_exists;
use super::ledger::{Ledger, unknown};
use super::root::Root;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Doc;
use crate::kinds::cluster;
use crate::name::RegionName;
use crate::selector::LabelSelector;

/// Checks the scope at `/spec/scope` of `doc`.
pub(super) fn check(
    doc: &Doc,
    scope: &Scope,
    root: Option<&Root>,
    ledger: &Ledger<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let clusters = &scope.clusters;
    for (index, region) in clusters.regions.iter().flatten().enumerate() {
        region_exists(doc, &format!("/spec/scope/clusters/regions/{index}"), region, root, diagnostics);
    }
    let names = clusters.term.names.as_deref().unwrap_or_default();
    for (field, names) in [("names", names), ("except", &clusters.term.except)] {
        for (index, name) in names.iter().enumerate().filter(|(_, name)| ledger.lacks(cluster::KIND, name)) {
            let at = format!("/spec/scope/clusters/{field}/{index}");
            diagnostics.push(unknown(doc, &at, "cluster", name, ledger.names(cluster::KIND)));
        }
    }
    labels(doc, "/spec/scope/clusters", &clusters.term.labels, diagnostics);
    if let Some(namespaces) = &scope.namespaces {
        labels(doc, "/spec/scope/namespaces", &namespaces.labels, diagnostics);
    }
}

fn labels(doc: &Doc, at: &str, selector: &LabelSelector, diagnostics: &mut Vec<Diagnostic>) {
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        if let Some(message) = requirement.fault() {
            diagnostics.push(doc.error(Code::InvalidValue, &format!("{at}/matchExpressions/{index}"), message));
        }
    }
}

/// The scope of a rule in a region's folder: its own, cut down to that region. It only adds there, and nowhere else.
pub(super) fn within_region(
    doc: &Doc,
    scope: &mut Scope,
    region: Option<&RegionName>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(region) = region else { return };
    let clusters = &mut scope.clusters;
    if clusters.regions.as_ref().is_some_and(|regions| !regions.contains(region)) {
        let message = format!("a rule in regions/{region}/ governs clusters of that region only");
        diagnostics.push(
            doc.error(Code::InvalidValue, "/spec/scope/clusters/regions", message)
                .help(format!("leave `regions` out, or write [{region}]")),
        );
    }
    clusters.regions = Some(vec![region.clone()]);
}
