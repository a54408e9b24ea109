//! Objects that two rules claim as a whole in one cluster, and those that a region takes from what holds for all.

use super::Group;
use super::area::Area;
use super::tally::{Tally, blamed, where_they_meet};
use crate::bundle::entry::{Body, Entry, Own, Template};
use crate::catalog::{Rule, region_of};
use crate::diagnostic::Code;
use crate::name::ClusterName;
use crate::object::{Identity, Object, ObjectId};
use std::collections::{BTreeMap, BTreeSet};

struct Claim<'c> {
    id: ObjectId,
    rule: &'c Rule,
    own: Own,
    area: Area,
    place: String,
    clusters: BTreeSet<&'c ClusterName>,
}

/// Who claims what: by identity, wherever it stands.
#[derive(Default)]
pub(super) struct Claims<'c>(BTreeMap<ObjectId, Vec<Claim<'c>>>);

impl<'c> Claims<'c> {
    /// Notes the objects of `entry`.
    pub(super) fn add(&mut self, group: &Group<'_, 'c>, entry: &Entry) {
        let Body::Objects { templates, .. } = &entry.body else { return };
        for (index, template) in templates.iter().enumerate() {
            if let Some((id, area)) = claimed(template, entry) {
                let place = format!("/spec{}", group.choice.rule.translator.origin(index));
                let clusters = group.clusters.iter().copied().collect();
                let anywhere = ObjectId::from(Identity { namespace: None, ..Identity::clone(&id) });
                let claim = Claim { id, rule: group.choice.rule.rule, own: template.own, area, place, clusters };
                self.0.entry(anywhere).or_default().push(claim);
            }
        }
    }

    /// Tells each later claim of an object that an earlier one has in the same cluster.
    pub(super) fn told(self, tally: &mut Tally<'c>) {
        for claims in self.0.into_values() {
            for (index, later) in claims.iter().enumerate() {
                for earlier in claims.iter().take(index) {
                    let (mine, theirs) = blamed(later, earlier, |claim| claim.rule);
                    contested(mine, theirs, tally);
                }
            }
        }
    }
}

/// What a template claims, and where.
fn claimed(template: &Template, entry: &Entry) -> Option<(ObjectId, Area)> {
    let object = Object::try_from(template.manifest.clone()).ok()?;
    Some((object.id().clone(), Area::of_object(template.per_namespace, &object, entry)))
}

/// Whether two claims exclude each other. Fields and a whole object of one catalog may be meant so; a region's are not
/// beside those of what holds for all.
fn excludes(one: &Claim<'_>, other: &Claim<'_>) -> bool {
    let regional = |claim: &Claim<'_>| region_of(&claim.rule.doc.file).is_some();
    match (one.own, other.own) {
        (Own::Whole, Own::Whole) => true,
        (Own::Fields, Own::Fields) => false,
        _ => regional(one) != regional(other),
    }
}

fn contested<'c>(mine: &Claim<'c>, theirs: &Claim<'c>, tally: &mut Tally<'c>) {
    if !excludes(mine, theirs) {
        return;
    }
    let mut both = mine.clusters.intersection(&theirs.clusters).copied().peekable();
    let message = format!("{} is also an object of {}", mine.id, theirs.rule.name);
    let help = "name it otherwise, or give it to one of the two; several rules may share an object with `own: fields`";
    let found = mine.rule.doc.error(Code::Conflict, &mine.place, message).help(help);
    let found = where_they_meet(found, mine.area.meets(&theirs.area));
    if let Some(found) = found.filter(|_| both.peek().is_some()) {
        tally.within(found, both);
    }
}
