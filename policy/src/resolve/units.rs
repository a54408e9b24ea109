//! Which units there are, and what the table needs to know of each.

use super::memo::{Made, Memo};
use super::say::Say;
use super::{Desired, Modes, Settings};
use crate::bundle::companion::Waiver;
use crate::bundle::entry::{Body, Entry};
use crate::bundle::verify::Bundle;
use crate::digest::Digest;
use crate::mode::Mode;
use crate::name::Namespace;
use crate::outcome::{Outcome, UnitId};
use crate::plan::inventory::Row;
use crate::seen::{NamespaceSeen, Seen};
use crate::time::TrustedTime;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// One unit, and all that decides over it.
pub(super) struct Case<'a> {
    /// Which.
    pub unit: UnitId,
    /// Its rule; none: a commit removed it.
    pub rule: Option<&'a Entry>,
    /// Whether the rule's scope selects the unit now.
    pub selected: bool,
    /// Whether its namespace no longer exists.
    pub namespace_gone: bool,
    /// Whether its namespace is being deleted.
    pub terminating: bool,
    /// The modes in play, of which the least wins.
    pub modes: Modes,
    /// What the rule's templates make of it, where the rule governs it and can be rendered.
    pub made: Option<Made>,
    /// The exception that waives the rule here now.
    pub waiver: Option<&'a Waiver>,
    /// What of it was refused before.
    pub refused: Option<&'a BTreeMap<Digest, Outcome>>,
    /// Since when its first object is no longer wanted.
    pub leaving: Option<Timestamp>,
    /// `T_linger`.
    pub linger: SignedDuration,
    /// Trusted time.
    pub now: Timestamp,
}

impl<'a> Case<'a> {
    /// The rule, if it governs the unit now.
    pub(super) fn in_scope(&self) -> Option<&'a Entry> {
        self.rule.filter(|_| self.selected)
    }

    /// The objects that the rule wants here, if it governs the unit and can be rendered.
    pub(super) fn objects(&self) -> Option<&[Desired]> {
        self.made.as_deref()?.objects.as_deref().ok()
    }

    /// What a constraint says of them, if it says no.
    pub(super) fn veto(&self) -> Option<&Outcome> {
        self.made.as_deref()?.said.veto.as_ref()
    }

    /// The constraints that said no and were overruled.
    pub(super) fn overruled(&self) -> Option<&BTreeSet<String>> {
        self.made.as_deref().map(|made| &made.said.overruled).filter(|overruled| !overruled.is_empty())
    }

    /// Why the rule makes no objects here, although it governs the unit.
    pub(super) fn unsupported(&self) -> Option<&str> {
        match &self.in_scope()?.body {
            Body::Unsupported { why } => Some(why),
            Body::Objects { .. } => self.made.as_deref()?.objects.as_ref().err().map(String::as_str),
        }
    }
}

/// Every unit in scope, and every unit that has live rows.
pub(super) fn cases<'a>(
    bundle: &'a Bundle,
    seen: &'a Seen,
    settings: &Settings,
    say: &'a Say,
    now: TrustedTime,
    memo: &mut Memo,
) -> Vec<Case<'a>> {
    let lines = bundle.contents().entries.iter();
    let keys: BTreeMap<_, _> = lines.map(|line| (&line.name, say.key(&line.name, line.digest))).collect();
    let in_scope = bundle.entries().values().flat_map(|entry| in_scope(entry, seen)).map(|unit| (unit, true));
    // A unit of which all has been removed was told so in that very round.
    let rows = seen.inventory.values().filter(|row| row.live()).map(|row| (row.unit(), false));
    // Of two that are the same, the last counts.
    let units: BTreeMap<UnitId, bool> = rows.chain(in_scope).collect();
    let (leaving, left) = (leaving(seen), left_at(seen));
    let case = |(unit, selected): (UnitId, bool)| {
        let namespace = unit.namespace.as_ref().map(|name| seen.namespaces.get(name));
        let rule = bundle.entries().get(&unit.rule);
        Case {
            rule,
            selected,
            made: rule.filter(|_| selected).and_then(|rule| match &rule.body {
                Body::Objects { .. } => Some(memo.made(&unit, *keys.get(&rule.name)?, rule, say, &seen.good)),
                Body::Unsupported { .. } => None,
            }),
            namespace_gone: namespace == Some(None),
            terminating: namespace.flatten().is_some_and(|namespace| namespace.terminating),
            modes: Modes {
                rule: rule.map(|rule| own_mode(rule, &unit, namespace.flatten())),
                left: rule.and_then(|_| left.get(&unit).copied()),
                cluster: Some(bundle.head().cluster.mode),
                brake: seen.local.brakes.cap(&unit.rule, now.get()),
                unheard: seen.local.unheard(),
            },
            waiver: rule.filter(|_| selected).and_then(|_| say.waiver(&unit, now)),
            refused: seen.refused.get(&unit),
            leaving: leaving.get(&unit).copied(),
            linger: SignedDuration::try_from(settings.linger).unwrap_or(SignedDuration::MAX),
            now: now.get(),
            unit,
        }
    };
    units.into_iter().map(case).collect()
}

/// The units that a rule's scope selects: the cluster, or every namespace that matches and is not being deleted
/// (and the cluster too, for objects that have a place of their own).
fn in_scope(entry: &Entry, seen: &Seen) -> Vec<UnitId> {
    let unit = |namespace: Option<&Namespace>| UnitId { rule: entry.name.clone(), namespace: namespace.cloned() };
    if entry.envelope.namespaces.is_none() {
        return vec![unit(None)];
    }
    let templates = match &entry.body {
        Body::Objects { templates, .. } => templates.as_slice(),
        Body::Unsupported { .. } => &[],
    };
    let once = templates.iter().any(|template| !template.per_namespace);
    let each = templates.is_empty() || templates.iter().any(|template| template.per_namespace);
    let governs = |name: &Namespace, seen: &NamespaceSeen| {
        !seen.terminating && entry.envelope.mode_in(name, &seen.labels).is_some()
    };
    let live = seen.namespaces.iter().filter(|(name, seen)| each && governs(name, seen));
    once.then(|| unit(None)).into_iter().chain(live.map(|(name, _)| unit(Some(name)))).collect()
}

/// The rule's own mode in a unit, its rule sets' included.
fn own_mode(rule: &Entry, unit: &UnitId, namespace: Option<&NamespaceSeen>) -> Mode {
    let of = unit.namespace.as_ref().zip(namespace);
    of.and_then(|(name, seen)| rule.envelope.mode_in(name, &seen.labels)).unwrap_or(rule.envelope.mode)
}

/// The mode of each unit whose namespace is gone, as it was last planned: its labels, by which rules and rule sets give
/// modes, are gone too.
fn left_at(seen: &Seen) -> BTreeMap<UnitId, Mode> {
    let mut modes = BTreeMap::new();
    let there = |row: &Row| row.unit.as_ref().is_none_or(|namespace| seen.namespaces.contains_key(namespace));
    for row in seen.inventory.values().filter(|row| row.live() && !there(row)) {
        let mode = modes.entry(row.unit()).or_insert(row.mode);
        *mode = row.mode.min(*mode);
    }
    modes
}

/// Since when the first object of each unit is no longer wanted.
fn leaving(seen: &Seen) -> BTreeMap<UnitId, Timestamp> {
    let mut leaving = BTreeMap::new();
    for row in seen.inventory.values().filter(|row| row.live()) {
        if let Some(since) = row.leaving {
            let first = leaving.entry(row.unit()).or_insert(since);
            *first = since.min(*first);
        }
    }
    leaving
}
