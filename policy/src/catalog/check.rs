//! Checking: everything that git alone can tell of a revision, all at once.

use super::ledger::Ledger;
use super::place::ROOT;
use super::read::{self, Known, Read};
use super::root::{self, Root};
use super::{Catalog, Checked, Sources, cedar_files, fleet, owners, regional, rule_sets, rules, values};
use crate::authority::Authority;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::kinds::Schemas;

/// Checks revision after revision: a file that stays as it was is not read again.
#[derive(Default)]
pub struct Checker {
    schemas: Schemas,
    known: Known,
}

impl Checker {
    /// Checks the files of one revision.
    ///
    /// Documents are read and judged each by its kind's schema, then against one another. Compiling has its say when
    /// nothing else is wrong: it needs a catalog that holds together.
    pub fn check(&mut self, sources: &Sources) -> Checked {
        let mut read = read::read(sources, &self.schemas, &mut self.known);
        let mut found = std::mem::take(&mut read.diagnostics);
        // Half a catalog would have faults of its own.
        let whole = if read.cut { None } else { together(&read, sources, &self.schemas, &mut found) };
        let catalog = whole.filter(|_| !refuses(&found));
        found.sort();
        found.dedup();
        Checked { catalog, diagnostics: found }
    }
}

/// Checks the files of one revision, as [`Checker::check`].
#[must_use]
pub fn check(sources: &Sources) -> Checked {
    Checker::default().check(sources)
}

/// Documents against one another, and then what they compile to.
fn together(read: &Read, sources: &Sources, schemas: &Schemas, found: &mut Vec<Diagnostic>) -> Option<Catalog> {
    let root = root::root(&read.documents, sources, readable(found), found);
    let files = cedar_files::authority(read, sources);
    let (authority, faults) = Authority::read(&files);
    found.extend(faults);
    let catalog = assemble(read, root, files, found);
    cedar_files::check(read, sources, found);
    let catalog = catalog.filter(|_| !refuses(found))?;
    selects_nothing(&catalog, found);
    owners::check(&catalog, &authority, found);
    found.extend(crate::compile::check(&catalog, schemas, &authority));
    Some(catalog)
}

fn refuses(found: &[Diagnostic]) -> bool {
    found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Whether writ.yaml could be read at all: if not, that was said, and its absence is not a second fault.
fn readable(found: &[Diagnostic]) -> bool {
    !found.iter().any(|diagnostic| diagnostic.file == ROOT)
}

fn assemble(read: &Read, root: Option<Root>, authority: Sources, found: &mut Vec<Diagnostic>) -> Option<Catalog> {
    let documents = &read.documents;
    let ledger = Ledger::enter(read, found);
    let clusters = fleet::fleet(documents, root.as_ref(), found);
    folders(read, root.as_ref(), found);
    let regions_of = clusters.iter().map(|(name, cluster)| (name.clone(), cluster.declared.region.clone())).collect();
    let parameters = values::values(documents, root.as_ref(), &ledger, &regions_of, found);
    let rules = rules::rules(documents, root.as_ref(), &ledger, found);
    let rule_sets = rule_sets::rule_sets(documents, root.as_ref(), &ledger, found);
    let overrides = regional::overrides(documents, &ledger, found);
    let constraints = regional::constraints(documents, &ledger, found);
    let Root { name, spec } = root?;
    let regions = spec.regions.iter().cloned().collect();
    let root = spec;
    Some(Catalog { name, clusters, rules, rule_sets, parameters, regions, overrides, constraints, authority, root })
}

/// That a folder below regions/ is a region's.
fn folders(read: &Read, root: Option<&Root>, found: &mut Vec<Diagnostic>) {
    let mut told = std::collections::BTreeSet::new();
    for document in &read.documents {
        if let Some(region) = document.region.as_ref().filter(|region| told.insert((*region).clone())) {
            fleet::region_exists(&document.doc, "", region, root, found);
        }
    }
}

fn selects_nothing(catalog: &Catalog, found: &mut Vec<Diagnostic>) {
    for rule in catalog.rules.values() {
        let selector = &rule.governance.scope.clusters;
        if !catalog.clusters.values().any(|cluster| selector.matches(&cluster.declared)) {
            let message = format!("{} selects none of the declared clusters", rule.name);
            found.push(
                rule.doc
                    .warning(Code::SelectsNothing, "/spec/scope/clusters", message)
                    .help("widen the scope, or declare the cluster"),
            );
        }
    }
}
