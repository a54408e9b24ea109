//! The table: the first row that has an answer wins. Everything that ever takes precedence gets its row here.

use super::units::Case;
use super::{Decided, Want, Why};
use crate::bundle::companion::Waiver;
use crate::mode::Mode;
use crate::outcome::{Outcome, OutcomeCode};
use crate::plan::becomes;
use jiff::Timestamp;

/// What a row says of a case; none: ask the next.
type Row = fn(&Case<'_>) -> Option<Want>;

/// Each row with its name, as docs/precedence.md has it and people are told that it decided.
const TABLE: &[(&str, Row)] = &[
    ("namespace terminating", namespace_terminating),
    ("veto", vetoed),
    ("exception", waived),
    ("unsupported", unsupported),
    ("mode", lesser_mode),
    ("namespace gone", namespace_gone),
    ("refused before", refused),
    ("enforced", enforced),
    ("out of scope", out_of_scope),
];

/// Where no row has an answer, no rule governs the unit.
const REMOVED: &str = "removed by a commit";

/// The names of the rows, in their order.
#[cfg(test)]
pub(crate) fn rows() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name).chain([REMOVED])
}

/// What is wanted in this case, and what decided. Where no row has an answer, no rule governs the unit: a commit removed it.
pub(super) fn who_wins(case: &Case<'_>) -> (Want, Decided) {
    let removed_by_commit = || (REMOVED, Want::Gone { why: Why::Commit, after: case.now });
    let found = TABLE.iter().find_map(|(name, row)| Some((*name, row(case)?)));
    let (row, want) = found.unwrap_or_else(removed_by_commit);
    (want, Decided { row, modes: case.modes })
}

/// The mode in force. Where the rule itself is gone, the cluster's alone is left.
fn mode(case: &Case<'_>) -> Mode {
    case.modes.least()
}

/// What the cluster had for a namespace leaves with it, but only where it is enforced.
fn namespace_gone(case: &Case<'_>) -> Option<Want> {
    case.namespace_gone.then_some(Want::Gone { why: Why::NamespaceGone, after: case.now })
}

fn namespace_terminating(case: &Case<'_>) -> Option<Want> {
    case.terminating.then_some(Want::Gone { why: Why::NamespaceTerminating, after: Timestamp::MAX })
}

/// A constraint of the region or the cluster says no. What stands is disowned; below enforce that is only told.
fn vetoed(case: &Case<'_>) -> Option<Want> {
    let outcome = case.veto()?.clone();
    let mode = mode(case);
    Some(if mode == Mode::Enforce { Want::Disown(outcome) } else { Want::Keep { outcome, mode } })
}

/// An exception waives the rule here. What stands goes until its end; below enforce that is only told.
fn waived(case: &Case<'_>) -> Option<Want> {
    let outcome = excepted(case.waiver?);
    let mode = mode(case);
    Some(if mode == Mode::Enforce { Want::Waive(outcome) } else { Want::Keep { outcome, mode } })
}

fn excepted(waiver: &Waiver) -> Outcome {
    let Waiver { requested_by, reason, until, .. } = waiver;
    let message = format!("waived until {until:.0} for {requested_by}: {reason}");
    Outcome::new(OutcomeCode::Excepted, "Waived").saying(message)
}

/// A rule in scope that cannot be rendered here keeps its last good version, repaired if it is enforced.
fn unsupported(case: &Case<'_>) -> Option<Want> {
    let outcome = Outcome::new(OutcomeCode::Unsupported, "Unsupported").saying(case.unsupported()?);
    Some(Want::Keep { outcome, mode: mode(case) })
}

/// Below enforce nothing is written; what would be is told.
fn lesser_mode(case: &Case<'_>) -> Option<Want> {
    let mode = mode(case);
    (mode < Mode::Enforce).then(|| Want::Show(case.objects().unwrap_or_default().to_vec(), mode))
}

/// What this very cluster refused keeps its last good version while it is not tried again.
fn refused(case: &Case<'_>) -> Option<Want> {
    let outcome = case.refused?.get(&becomes(case.objects()?))?.clone();
    Some(Want::Keep { outcome, mode: mode(case) })
}

fn enforced(case: &Case<'_>) -> Option<Want> {
    case.objects().map(|objects| Want::Have(objects.to_vec()))
}

/// The namespace's labels no longer match: what need not go at once waits, counted from when it first did not match.
fn out_of_scope(case: &Case<'_>) -> Option<Want> {
    case.rule.filter(|_| case.unit.namespace.is_some())?;
    let since = case.leaving.unwrap_or(case.now);
    let after = since.checked_add(case.linger).unwrap_or(Timestamp::MAX);
    Some(Want::Gone { why: Why::Scope, after })
}
