//! What git alone can tell of compiling: parameters without a value, specs that are wrong once values are filled in,
//! fields without a slot, objects that two rules claim, rules that say different things of one, and what grows beyond a
//! limit.

mod area;
mod conflicts;
mod local;
mod overlaps;
mod overrides;
mod rule;
mod sizes;
mod tally;
mod weakens;

use super::choice::Choice;
use super::prepare::{Prepared, PreparedRule, prepare};
use crate::authority::Authority;
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::facts::Declared;
use crate::kinds::Schemas;
use crate::name::ClusterName;
use conflicts::Claims;
use overlaps::Stakes;
use sizes::Sizes;
use std::collections::BTreeMap;
use tally::Tally;
use weakens::Openings;

/// Everything that git alone can tell is wrong with what the catalog compiles to, each fault once for all clusters.
pub(crate) fn check(catalog: &Catalog, schemas: &Schemas, authority: &Authority) -> Vec<Diagnostic> {
    let prepared = prepare(catalog);
    let (mut tally, mut sizes) = (Tally::default(), Sizes::default());
    let (mut claims, mut stakes, mut openings) = (Claims::default(), Stakes::default(), Openings::default());
    for rule in &prepared.rules {
        let groups = groups(&prepared, rule, catalog);
        rule::written(rule, groups.is_empty(), &mut tally);
        for group in groups.values() {
            let Some(schema) = schemas.spec(rule.rule.name.kind()) else { continue };
            if let Some(entry) = rule::filled(group, schema, authority, &mut tally) {
                local::check(catalog, authority, group, &entry, &mut tally);
                claims.add(group, &entry);
                stakes.add(group, &entry);
                openings.add(group, &entry, &mut tally);
                sizes.add(group, &entry, &mut tally);
            }
        }
    }
    overrides::unused(catalog, &prepared, &mut tally);
    claims.told(&mut tally);
    stakes.told(&mut tally);
    openings.told(&mut tally);
    sizes.told(&catalog.name, &mut tally);
    tally.diagnostics()
}

/// The clusters in which a rule says the same.
pub(super) struct Group<'p, 'c> {
    choice: Choice<'p, 'c>,
    clusters: Vec<&'c ClusterName>,
}

/// The clusters in which `rule` holds, by what it says there.
fn groups<'p, 'c>(
    prepared: &'p Prepared<'c>,
    rule: &'p PreparedRule<'c>,
    catalog: &'c Catalog,
) -> BTreeMap<Digest, Group<'p, 'c>> {
    let mut groups = BTreeMap::<Digest, Group<'p, 'c>>::new();
    for cluster in catalog.clusters.values() {
        let declared: &'c Declared = &cluster.declared;
        let Some(choice) = prepared.choice(rule, declared) else { continue };
        let group = groups.entry(choice.digest());
        group.or_insert_with(|| Group { choice, clusters: Vec::new() }).clusters.push(&declared.name);
    }
    groups
}
