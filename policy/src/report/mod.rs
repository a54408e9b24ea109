//! What a spoke tells of its round: how many units have which outcome, and which of them someone may act on.

mod account;
mod condition;

pub use account::{Account, Decision, MAX_OF_ONE, MAX_TRANSITIONS, Transition};
pub use condition::{Condition, ConditionKind, Truth};

use crate::canonical;
use crate::digest::Digest;
use crate::facts::Capabilities;
use crate::name::RuleName;
use crate::outcome::{Finding, FindingCode, Note, NoteCode, Outcome, OutcomeCode, UnitId, findings};
use crate::plan::prune::Held;
use crate::time::moment;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most bytes of a report.
pub const MAX_REPORT: usize = 1024 * 1024;
/// How many units, findings and held rows a report names at most; the counts cover all of them.
pub const MAX_NAMED: usize = 500;
/// How much a report counts at most, in all: no cluster has more, and the counts of a fleet can be added up.
pub const MAX_COUNTED: u64 = 1_000_000_000;
/// The most bytes of one message.
pub const MAX_MESSAGE: usize = 512;

/// The head in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InForce {
    /// Its sequence.
    pub sequence: u64,
    /// The digest of its contents.
    pub contents: Digest,
    /// Its commit.
    pub revision: String,
}

/// One unit that is not Applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnitReport {
    /// Which.
    pub unit: UnitId,
    /// What became of it.
    pub outcome: Outcome,
    /// Since when its code and reason are what they are.
    #[serde(default)]
    #[schemars(schema_with = "moment")]
    pub since: Timestamp,
}

impl UnitReport {
    /// The finding that it is, if someone may act on it.
    fn finding(&self) -> Option<Finding> {
        let finds = self.outcome.is_finding();
        let Outcome { code, reason, message, object, by } = self.outcome.clone();
        let UnitId { rule, namespace } = self.unit.clone();
        let object = object.map(|object| *object);
        let since = self.since;
        let outcome = FindingCode::Unit(code);
        finds.then_some(Finding { outcome, reason, rule, namespace, object, message, since, by })
    }
}

