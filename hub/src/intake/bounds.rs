//! What a report must be for the hub to keep it. A spoke says what it likes of its own cluster, but no more than it may,
//! and nothing that would mislead who reads it beside the reports of others.

use policy::canonical::{self, NotCanonical};
use policy::plan::prune::Held;
use policy::report::{ConditionKind, MAX_COUNTED, MAX_MESSAGE, MAX_NAMED, MAX_TRANSITIONS, Report};
use std::collections::BTreeSet;

/// Why a report is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("a report names at most {MAX_NAMED} units, findings and rows")]
    NamesTooMuch,
    #[error("a report tells at most {MAX_TRANSITIONS} transitions")]
    Recounts,
    #[error("a report counts at most {MAX_COUNTED} units and rows")]
    CountsTooMuch,
    #[error("a message has at most {MAX_MESSAGE} bytes")]
    Wordy,
    #[error("a report tells every condition once")]
    Repeated,
    #[error("a report of removals that wait names all of their rows, or the first {MAX_NAMED}")]
    Gaps,
    #[error("the digest of the removals that wait is not the digest of their rows")]
    Digest,
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
}

/// Whether `report` is what a report may be.
pub(super) fn check(report: &Report) -> Result<(), Unfit> {
    names_no_more_than_it_may(report)?;
    counts_no_more_than_it_may(report)?;
    is_short(report)?;
    tells_each_condition_once(report)?;
    report.held.as_ref().map_or(Ok(()), is_what_it_says)
}

fn names_no_more_than_it_may(report: &Report) -> Result<(), Unfit> {
    let held = report.held.as_ref().map_or(0, |held| held.rows.len());
    let most = report.units.len().max(report.findings.len()).max(report.accounts.len()).max(held);
    let told: usize = report.accounts.iter().map(|account| account.transitions.len()).sum();
    match () {
        () if most > MAX_NAMED => Err(Unfit::NamesTooMuch),
        () if told > MAX_TRANSITIONS => Err(Unfit::Recounts),
        () => Ok(()),
    }
}

/// The counts of all clusters are added up.
fn counts_no_more_than_it_may(report: &Report) -> Result<(), Unfit> {
    let units =
        report.counts.values().chain(report.notes.values()).fold(0, |sum: u64, count| sum.saturating_add(*count));
    let rows = report.held.as_ref().map_or(0, |held| held.total);
    if units.max(rows) <= MAX_COUNTED { Ok(()) } else { Err(Unfit::CountsTooMuch) }
}

fn is_short(report: &Report) -> Result<(), Unfit> {
    let conditions = report.conditions.iter().map(|condition| &condition.message);
    let units = report.units.iter().map(|unit| &unit.outcome.message);
    let findings = report.findings.iter().map(|finding| &finding.message);
    let rows = report.accounts.iter().flat_map(|account| &account.decided).map(|decided| &decided.row);
    let transitions = report.accounts.iter().flat_map(|account| &account.transitions);
    let told = transitions.flat_map(|told| [&*told.reason, &*told.message]);
    let mut texts = conditions.chain(units).chain(findings).chain(rows).map(String::as_str).chain(told);
    if texts.all(|text| text.len() <= MAX_MESSAGE) { Ok(()) } else { Err(Unfit::Wordy) }
}

fn tells_each_condition_once(report: &Report) -> Result<(), Unfit> {
    let kinds: BTreeSet<ConditionKind> = report.conditions.iter().map(|condition| condition.kind).collect();
    if kinds.len() == report.conditions.len() { Ok(()) } else { Err(Unfit::Repeated) }
}

