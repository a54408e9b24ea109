//! Where in a cluster something holds, and whether two such places meet.

use crate::bundle::entry::{Entry, Envelope};
use crate::name::Namespace;
use crate::object::Object;
use crate::selector::meet::Domain;
use crate::selector::{LabelSelector, Meeting, NamespaceSelector, Term};

/// The whole cluster, or the namespaces of any of these.
#[derive(Debug, Clone)]
pub(super) struct Area(Option<Vec<Domain>>);

impl Area {
    /// The cluster as one.
    pub(super) const CLUSTER: Self = Self(None);

    /// The namespaces that a rule governs: under rule sets that select different ones, those of each.
    pub(super) fn of(envelope: &Envelope) -> Self {
        let Some(own) = &envelope.namespaces else { return Self::CLUSTER };
        if envelope.assignments.is_empty() {
            return Self(Some(vec![own.domain()]));
        }
        let within = |more: Option<&Term>| {
            let all = own.all.iter().chain(more).cloned().collect();
            NamespaceSelector { all }.domain()
        };
        let assigned = envelope.assignments.iter().map(|assignment| within(assignment.namespaces.as_ref()));
        Self(Some(assigned.collect()))
    }

    /// Where a template's object stands.
    pub(super) fn of_object(per_namespace: bool, object: &Object, entry: &Entry) -> Self {
        match &object.id().namespace {
            _ if per_namespace => Self::of(&entry.envelope),
            Some(namespace) => Self::named(namespace),
            None => Self::CLUSTER,
        }
    }

    /// One namespace.
    fn named(namespace: &Namespace) -> Self {
        let only = Term { names: Some(vec![namespace.to_string()]), ..Term::default() };
        Self(Some(vec![only.domain()]))
    }

    /// The namespaces that an object of the cluster selects by itself.
    pub(super) fn selected(labels: &LabelSelector) -> Self {
        Self(Some(vec![labels.domain()]))
    }

    /// Whether `other` surely has every namespace of this.
    pub(super) fn within(&self, other: &Self) -> bool {
        let Some(others) = &other.0 else { return true };
        let covered = |one: &Domain| others.iter().any(|other| one.within(other));
        self.0.as_ref().is_some_and(|ones| ones.iter().all(covered))
    }

    /// How the two stand to one another. The cluster as one has all namespaces in it.
    pub(super) fn meets(&self, other: &Self) -> Meeting {
        let (Some(ones), Some(others)) = (&self.0, &other.0) else { return Meeting::Surely };
        let pairs = ones.iter().flat_map(|one| others.iter().map(|other| one.meets(other)));
        pairs.max().unwrap_or(Meeting::Never)
    }
}