/// What a spoke tells: canonical JSON, at most [`MAX_REPORT`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The cluster's own uid, made once.
    pub cluster_uid: String,
    /// The head in force; none before the first.
    pub head: Option<InForce>,
    /// What the cluster can do.
    pub capabilities: Capabilities,
    /// Every condition once.
    pub conditions: Vec<Condition>,
    /// How many units have which outcome: all units.
    pub counts: BTreeMap<OutcomeCode, u64>,
    /// How many notes there are of each code: all notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<NoteCode, u64>,
    /// The first units that are not Applied.
    pub units: Vec<UnitReport>,
    /// Why those units are as they are; none where a report with them would be too large.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<Account>,
    /// The first findings.
    pub findings: Vec<Finding>,
    /// Removals that wait for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// Why a report cannot be sent or taken.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Larger than [`MAX_REPORT`].
    #[error("a report has at most {MAX_REPORT} bytes; this has {0}")]
    Oversized(usize),
    /// Not of the shape.
    #[error("the report cannot be read")]
    Malformed(#[source] serde_json::Error),
    /// No canonical form.
    #[error("the report cannot be written")]
    NotCanonical(#[source] canonical::NotCanonical),
}

impl Report {
    /// Counts `outcomes` (all of them) and names those of which there is something to tell: those that are not Applied,
    /// and those that were repaired lately (the first [`MAX_NAMED`]); those on which someone may act also as findings.
    /// `since` says since when a unit is as it is.
    #[must_use]
    pub fn with_outcomes(mut self, outcomes: &BTreeMap<UnitId, Outcome>, since: impl Fn(&UnitId) -> Timestamp) -> Self {
        self.counts = count_all(outcomes);
        let open = outcomes.iter().filter(|(_, outcome)| outcome.is_told());
        let name = |(unit, outcome): (&UnitId, &Outcome)| UnitReport {
            unit: unit.clone(),
            outcome: outcome.clone(),
            since: since(unit),
        };
        let named = |finds: bool| open.clone().filter(move |(_, outcome)| !finds || outcome.is_finding()).map(&name);
        self.units = named(false).take(MAX_NAMED).collect();
        self.findings = named(true).take(MAX_NAMED).filter_map(|unit| unit.finding()).collect();
        self
    }

    /// Counts `notes` (all of them), and names the first of them as findings, before those of units.
    #[must_use]
    pub fn with_notes<'a>(mut self, notes: impl IntoIterator<Item = (&'a Note, Timestamp)>) -> Self {
        let mut findings = Vec::new();
        for (note, since) in notes {
            *self.notes.entry(note.code).or_default() += 1;
            if findings.len() < MAX_NAMED {
                findings.push(note.finding(since));
            }
        }
        findings.append(&mut self.findings);
        findings.truncate(MAX_NAMED);
        self.findings = findings;
        self
    }

    /// What it tells of a rule beside what became of its units.
    pub fn notes_of<'r>(&'r self, rule: &'r RuleName) -> impl Iterator<Item = &'r Finding> {
        self.findings.iter().filter(move |found| matches!(found.outcome, FindingCode::Note(_)) && found.rule == *rule)
    }

    /// Tells of every unit that it names why it is so. `tell` is given how many transitions the unit may have: at most
    /// [`MAX_OF_ONE`], and fewer where many units are named, so that there are [`MAX_TRANSITIONS`] in all.
    #[must_use]
    pub fn with_accounts(mut self, tell: impl Fn(&UnitId, usize) -> Account) -> Self {
        let share = account::share(self.units.len());
        self.accounts = self.units.iter().map(|named| tell(&named.unit, share)).collect();
        self
    }

    /// How many findings there are, named or not. A cluster says of itself how many it has, so the sum stops at the top.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.notes.values().fold(findings(&self.counts), |sum, count| sum.saturating_add(*count))
    }

    /// The canonical bytes. Lists and messages are cut to what a report may have; of one that is too large all the same,
    /// the accounts go, without which it says what is wrong, if not why.
    ///
    /// # Errors
    /// [`ReportError::Oversized`] when even that is too large.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ReportError> {
        let mut report = self.cut();
        let mut bytes = canonical::to_vec(&report).map_err(ReportError::NotCanonical)?;
        if bytes.len() > MAX_REPORT {
            report.accounts.clear();
            bytes = canonical::to_vec(&report).map_err(ReportError::NotCanonical)?;
        }
        within_limit(bytes.len())?;
        Ok(bytes)
    }

    /// Reads a report, its size first.
    ///
    /// # Errors
    /// [`ReportError::Oversized`] or [`ReportError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReportError> {
        within_limit(bytes.len())?;
        serde_json::from_slice(bytes).map_err(ReportError::Malformed)
    }

    fn cut(&self) -> Self {
        let mut report = self.clone();
        report.units.truncate(MAX_NAMED);
        report.findings.truncate(MAX_NAMED);
        report.accounts.truncate(MAX_NAMED);
        if let Some(held) = &mut report.held {
            held.rows.truncate(MAX_NAMED);
        }
        let conditions = report.conditions.iter_mut().map(|condition| &mut condition.message);
        let units = report.units.iter_mut().map(|unit| &mut unit.outcome.message);
        let findings = report.findings.iter_mut().map(|finding| &mut finding.message);
        conditions.chain(units).chain(findings).for_each(shorten);
        report
    }
}

/// Ends a message that was cut.
const CUT: char = '…';

/// Cuts a message to what it may have.
pub fn shorten(message: &mut String) {
    if message.len() > MAX_MESSAGE {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE - CUT.len_utf8()));
        message.push(CUT);
    }
}

fn count_all(outcomes: &BTreeMap<UnitId, Outcome>) -> BTreeMap<OutcomeCode, u64> {
    outcomes.values().fold(BTreeMap::new(), |mut counts, outcome| {
        *counts.entry(outcome.code).or_default() += 1;
        counts
    })
}

