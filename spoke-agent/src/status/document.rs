//! What is told in the cluster: one `Enforcement`, and one `RuleStatus` for each rule.

use super::verdicts::verdicts;
use crate::agent::{Agent, Force, Watermark};
use crate::reconcile::Round;
use crate::target::Telling;
use jiff::Timestamp;
use policy::bundle::entry::Entry;
use policy::mode::Mode;
use policy::name::RuleName;
use policy::object::{NotAnObject, Object};
use policy::outcome::{Finding, FindingCode, Outcome, OutcomeCode, UnitId};
use policy::report::{Report, UnitReport, shorten};
use proto::resources::{self, EnforcementStatus, HeldRemovals, RuleStatusStatus};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many units the Enforcement names in full.
const NAMED: usize = 100;
/// How many units the status of a rule names in full.
const NAMED_OF_A_RULE: usize = 20;

/// All documents.
pub(super) fn telling(
    agent: &Agent,
    force: &Force,
    round: &Round,
    report: &Report,
    since: impl Fn(&UnitId) -> Timestamp,
) -> Result<Telling, NotAnObject> {
    let mut rules: BTreeMap<&RuleName, Tally<'_>> = BTreeMap::new();
    let entries = force.bundle.iter().flat_map(|bundle| bundle.entries());
    rules.extend(entries.map(|(name, entry)| (name, Tally { entry: Some(entry), ..Tally::default() })));
    for (unit, outcome) in &round.outcomes {
        rules.entry(&unit.rule).or_default().count(unit, outcome, &since);
    }
    let document = |(rule, tally): (&RuleName, Tally<'_>)| {
        let name = resources::name_of(rule);
        let cap = round.local.cap(rule, agent.time.now().get());
        let document = document("RuleStatus", &json!({"name": name}), &tally.status(rule, force, cap))?;
        Ok((name, document))
    };
    let rules =
        rules.into_iter().filter(|(_, tally)| tally.is_there()).map(document).collect::<Result<_, NotAnObject>>()?;
    let verdicts = verdicts(force, round);
    Ok(Telling { enforcement: enforcement(agent, force, round, report)?, rules, verdicts })
}

/// What became of one rule.
#[derive(Default)]
struct Tally<'a> {
    /// The rule, while it is in force.
    entry: Option<&'a Entry>,
    counts: BTreeMap<OutcomeCode, u64>,
    units: Vec<UnitReport>,
    first: Option<(&'a UnitId, &'a Outcome)>,
}

impl<'a> Tally<'a> {
    fn count(&mut self, unit: &'a UnitId, outcome: &'a Outcome, since: &impl Fn(&UnitId) -> Timestamp) {
        *self.counts.entry(outcome.code).or_default() += 1;
        if outcome.code.is_finding() {
            self.first.get_or_insert((unit, outcome));
        }
        if outcome.is_told() && self.units.len() < NAMED_OF_A_RULE {
            self.units.push(short(UnitReport { unit: unit.clone(), outcome: outcome.clone(), since: since(unit) }));
        }
    }

    /// Of a rule that is in force no longer, nothing is told once nothing of it is left: rows of removals stay a day.
    fn is_there(&self) -> bool {
        self.entry.is_some() || self.counts.keys().any(|code| *code != OutcomeCode::Removed)
    }

    fn status(self, rule: &RuleName, force: &Force, cap: Option<Mode>) -> RuleStatusStatus {
        let envelope = self.entry.map(|entry| &entry.envelope);
        let cluster = force.bundle.as_ref().map(|bundle| bundle.head().cluster.mode);
        RuleStatusStatus {
            rule: rule.clone(),
            mode: envelope.and_then(|envelope| [Some(envelope.mode), cluster, cap].into_iter().flatten().min()),
            applied: applied(&self.counts),
            why_not: why_not(&self.counts),
            message: self.first.map(|(unit, outcome)| first(unit, outcome)).unwrap_or_default(),
            owner: envelope.map(|envelope| envelope.owner.clone()),
            rationale: envelope.map(|envelope| envelope.rationale.clone()),
            risk: envelope.map(|envelope| envelope.risk),
            counts: self.counts,
            units: self.units,
        }
    }
}

/// `12/14`: what is applied, of all that is or should be there.
fn applied(counts: &BTreeMap<OutcomeCode, u64>) -> String {
    let of = |code: OutcomeCode| counts.get(&code).copied().unwrap_or_default();
    let all: u64 = counts.values().sum();
    format!("{}/{}", of(OutcomeCode::Applied), all - of(OutcomeCode::Removed))
}

