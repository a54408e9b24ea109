//! Why a rule or an object is as it is in one cluster, as far as the hub knows: from the entries that are published for it,
//! and from its last report, which also names what is left of rules that are published no longer.

use crate::error::HubError;
use crate::hub::Hub;
use policy::bundle::entry::{Body, Entry};
use policy::name::{ClusterName, RuleName};
use policy::outcome::{OutcomeCode, UnitId};
use policy::report::{Report, UnitReport};
use proto::rest::explain::{Asked, Explained, ExplainedUnit, Explanation, Stated};
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether an entry is the rule that is asked about, or makes that object somewhere.
fn touches(entry: &Entry, asked: &Asked) -> bool {
    let templates = match &entry.body {
        Body::Objects { templates, .. } => templates.as_slice(),
        Body::Unsupported { .. } => &[],
    };
    let makes = || templates.iter().any(|template| makes(&template.manifest, template.per_namespace, asked));
    asked.is_rule(&entry.name) || makes()
}

fn makes(manifest: &Value, per_namespace: bool, asked: &Asked) -> bool {
    let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str);
    let there = text("/metadata/namespace");
    let place = asked.namespace.as_ref().is_none_or(|asked| per_namespace || there == Some(asked.as_str()));
    text("/kind") == Some(asked.kind.as_str()) && text("/metadata/name") == Some(asked.name.as_str()) && place
}

impl Hub {
    /// Why it is so in `cluster`, as of its last report.
    ///
    /// # Errors
    /// [`HubError::UnknownCluster`], and when the store fails.
    pub async fn explain(&self, cluster: &ClusterName, asked: &Asked) -> Result<Explanation, HubError> {
        let seen = self.cluster(cluster).await?;
        let mut rules = BTreeMap::new();
        if let Some(newest) = self.newest(cluster) {
            for line in &newest.contents.contents.entries {
                let bytes = self.content(line.digest).await?.unwrap_or_default();
                // What has a say over rules is no rule, and reads otherwise.
                let entry: Option<Entry> = serde_json::from_slice(&bytes).ok();
                let stated = |entry: Entry| (entry.name, Some(Stated::of(&entry.envelope, newest.head.cluster.mode)));
                rules.extend(entry.filter(|entry| touches(entry, asked)).map(stated));
            }
        }
        let report = seen.told();
        for rule in report.into_iter().flat_map(|report| reported(report, asked)) {
            rules.entry(rule).or_insert(None);
        }
        Ok(Explanation {
            cluster: cluster.clone(),
            of: asked.of(),
            namespace: asked.namespace.clone(),
            published: seen.issued.as_ref().map(|head| head.revision.clone()),
            enforced: report.and_then(|report| report.head.as_ref()).map(|head| head.revision.clone()),
            as_of: seen.report.as_ref().map(|kept| kept.at),
            items: rules.into_iter().map(|(rule, stated)| explained(rule, stated, asked, report)).collect(),
            more: report.map(unnamed).unwrap_or_default(),
        })
    }
}

/// The rules of which the report names something that is asked about, published or not.
fn reported(report: &Report, asked: &Asked) -> Vec<RuleName> {
    let object = |told: &&UnitReport| told.outcome.object.as_ref().is_some_and(|object| asked.is_object(object));
    let here = |told: &&UnitReport| asked.is_there(told.unit.namespace.as_ref());
    let of_rule = |told: &&UnitReport| asked.is_rule(&told.unit.rule) && here(told);
    let units = report.units.iter().filter(|told| of_rule(told) || object(told)).map(|told| told.unit.rule.clone());
    let held = report.held.iter().flat_map(|held| &held.rows).filter(|row| asked.is_object(&row.id));
    units.chain(held.map(|row| row.rule.clone())).collect()
}

