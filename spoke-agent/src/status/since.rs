//! Since when conditions and units are as they are: kept over a restart, so that a restart alone changes nothing.

use super::Sinces;
use super::conditions::Judged;
use crate::apply::Outcomes;
use crate::brakes::braked;
use crate::target::Telling;
use jiff::Timestamp;
use policy::name::{Namespace, RuleName};
use policy::object::{Object, ObjectId};
use policy::outcome::{Finding, FindingCode, Note, Outcome, OutcomeCode, UnitId};
use policy::report::{Condition, ConditionKind, Truth, UnitReport};
use proto::resources::BrakeStatus;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a note's time begins anew with.
type Noted = (FindingCode, String, RuleName, Option<Namespace>, Option<ObjectId>);

/// What a unit's time begins anew with.
type Standing = (OutcomeCode, String);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Since {
    kinds: BTreeMap<ConditionKind, (Truth, Timestamp)>,
    units: BTreeMap<UnitId, (Standing, Timestamp)>,
    notes: BTreeMap<Noted, Timestamp>,
    /// The brakes that held.
    pub(super) brakes: Vec<BrakeStatus>,
    /// What was told of the connection before this start.
    pub(super) connected: Option<Judged>,
}

impl Since {
    /// As the status documents have it that were told last.
    pub(super) fn of(told: Option<&Telling>, now: Timestamp) -> Self {
        let enforcement = told.map(|told| &told.enforcement);
        let conditions: Vec<Condition> = list(enforcement, "/status/conditions");
        let documents = told.into_iter().flat_map(|told| told.rules.values()).chain(enforcement);
        let units = documents.flat_map(|document| list::<UnitReport>(Some(document), "/status/units"));
        let connected = conditions.iter().find(|condition| condition.kind == ConditionKind::Connected);
        let connected = connected.map(|told| (told.status, Cow::Owned(told.reason.clone()), told.message.clone()));
        let kinds = conditions.into_iter().map(|told| (told.kind, (told.status, told.last_transition_time))).collect();
        let units = units.map(|told| (told.unit, (standing(&told.outcome), told.since))).collect();
        let notes =
            list::<Finding>(enforcement, "/status/notes").into_iter().map(|note| (noted(&note), note.since)).collect();
        let brakes = braked(enforcement).into_iter().filter(|brake| now < brake.until).collect();
        Self { kinds, units, notes, brakes, connected }
    }

    pub(super) fn of_kind(&mut self, kind: ConditionKind, status: Truth, now: Timestamp) -> Timestamp {
        let entry = self.kinds.entry(kind).or_insert((status, now));
        if entry.0 != status {
            *entry = (status, now);
        }
        entry.1
    }

    /// Whether a unit became a finding, another one, or none any longer, or somebody's edit was taken back, since this was
    /// last kept.
    pub(super) fn is_news(&self, unit: &UnitId, outcome: &Outcome) -> bool {
        let before = self.units.get(unit).map(|(standing, _)| standing);
        let was = before.is_some_and(|(code, _)| code.is_finding());
        let is_new = before != Some(&standing(outcome));
        if outcome.is_finding() { is_new } else { was }
    }

    /// Whether a note was not there when notes were last kept.
    pub(super) fn is_new(&self, note: &Note) -> bool {
        !self.notes.contains_key(&noted(&note.finding(Timestamp::UNIX_EPOCH)))
    }

    /// Since when each note holds, in their order.
    pub(super) fn of_notes(&mut self, notes: &[Note], now: Timestamp) -> Vec<Timestamp> {
        let before = std::mem::take(&mut self.notes);
        let since = |note: &Note| {
            let key = noted(&note.finding(now));
            let since = before.get(&key).copied().unwrap_or(now);
            self.notes.insert(key, since);
            since
        };
        notes.iter().map(since).collect()
    }