/// A person reads the rows and releases the digest (invariant 24). Where not all rows are named nobody can tell whether
/// they belong together; such a hold is shared only by clusters that name the same.
fn is_what_it_says(held: &Held) -> Result<(), Unfit> {
    let named = held.rows.len() as u64;
    if named != held.total.min(MAX_NAMED as u64) {
        return Err(Unfit::Gaps);
    }
    if named == held.total && canonical::digest(&held.rows)? != held.digest {
        return Err(Unfit::Digest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spokes::fixture::{held, report};
    use jiff::Timestamp;
    use policy::mode::Mode;
    use policy::outcome::{Outcome, OutcomeCode, UnitId};
    use policy::report::{Account, Condition, Decision, Transition, Truth, UnitReport};
    use policy::resolve::Modes;

    fn refused(change: impl FnOnce(&mut Report)) -> String {
        let mut report = report(None);
        check(&report).unwrap();
        change(&mut report);
        check(&report).unwrap_err().to_string()
    }

    fn unit(message: &str) -> UnitReport {
        let unit = UnitId { rule: "ConfigTemplate/one".parse().unwrap(), namespace: None };
        let outcome = Outcome::new(OutcomeCode::Failed, "Word").saying(message);
        UnitReport { unit, outcome, since: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn inv34_a_report_is_no_larger_than_it_may_be() {
        let many = refused(|report| report.units = vec![unit(""); MAX_NAMED + 1]);
        assert!(many.contains("names at most"), "{many}");
        let wordy = refused(|report| report.units = vec![unit(&"x".repeat(MAX_MESSAGE + 1))]);
        assert!(wordy.contains("a message"), "{wordy}");
        let condition = Condition {
            kind: ConditionKind::Fresh,
            status: Truth::True,
            reason: "Word".to_owned(),
            message: String::new(),
            last_transition_time: Timestamp::UNIX_EPOCH,
        };
        let twice = refused(|report| report.conditions = vec![condition; 2]);
        assert!(twice.contains("once"), "{twice}");
    }

    #[test]
    fn inv34_why_units_are_so_is_no_longer_than_it_may_be() {
        let at = Timestamp::UNIX_EPOCH;
        let transition = |message: &str| {
            let (code, reason) = (OutcomeCode::Failed, "Word".into());
            Transition { at, code, reason, message: message.into() }
        };
        let account = |transitions| Account { unit: unit("").unit, decided: None, transitions };
        let half = vec![transition(""); MAX_TRANSITIONS / 2];
        let many = refused(|report| {
            report.accounts = vec![account(half.clone()), account(half), account(vec![transition("")])];
        });
        assert!(many.contains("transitions"), "{many}");
        let named = refused(|report| report.accounts = vec![account(Vec::new()); MAX_NAMED + 1]);
        assert!(named.contains("names at most"), "{named}");
        let long = "x".repeat(MAX_MESSAGE + 1);
        let wordy = refused(|report| report.accounts = vec![account(vec![transition(&long)])]);
        assert!(wordy.contains("a message"), "{wordy}");
        let decided = Decision { row: long, mode: Mode::Warn, modes: Modes::default() };
        let wordy = refused(|report| {
            report.accounts = vec![Account { decided: Some(decided), ..account(Vec::new()) }];
        });
        assert!(wordy.contains("a message"), "{wordy}");
    }

    #[test]
    fn one_report_cannot_overflow_what_all_are_added_up_to() {
        for counts in [[MAX_COUNTED, 1], [u64::MAX, u64::MAX]] {
            let codes = [OutcomeCode::Failed, OutcomeCode::Vetoed];
            let told = refused(|report| report.counts = codes.into_iter().zip(counts).collect());
            assert!(told.contains("counts at most"), "{told}");
        }
    }

    #[test]
    fn inv24_what_a_hold_names_is_what_its_digest_says() {
        let mine = held(7);
        let others = Held { digest: held(8).digest, ..mine.clone() };
        let fewer = Held { rows: Vec::new(), ..mine };
        let more = Held { total: 6, ..mine.clone() };
        let cut = Held { total: 501, ..mine };
        for (held, expected) in [(others, "digest"), (fewer, "names all"), (more, "names all"), (cut, "names all")] {
            let told = refused(|report| report.held = Some(held));
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn what_a_spoke_makes_of_many_rows_and_long_messages_passes() {
        let mut told = report(Some(held(MAX_NAMED + 1)));
        told.units = vec![unit(&"é".repeat(MAX_MESSAGE))];
        check(&Report::from_bytes(&told.to_bytes().unwrap()).unwrap()).unwrap();
    }
}