const fn within_limit(size: usize) -> Result<(), ReportError> {
    if size > MAX_REPORT { Err(ReportError::Oversized(size)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Identity, ObjectId};

    fn empty() -> Report {
        Report {
            cluster_uid: "uid".to_owned(),
            head: None,
            capabilities: Capabilities::default(),
            conditions: Vec::new(),
            counts: BTreeMap::new(),
            notes: BTreeMap::new(),
            units: Vec::new(),
            accounts: Vec::new(),
            findings: Vec::new(),
            held: None,
        }
    }

    #[test]
    fn inv34_counts_cover_all_units_and_the_rest_stays_small() {
        let unit = |number: usize| UnitId {
            rule: format!("ConfigTemplate/r{number}").parse().unwrap(),
            namespace: Some("shop".parse().unwrap()),
        };
        let code = |number: usize| if number.is_multiple_of(2) { OutcomeCode::Applied } else { OutcomeCode::Failed };
        let outcome = |number| Outcome::new(code(number), "Word").saying("é".repeat(9_000));
        let outcomes: BTreeMap<_, _> = (0..3_000).map(|number| (unit(number), outcome(number))).collect();
        let report = empty().with_outcomes(&outcomes, |_| Timestamp::UNIX_EPOCH);
        assert_eq!(report.counts, BTreeMap::from([(OutcomeCode::Applied, 1_500), (OutcomeCode::Failed, 1_500)]));
        let bytes = report.to_bytes().unwrap();
        let read = Report::from_bytes(&bytes).unwrap();
        assert_eq!((read.units.len(), read.findings.len(), &read.counts), (MAX_NAMED, MAX_NAMED, &report.counts));
        assert_eq!(crate::outcome::findings(&read.counts), 1_500);
        assert!(read.units.iter().all(|unit| unit.outcome.message.len() <= MAX_MESSAGE));
    }

    fn account(unit: &UnitId, transitions: usize) -> Account {
        let transition = Transition {
            at: Timestamp::UNIX_EPOCH,
            code: OutcomeCode::Failed,
            reason: "Word".into(),
            message: "x".repeat(200).into(),
        };
        Account { unit: unit.clone(), decided: None, transitions: vec![transition; transitions] }
    }

    #[test]
    fn inv34_why_units_are_so_is_told_in_bounds_or_not_at_all() {
        let unit =
            |number: usize| UnitId { rule: format!("ConfigTemplate/r{number}").parse().unwrap(), namespace: None };
        let failed = |units: usize, message: usize| {
            let outcome = Outcome::new(OutcomeCode::Failed, "Word").saying("x".repeat(message));
            (0..units).map(|number| (unit(number), outcome.clone())).collect::<BTreeMap<_, _>>()
        };
        for (units, each) in [(1, MAX_OF_ONE), (10, MAX_OF_ONE), (20, 25), (3_000, 1)] {
            let report = empty().with_outcomes(&failed(units, 0), |_| Timestamp::UNIX_EPOCH).with_accounts(account);
            let read = Report::from_bytes(&report.to_bytes().unwrap()).unwrap();
            assert_eq!(read.accounts.len(), units.min(MAX_NAMED));
            assert!(read.accounts.iter().all(|account| account.transitions.len() == each), "{units}");
        }
        let long = |_: &UnitId, _| account(&unit(0), MAX_TRANSITIONS);
        let large = empty().with_outcomes(&failed(500, 512), |_| Timestamp::UNIX_EPOCH).with_accounts(long);
        let read = Report::from_bytes(&large.to_bytes().unwrap()).unwrap();
        assert_eq!((read.accounts.len(), read.units.len()), (0, MAX_NAMED), "the rest is told");
    }

    #[test]
    fn a_finding_is_an_outcome_on_which_someone_may_act() {
        let unit = |name: &str| UnitId { rule: format!("ConfigTemplate/{name}").parse().unwrap(), namespace: None };
        let id = ObjectId::from(Identity {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            namespace: None,
            name: "o".to_owned(),
        });
        let taken = Outcome::new(OutcomeCode::NameTaken, "Foreign").saying("not ours").about(&id);
        let would = Outcome::new(OutcomeCode::WouldApply, "NotEnforced");
        let fine = [OutcomeCode::Applied, OutcomeCode::Kept, OutcomeCode::Removing, OutcomeCode::Removed];
        let mut outcomes = BTreeMap::from([(unit("taken"), taken), (unit("would"), would)]);
        outcomes.extend(fine.map(|code| (unit(&format!("{code:?}").to_lowercase()), Outcome::new(code, "Fine"))));
        let since = "2026-11-21T03:00:00Z".parse().unwrap();
        let findings = empty().with_outcomes(&outcomes, |_| since).findings;
        use OutcomeCode::{NameTaken, WouldApply};
        let said: Vec<_> = findings.iter().map(|found| (found.outcome, found.object.as_ref(), found.since)).collect();
        assert_eq!(
            said,
            [(NameTaken, Some(&id), since), (WouldApply, None, since)].map(|(code, id, at)| (
                FindingCode::Unit(code),
                id,
                at
            ))
        );
    }

    #[test]
    fn an_oversized_report_is_not_even_read() {
        assert!(matches!(Report::from_bytes(&vec![b'{'; MAX_REPORT + 1]), Err(ReportError::Oversized(_))));
    }
}
