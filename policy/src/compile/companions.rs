//! Entries that are no rules, made once for all clusters of a region: its constraints, and what spokes need of authority/.

use super::{Provenance, Rendered};
use crate::authority;
use crate::bundle::companion::{AUTHORITY, Companion, Says};
use crate::canonical;
use crate::catalog::Catalog;
use crate::digest::Digest;
use crate::name::{DocumentName, RegionName, RuleName};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All of them.
pub(super) struct Companions<'c> {
    everywhere: Vec<Arc<Rendered>>,
    regions: BTreeMap<&'c RegionName, Vec<Arc<Rendered>>>,
}

impl<'c> Companions<'c> {
    pub(super) fn of(catalog: &'c Catalog) -> Self {
        let files = authority::for_spokes(&catalog.authority).into_iter();
        let entry =
            |(file, policies): (String, String)| Some(rendered(named(&file)?, Says::Authority { file, policies }));
        let everywhere = files.filter_map(entry).collect();
        let regions = catalog.constraints.iter().map(|(region, all)| {
            let says = |spec: &crate::constraint::Spec| Says::Constraint { region: region.clone(), spec: spec.clone() };
            (region, all.iter().map(|(name, one)| rendered(name.clone(), says(&one.spec))).collect())
        });
        Self { everywhere, regions: regions.collect() }
    }

    /// Those that clusters of `region` get.
    pub(super) fn of_region(&self, region: &RegionName) -> impl Iterator<Item = Arc<Rendered>> {
        self.everywhere.iter().chain(self.regions.get(region).into_iter().flatten()).cloned()
    }
}

/// One entry. It is made of what it says alone, by no translator.
fn rendered(name: RuleName, says: Says) -> Arc<Rendered> {
    let bytes = canonical::to_vec(&Companion { name: name.clone(), says }).unwrap_or_default();
    let provenance = Provenance { rule: Digest::of(&bytes), view: Digest::of(&[]), translator: 0 };
    Arc::new(Rendered::new(name, bytes, provenance))
}

/// `Authority/FILE` of a path below authority/; what is no plain name is named by its digest.
fn named(path: &str) -> Option<RuleName> {
    let stem = path.strip_prefix("authority/").unwrap_or(path).trim_end_matches(".cedar");
    let digest = || format!("file-{}", Digest::of(path.as_bytes()).hex().chars().take(16).collect::<String>());
    let name: DocumentName = stem.parse().or_else(|_| digest().parse()).ok()?;
    Some(RuleName::new(AUTHORITY, name))
}
