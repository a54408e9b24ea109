//! Objects that two rules claim as a whole in one cluster.

use super::Group;
use super::tally::Tally;
use crate::bundle::entry::{Body, Entry, Own, Template};
use crate::catalog::Rule;
use crate::diagnostic::Code;
use crate::name::ClusterName;
use crate::object::{Object, ObjectId};
use crate::selector::NamespaceSelector;
use std::collections::{BTreeMap, BTreeSet};

/// Which object: by identity and, for one per namespace, by the namespaces. Of different selectors only a cluster can
/// tell whether they meet.
type Key = (ObjectId, Option<NamespaceSelector>);

struct Claim<'c> {
    rule: &'c Rule,
    place: String,
    clusters: BTreeSet<&'c ClusterName>,
}

/// Who claims what.
#[derive(Default)]
pub(super) struct Claims<'c>(BTreeMap<Key, Vec<Claim<'c>>>);

impl<'c> Claims<'c> {
    /// Notes the objects that `entry` owns as a whole.
    pub(super) fn add(&mut self, group: &Group<'_, 'c>, entry: &Entry) {
        let Body::Objects { templates, .. } = &entry.body else { return };
        for (index, template) in templates.iter().enumerate() {
            if let Some(key) = key(template, entry) {
                let place = format!("/spec{}", group.choice.rule.translator.origin(index));
                let clusters = group.clusters.iter().copied().collect();
                self.0.entry(key).or_default().push(Claim { rule: group.choice.rule.rule, place, clusters });
            }
        }
    }

    /// Tells each later claim of an object that an earlier one has in the same cluster.
    pub(super) fn told(self, tally: &mut Tally<'c>) {
        for ((id, _), claims) in self.0 {
            for (index, later) in claims.iter().enumerate() {
                for earlier in claims.iter().take(index) {
                    contested(&id, earlier, later, tally);
                }
            }
        }
    }
}

fn key(template: &Template, entry: &Entry) -> Option<Key> {
    let whole = template.own == Own::Whole;
    let object = Object::try_from(template.manifest.clone()).ok().filter(|_| whole)?;
    let namespaces = entry.envelope.namespaces.clone().filter(|_| template.per_namespace);
    Some((object.id().clone(), namespaces))
}

fn contested<'c>(id: &ObjectId, earlier: &Claim<'c>, later: &Claim<'c>, tally: &mut Tally<'c>) {
    let both: Vec<_> = earlier.clusters.intersection(&later.clusters).copied().collect();
    if both.is_empty() {
        return;
    }
    let message = format!("{id} is also an object of {}", earlier.rule.name);
    let help = "name it otherwise, or give it to one of the two; several rules may share an object with `own: fields`";
    tally.within(later.rule.doc.error(Code::Conflict, &later.place, message).help(help), both);
}
