//! Values of parameters: gathered by level, each name once at a level.

use super::Parameters;
use super::fleet::region_exists;
use super::ledger::{Ledger, unknown};
use super::read::Found;
use super::root::{Root, typed};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Doc;
use crate::document::pointer::join;
use crate::document::schema::hole;
use crate::kinds::cluster;
use crate::kinds::parameters::{KIND, Spec};
use crate::name::{ClusterName, RegionName};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a value holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Global,
    Region(RegionName),
    Cluster(ClusterName),
}

/// All values.
pub(super) fn values(
    documents: &[Found],
    root: Option<&Root>,
    ledger: &Ledger<'_>,
    regions_of: &BTreeMap<ClusterName, RegionName>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Parameters {
    let mut parameters = Parameters::default();
    let mut places: BTreeMap<(Level, String), String> = BTreeMap::new();
    for found in documents.iter().filter(|found| found.row.name == KIND) {
        let Some((_, spec)) = typed::<Spec>(found, diagnostics) else { continue };
        references(&found.doc, &spec, root, ledger, diagnostics);
        let Some(level) = level(found, &spec, regions_of, diagnostics) else { continue };
        for (name, value) in spec.values {
            let at = join("/spec/values", &name);
            match places.get(&(level.clone(), name.clone())) {
                Some(first) => diagnostics.push(twice(&found.doc, &at, &name, first)),
                None => {
                    let place = format!("{}:{}", found.doc.file, found.doc.key_span(&at).line);
                    places.insert((level.clone(), name.clone()), place);
                    keep(&mut parameters, level.clone(), name, value);
                }
            }
        }
    }
    parameters
}

fn twice(doc: &Doc, at: &str, name: &str, first: &str) -> Diagnostic {
    let message = format!("parameter `{name}` has a value at this level already");
    doc.key_error(Code::Duplicate, at, message).help(format!("the other stands at {first}; remove one of them"))
}

fn keep(parameters: &mut Parameters, level: Level, name: String, value: Value) {
    let values = match level {
        Level::Global => &mut parameters.global,
        Level::Region(region) => parameters.regions.entry(region).or_default(),
        Level::Cluster(cluster) => parameters.clusters.entry(cluster).or_default(),
    };
    values.insert(name, value);
}

fn references(doc: &Doc, spec: &Spec, root: Option<&Root>, ledger: &Ledger<'_>, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(region) = &spec.region {
        region_exists(doc, "/spec/region", region, root, diagnostics);
    }
    let lacks = |name: &&ClusterName| ledger.lacks(cluster::KIND, name.as_str());
    if let Some(name) = spec.cluster.as_ref().filter(lacks) {
        diagnostics.push(unknown(doc, "/spec/cluster", "cluster", name.as_str(), ledger.names(cluster::KIND)));
    }
    let spec = doc.value.get("spec").unwrap_or(&Value::Null);
    let chained = hole::find(spec, "/spec").into_iter();
    diagnostics.extend(
        chained
            .map(|hole| doc.error(Code::InvalidValue, &hole.pointer, "a parameter's value is not another parameter")),
    );
}

/// The level of a document; what lies in a region's folder holds in that region alone.
fn level(
    found: &Found,
    spec: &Spec,
    regions_of: &BTreeMap<ClusterName, RegionName>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Level> {
    let mut wrong = |at: &str, message: String| {
        diagnostics.push(
            found
                .doc
                .error(Code::InvalidValue, at, message)
                .help("values for all clusters stand in the catalog's own parameters/"),
        );
        None
    };
    match (&found.region, &spec.region, &spec.cluster) {
        (_, Some(_), Some(_)) => {
            wrong("/spec/cluster", "values hold for a region or for a cluster, not for both".to_owned())
        }
        (Some(folder), Some(region), None) if folder != region => {
            wrong("/spec/region", format!("this file belongs to region `{folder}`"))
        }
        (Some(folder), None, Some(cluster)) if regions_of.get(cluster).is_some_and(|region| region != folder) => {
            wrong("/spec/cluster", format!("cluster `{cluster}` is not in region `{folder}`"))
        }
        (_, None, Some(cluster)) => Some(Level::Cluster(cluster.clone())),
        (_, Some(region), None) | (Some(region), None, None) => Some(Level::Region(region.clone())),
        (None, None, None) => Some(Level::Global),
    }
}