fn explained(rule: RuleName, stated: Option<Stated>, asked: &Asked, report: Option<&Report>) -> Explained {
    let here = |unit: &UnitId| unit.rule == rule && asked.is_there(unit.namespace.as_ref());
    let units = |report: &Report| {
        let named = report.units.iter().filter(|told| here(&told.unit));
        named.map(|told| unit(told, report)).collect::<Vec<_>>()
    };
    let findings = |report: &Report| report.notes_of(&rule).cloned().collect::<Vec<_>>();
    let (units, findings) = (report.map(units).unwrap_or_default(), report.map(findings).unwrap_or_default());
    Explained { stated, overrides: Vec::new(), findings, units, rule }
}

fn unit(told: &UnitReport, report: &Report) -> ExplainedUnit {
    let account = report.accounts.iter().find(|account| account.unit == told.unit);
    ExplainedUnit {
        unit: told.unit.clone(),
        outcome: told.outcome.clone(),
        since: Some(told.since),
        decided: account.and_then(|account| account.decided.clone()),
        overruled: Vec::new(),
        objects: Vec::new(),
        transitions: account.map(|account| account.transitions.clone()).unwrap_or_default(),
    }
}

/// How many units that are not applied the report had no room for.
fn unnamed(report: &Report) -> u64 {
    let open = report.counts.iter().filter(|(code, _)| **code != OutcomeCode::Applied);
    let open = open.fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let is_open = |told: &&UnitReport| told.outcome.code != OutcomeCode::Applied;
    open.saturating_sub(report.units.iter().filter(is_open).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spokes::fixture::report;
    use jiff::Timestamp;
    use policy::mode::Mode;
    use policy::outcome::Outcome;
    use policy::report::{Account, Decision, Transition};
    use policy::resolve::Modes;

    fn told(rule: &str, code: OutcomeCode) -> (UnitReport, Account) {
        let unit = UnitId { rule: rule.parse().unwrap(), namespace: Some("shop".parse().unwrap()) };
        let modes = Modes { rule: Some(Mode::Enforce), brake: Some(Mode::Warn), ..Modes::default() };
        let decided = Some(Decision { row: "removed".to_owned(), mode: modes.least(), modes });
        let at = Timestamp::UNIX_EPOCH;
        let transitions = vec![Transition { at, code, reason: "Word".into(), message: "".into() }];
        let account = Account { unit: unit.clone(), decided, transitions };
        (UnitReport { unit, outcome: Outcome::new(code, "Word"), since: at }, account)
    }

    #[test]
    fn what_is_left_of_a_rule_is_told_with_why_and_when() {
        let (mut report, rule) = (report(None), "ConfigTemplate/otel");
        (report.units, report.accounts) =
            [told(rule, OutcomeCode::Lingering), told("ConfigTemplate/other", OutcomeCode::Held)].into_iter().unzip();
        report.counts = [(OutcomeCode::Lingering, 3), (OutcomeCode::Held, 1), (OutcomeCode::Applied, 9)].into();
        assert_eq!(unnamed(&report), 2);
        let asked = |namespace: &str| Asked::read(rule, namespace.parse().ok()).unwrap();
        assert_eq!(reported(&report, &asked("shop")), [rule.parse().unwrap()]);
        assert_eq!(reported(&report, &asked("web")), []);
        let explained = explained(rule.parse().unwrap(), None, &asked("shop"), Some(&report));
        let [unit] = explained.units.as_slice() else { panic!("{explained:?}") };
        assert_eq!(unit.decided.as_ref().map(|decided| decided.mode), Some(Mode::Warn), "the brake counts");
        assert_eq!((unit.outcome.code, unit.transitions.len()), (OutcomeCode::Lingering, 1));
    }

    #[test]
    fn what_waits_to_be_removed_is_found_by_its_object() {
        let report = report(Some(crate::spokes::fixture::held(3)));
        let row = &report.held.as_ref().unwrap().rows[0];
        let asked = |name: &str| Asked::read(&format!("{}/{name}", row.id.kind), row.id.namespace.clone()).unwrap();
        assert_eq!(reported(&report, &asked(&row.id.name)), std::slice::from_ref(&row.rule));
        assert_eq!(reported(&report, &asked("none")), []);
    }
}