    /// Since when each unit of which there is something to tell has its code and reason.
    pub(super) fn of_units(&mut self, outcomes: &Outcomes, now: Timestamp) -> Sinces {
        let before = std::mem::take(&mut self.units);
        let open = outcomes.iter().filter(|(_, outcome)| outcome.is_told());
        let stands = |(unit, outcome): (&UnitId, &Outcome)| {
            let standing = standing(outcome);
            let known = before.get(unit).filter(|(before, _)| *before == standing);
            let since = known.map_or(now, |(_, since)| *since);
            (unit.clone(), (standing, since))
        };
        self.units = open.map(stands).collect();
        self.units.iter().map(|(unit, (_, since))| (unit.clone(), *since)).collect()
    }
}

/// What makes a note the same one: its words may differ from round to round.
fn noted(note: &Finding) -> Noted {
    let Finding { outcome, reason, rule, namespace, object, .. } = note.clone();
    (outcome, reason, rule, namespace, object)
}

fn standing(outcome: &Outcome) -> Standing {
    (outcome.code, outcome.reason.clone())
}

/// A list of the status document; one that cannot be read is as good as none.
fn list<T: DeserializeOwned>(told: Option<&Object>, pointer: &str) -> Vec<T> {
    let found = told.and_then(|told| told.tree().pointer(pointer)).cloned();
    found.and_then(|found| serde_json::from_value(found).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(minute: u8) -> Timestamp {
        format!("2026-11-21T03:{minute:02}:00Z").parse().unwrap()
    }

    fn telling(enforcement: Object) -> Telling {
        Telling { enforcement, rules: BTreeMap::new(), verdicts: BTreeMap::new() }
    }

    fn outcomes(code: OutcomeCode, message: &str) -> Outcomes {
        let unit = UnitId { rule: "ConfigTemplate/a".parse().unwrap(), namespace: None };
        BTreeMap::from([(unit, Outcome::new(code, "Word").saying(message))])
    }

    #[test]
    fn inv28_a_finding_stands_since_it_began_whatever_its_message_says() {
        let mut since = Since::default();
        let mut of = |code, message, now| since.of_units(&outcomes(code, message), at(now)).into_values().next();
        assert_eq!(of(OutcomeCode::Failed, "one", 1), Some(at(1)));
        assert_eq!(of(OutcomeCode::Failed, "two", 2), Some(at(1)));
        assert_eq!(of(OutcomeCode::Held, "two", 3), Some(at(3)));
        assert_eq!(of(OutcomeCode::Applied, "", 4), None);
        assert_eq!(of(OutcomeCode::Held, "two", 5), Some(at(5)));
    }

    #[test]
    fn inv28_a_restart_keeps_why_a_hub_is_heard_or_not() {
        let (no, yes) = (Truth::False, Truth::True);
        for (status, reason) in [(no, "Revoked"), (no, "NoHub"), (yes, "Undeclared"), (yes, "Following")] {
            let condition = json!({"type": "Connected", "status": status, "reason": reason, "message": "why",
                "lastTransitionTime": at(1)});
            let told = Object::try_from(json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement",
                "metadata": {"name": "writ"}, "status": {"conditions": [condition]}}))
            .unwrap();
            let kept = Since::of(Some(&telling(told)), at(0)).connected;
            assert_eq!(kept, Some((status, reason.into(), "why".to_owned())));
        }
    }

    #[test]
    fn inv28_a_restart_does_not_begin_it_anew() {
        let outcomes = outcomes(OutcomeCode::Failed, "one");
        let units: Vec<_> = outcomes
            .iter()
            .map(|(unit, outcome)| UnitReport { unit: unit.clone(), outcome: outcome.clone(), since: at(1) })
            .collect();
        let told = Object::try_from(json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement",
            "metadata": {"name": "writ"}, "status": {"units": units}}))
        .unwrap();
        let mut since = Since::of(Some(&telling(told)), at(0));
        assert_eq!(since.of_units(&outcomes, at(9)).into_values().collect::<Vec<_>>(), [at(1)]);
    }
}
