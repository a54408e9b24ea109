//! The exact objects of one cluster, for people to read.

use super::prepare::prepare;
use crate::bundle::entry::Entry;
use crate::catalog::Catalog;
use crate::facts::Facts;
use crate::kinds::translator::Sight;

/// The entries of one cluster, in order of the rules' names, before they are bytes. A template marked per namespace
/// stands for one object in every namespace that the entry's envelope governs.
#[must_use]
pub fn render_manifests(catalog: &Catalog, facts: &Facts) -> Vec<Entry> {
    let prepared = prepare(catalog);
    prepared.choices(&facts.declared).map(|choice| choice.entry(Sight::Facts(facts))).collect()
}
