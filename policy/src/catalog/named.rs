//! Which rules a file says something of, whether or not the catalog around it is sound.

use super::{Catalog, cedar_files};
use crate::document;
use crate::kinds;
use crate::name::RuleName;
use std::collections::BTreeSet;

/// The rules in the file at `path`: those that `text` declares, where it can be read, and those that `accepted` has
/// there.
#[must_use]
pub fn rules_at(path: &str, text: Option<&str>, accepted: Option<&Catalog>) -> BTreeSet<RuleName> {
    let written = text.map(|text| declared(path, text)).unwrap_or_default();
    let known = accepted.into_iter().flat_map(|catalog| catalog.rules.values());
    let known = known.filter(|rule| rule.doc.file == path || cedar_files::belongs(path, &rule.doc));
    written.into_iter().chain(known.map(|rule| rule.name.clone())).collect()
}

fn declared(path: &str, text: &str) -> BTreeSet<RuleName> {
    if !path.ends_with(".yaml") {
        return BTreeSet::new();
    }
    let (docs, _) = document::parse(path, text);
    let name = |doc: &document::Doc| {
        let part = |at: &str| doc.value.pointer(at)?.as_str();
        let row = kinds::row(part("/kind")?).filter(|row| row.governed)?;
        Some(RuleName::new(row.name, part("/metadata/name")?.parse().ok()?))
    };
    docs.iter().filter_map(name).collect()
}