/// `2 NameTaken, 1 WouldApply`.
fn why_not(counts: &BTreeMap<OutcomeCode, u64>) -> String {
    let open = counts.iter().filter(|(code, _)| !matches!(code, OutcomeCode::Applied | OutcomeCode::Removed));
    open.map(|(code, count)| format!("{count} {code}")).collect::<Vec<_>>().join(", ")
}

fn first(unit: &UnitId, Outcome { code, message, .. }: &Outcome) -> String {
    let place = unit.namespace.as_ref().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
    let mut text = if message.is_empty() { format!("{code}{place}") } else { format!("{code}{place}: {message}") };
    shorten(&mut text);
    text
}

/// Objects in a cluster have their bounds, as reports have.
fn short(mut unit: UnitReport) -> UnitReport {
    shorten(&mut unit.outcome.message);
    unit
}

/// The status document: kind Enforcement.
pub(super) fn enforcement(agent: &Agent, force: &Force, round: &Round, report: &Report) -> Result<Object, NotAnObject> {
    let head = force.bundle.as_ref().map(|bundle| bundle.head());
    let held = report.held.as_ref().map(|held| HeldRemovals { digest: held.digest, total: held.total });
    let mut conditions = report.conditions.clone();
    conditions.iter_mut().for_each(|condition| shorten(&mut condition.message));
    let status = EnforcementStatus {
        cluster: agent.cluster.clone(),
        mode: force.mode(),
        revision: head.map(|head| head.revision.clone()),
        sequence: head.map(|head| head.sequence),
        fresh_until: head.map(|head| head.fresh_until),
        applied: applied(&report.counts),
        findings: report.total(),
        counts: report.counts.clone(),
        notes: notes(report),
        conditions,
        brakes: round.brakes.clone(),
        units: report.units.iter().take(NAMED).cloned().map(short).collect(),
        held,
        watermark: watermark(force),
    };
    document("Enforcement", &json!({"name": resources::ENFORCEMENT, "uid": agent.cluster_uid}), &status)
}

/// The first findings that are no unit's.
fn notes(report: &Report) -> Vec<Finding> {
    let notes = report.findings.iter().filter(|finding| matches!(finding.outcome, FindingCode::Note(_)));
    let short = |mut note: Finding| {
        shorten(&mut note.message);
        note
    };
    notes.take(NAMED).cloned().map(short).collect()
}

/// What is not judged yet may be the newer one.
fn watermark(force: &Force) -> Option<Value> {
    let envelope = |mark: &Watermark| serde_json::from_slice(&mark.bytes).unwrap_or_default();
    force.unjudged.clone().or_else(|| force.watermark.as_ref().map(envelope))
}

fn document(kind: &str, metadata: &Value, status: &impl Serialize) -> Result<Object, NotAnObject> {
    let api = format!("{}/{}", resources::GROUP, resources::VERSION);
    Object::try_from(json!({"apiVersion": api, "kind": kind, "metadata": metadata, "status": status}))
}

/// A status document without its watermark.
#[must_use]
pub fn without_watermark(status: &Object) -> Value {
    let mut tree = status.tree().clone();
    if let Some(status) = tree.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("watermark");
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_tells_how_far_it_came_and_why_not_further() {
        let unit = |name: &str| UnitId { rule: "ResourceGuard/q".parse().unwrap(), namespace: name.parse().ok() };
        let all: Vec<(UnitId, Outcome)> = vec![
            (unit("a"), Outcome::new(OutcomeCode::Applied, "Word")),
            (unit("b"), Outcome::new(OutcomeCode::Removed, "Word")),
            (unit("c"), Outcome::new(OutcomeCode::NameTaken, "Foreign").saying("ResourceQuota c/q is not ours")),
            (unit("d"), Outcome::new(OutcomeCode::NameTaken, "Foreign")),
        ];
        let mut tally = Tally::default();
        all.iter().for_each(|(unit, outcome)| tally.count(unit, outcome, &|_| Timestamp::UNIX_EPOCH));
        let status = tally.status(&"ResourceGuard/q".parse().unwrap(), &Force::default(), None);
        assert_eq!(
            (status.applied.as_str(), status.why_not.as_str(), status.message.as_str(), status.units.len()),
            ("1/3", "2 NameTaken", "NameTaken in c: ResourceQuota c/q is not ours", 3)
        );
        assert_eq!((status.mode, status.owner), (None, None));
    }
}
