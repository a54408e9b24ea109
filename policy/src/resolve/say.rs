//! What has a say over a bundle's rules in one cluster, made ready once for all units: constraints, exceptions, overrides,
//! and the authority that is asked about them.

use crate::authority::{Authority, OverrideAsked, Overrider};
use crate::bundle::companion::{Says, Waiver};
use crate::bundle::entry::{Body, Entry, Template};
use crate::bundle::verify::Bundle;
use crate::canonical;
use crate::compile::slot::{By, Refused, Slot, fill};
use crate::constraint::{Constraints, Written};
use crate::digest::Digest;
use crate::document::path::FieldPath;
use crate::facts::Declared;
use crate::local::{Local, LocalOverride};
use crate::name::RuleName;
use crate::outcome::{Note, NoteCode, NoteReason, UnitId};
use crate::time::TrustedTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// See the module.
pub(super) struct Say {
    /// Which cluster asks.
    pub(super) cluster: Declared,
    /// Who may do what.
    pub(super) authority: Authority,
    /// What may be applied here.
    pub(super) constraints: Constraints,
    /// What is waived, and when.
    pub(super) waivers: Vec<Waiver>,
    /// The templates of rules with overrides filled in.
    filled: BTreeMap<RuleName, Filled>,
    /// Of all that judges objects, whatever rule they are of.
    judges: Digest,
    /// What of it does not count, and why.
    pub(super) notes: Vec<Note>,
}

/// The templates of a rule with this cluster's values.
struct Filled {
    templates: Vec<Template>,
    /// Of the values.
    digest: Digest,
}

/// For each field of a rule, the slot that clusters may fill, and who does.
type ByField<'a> = BTreeMap<&'a FieldPath, (Option<&'a Slot>, Vec<&'a LocalOverride>)>;

impl Say {
    pub(super) fn of(bundle: &Bundle, local: &Local) -> Self {
        let cluster = bundle.head().cluster.clone();
        let (mut files, mut written, mut waivers) = (BTreeMap::new(), Vec::new(), Vec::new());
        for companion in bundle.companions().values() {
            match &companion.says {
                Says::Authority { file, policies } => drop(files.insert(file.clone(), Arc::from(policies.as_str()))),
                Says::Constraint { region, spec } => {
                    written.push(Written { name: companion.name.clone(), region: Some(region.clone()), spec });
                }
                Says::Exception(waiver) => waivers.push(waiver.clone()),
            }
        }
        written.extend(local.constraints.iter().map(|(name, spec)| Written { name: name.clone(), region: None, spec }));
        let (authority, _) = Authority::read(&files);
        let (constraints, mut notes) = Constraints::compile(&written, bundle.entries());
        notes.extend(local.faulty.iter().cloned());
        let judges = judges(&cluster, &files, &written);
        let mut say = Self { cluster, authority, constraints, waivers, filled: BTreeMap::new(), judges, notes };
        say.fill(bundle, local);
        say.notes.sort();
        say.notes.dedup();
        say
    }

    /// The exception in force that waives a unit's rule there. Nothing is waived while the time cannot be trusted.
    pub(super) fn waiver(&self, unit: &UnitId, now: TrustedTime) -> Option<&Waiver> {
        let holds = |waiver: &&Waiver| {
            waiver.names(&unit.rule, unit.namespace.as_ref()) && now.lets_waive() && waiver.holds(now.get())
        };
        self.waivers.iter().find(holds)
    }

    /// A rule's templates here.
    pub(super) fn templates<'a>(&'a self, entry: &'a Entry) -> &'a [Template] {
        match (self.filled.get(&entry.name), &entry.body) {
            (Some(filled), _) => &filled.templates,
            (None, Body::Objects { templates, .. }) => templates,
            (None, Body::Unsupported { .. }) => &[],
        }
    }

    /// Of all that what is made of a rule's entry here depends on.
    pub(super) fn key(&self, rule: &RuleName, entry: Digest) -> Digest {
        let filled = self.filled.get(rule).map_or(&[][..], |filled| filled.digest.as_bytes());
        Digest::of(&[entry.as_bytes(), self.judges.as_bytes(), filled].concat())
    }

    fn fill(&mut self, bundle: &Bundle, local: &Local) {
        let mut by_rule: BTreeMap<&RuleName, Vec<&LocalOverride>> = BTreeMap::new();
        for given in local.overrides.values() {
            by_rule.entry(&given.spec.rule).or_default().push(given);
        }
        for (rule, given) in by_rule {
            match bundle.entries().get(rule) {
                Some(entry) => self.fill_rule(entry, &given),
                None => self.notes.extend(given.iter().map(|given| undeclared(given, "no such rule holds here"))),
            }
        }
    }

    fn fill_rule(&mut self, entry: &Entry, given: &[&LocalOverride]) {
        let (templates, slots) = match &entry.body {
            Body::Objects { templates, slots } => (templates, slots),
            Body::Unsupported { why } => {
                self.notes.extend(given.iter().map(|one| unsupported(one, why)));
                return;
            }
        };
        let mut by_field: ByField<'_> = BTreeMap::new();
        for slot in slots.iter().filter(|slot| slot.by == By::Cluster) {
            by_field.entry(&slot.field).or_default().0.get_or_insert(slot);
        }
        for one in given {
            by_field.entry(&one.spec.field).or_default().1.push(one);
        }
        let mut accepted = Vec::new();
        for one in given {
            match self.accept(entry, templates, one, &by_field) {
                Ok(slot) => accepted.push((slot, *one)),
                Err(note) => self.notes.push(note),
            }
        }
        if accepted.is_empty() {
            return;
        }
        let values: Vec<_> = accepted.iter().map(|(slot, one)| (*slot, &one.spec.value)).collect();
        match fill(templates.clone(), &values) {
            Ok(templates) => {
                let values: Vec<_> = values.iter().map(|(slot, value)| (slot.field.to_string(), value)).collect();
                let digest =
                    canonical::digest(&values).unwrap_or_else(|_| Digest::of(format!("{values:?}").as_bytes()));
                self.filled.insert(entry.name.clone(), Filled { templates, digest });
            }
            Err(refused) => self.notes.extend(accepted.iter().map(|(_, one)| out_of_bounds(one, &refused))),
        }
    }

    /// The slot that an override fills: the rule declares it, nobody else fills it, and authority/ permits it.
    fn accept<'a>(
        &self,
        entry: &Entry,
        templates: &[Template],
        one: &LocalOverride,
        by_field: &ByField<'a>,
    ) -> Result<&'a Slot, Note> {
        let field = &one.spec.field;
        let (declared, given) = by_field.get(field).map_or((None, &[][..]), |(slot, given)| (*slot, given));
        let slot = declared.ok_or_else(|| undeclared(one, "its rule does not let clusters override it"))?;
        if let Some(other) = given.iter().find(|other| other.name != one.name) {
            let message = format!("{field} is filled by override {} too, so neither counts", other.name);
            return Err(one.refused(NoteReason::Ambiguous, message));
        }
        slot.takes(templates, &one.spec.value).map_err(|refused| out_of_bounds(one, &refused))?;
        let asked = OverrideAsked {
            by: Overrider::Cluster(&self.cluster),
            rule: &entry.name,
            owner: &entry.envelope.owner,
            risk: entry.envelope.risk,
            field: &field.to_string(),
            old: &slot.default,
            new: &one.spec.value,
        };
        if self.authority.permits_override(&asked) {
            return Ok(slot);
        }
        let message =
            format!("authority/ does not let cluster {} override {field} to {}", self.cluster.name, one.spec.value);
        Err(one.refused(NoteReason::NotPermitted, message))
    }
}

fn undeclared(one: &LocalOverride, why: &str) -> Note {
    one.refused(NoteReason::Undeclared, format!("{} cannot be overridden: {why}", one.spec.field))
}

fn unsupported(one: &LocalOverride, why: &str) -> Note {
    let message = format!("{} fills nothing: its rule cannot be rendered here: {why}", one.spec.field);
    one.refused(NoteReason::Unsupported, message)
}

fn out_of_bounds(one: &LocalOverride, refused: &Refused) -> Note {
    one.refused(NoteReason::OutOfBounds, refused.to_string())
}

impl LocalOverride {
    fn refused(&self, reason: NoteReason, message: String) -> Note {
        Note {
            code: NoteCode::OverrideRefused,
            reason,
            rule: self.spec.rule.clone(),
            namespace: None,
            object: Some(self.id.clone()),
            message,
        }
    }
}

fn judges(cluster: &Declared, files: &BTreeMap<String, Arc<str>>, written: &[Written<'_>]) -> Digest {
    let written: Vec<_> = written.iter().map(|one| (&one.name, &one.region, one.spec)).collect();
    let files: BTreeMap<_, &str> = files.iter().map(|(file, text)| (file, text.as_ref())).collect();
    Digest::of(&serde_json::to_vec(&(cluster, files, written)).unwrap_or_default())
}
