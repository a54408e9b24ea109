//! What of a round is told in the log: what is other than in the round before, each once.

use crate::reconcile::Round;
use policy::outcome::{Outcome, OutcomeCode, UnitId};
use policy::plan::prune::Held;
use std::collections::BTreeSet;

/// So many units are named for one round: a broken disk is one event, not thousands.
const NAMED: usize = 20;

/// Tells what `round` came to, after `last`.
pub(crate) fn tell(last: Option<&Round>, round: &Round) {
    let units = units(last, round);
    for (unit, outcome) in units.iter().take(NAMED) {
        let Outcome { code, reason, message, .. } = outcome;
        if code.is_finding() {
            tracing::warn!(%unit, outcome = %code, reason, message, "a unit is not as wanted");
        } else {
            tracing::info!(%unit, outcome = %code, reason, message, "a unit changed");
        }
    }
    if let Some(more) = units.len().checked_sub(NAMED).filter(|more| *more > 0) {
        tracing::info!(more, "more units changed: see `writ-spoke status`");
    }
    hold(last.and_then(|last| last.held.as_ref()), round.held.as_ref());
    faults(last.map(|last| &last.faults), &round.faults);
}

/// The units that came to something else than before, those first on which someone may act. What stands as it shall in
/// the very first round is no news.
fn units<'r>(last: Option<&Round>, round: &'r Round) -> Vec<(&'r UnitId, &'r Outcome)> {
    let is_news = |unit: &UnitId, outcome: &Outcome| match last {
        None => outcome.code.is_finding(),
        Some(last) => {
            let before = last.outcomes.get(unit);
            // A repair was told when it was made.
            let stays = |before: &&Outcome| before.code == OutcomeCode::Applied && outcome.code == OutcomeCode::Applied;
            before
                .filter(|before| !stays(before))
                .map_or(before.is_none(), |before| (before.code, &before.reason) != (outcome.code, &outcome.reason))
        }
    };
    let mut news: Vec<_> = round.outcomes.iter().filter(|(unit, outcome)| is_news(unit, outcome)).collect();
    news.sort_by_key(|(_, outcome)| !outcome.code.is_finding());
    news
}

fn hold(last: Option<&Held>, held: Option<&Held>) {
    match held {
        Some(held) if last.map(|last| last.digest) != Some(held.digest) => {
            tracing::warn!(digest = %held.digest, removals = held.total, "removals wait for a person: see `writ hold list`");
        }
        None if last.is_some() => tracing::info!("no removals wait for a person any longer"),
        _ => {}
    }
}

fn faults(last: Option<&BTreeSet<String>>, now: &BTreeSet<String>) {
    let none = BTreeSet::new();
    let last = last.unwrap_or(&none);
    for fault in now.difference(last) {
        tracing::error!(fault, "degraded");
    }
    for fault in last.difference(now) {
        tracing::info!(fault, "no longer degraded");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::outcome::OutcomeCode::{Applied, Held, RolledBack};

    fn round(codes: &[(&str, OutcomeCode, &str)]) -> Round {
        let outcome = |(rule, code, message): &(&str, OutcomeCode, &str)| {
            let unit = UnitId { rule: format!("ConfigTemplate/{rule}").parse().unwrap(), namespace: None };
            (unit, Outcome::new(*code, "Word").saying(*message))
        };
        let outcomes = codes.iter().map(outcome).collect();
        Round { outcomes, ..Round::default() }
    }

    fn told(last: Option<&Round>, round: &Round) -> Vec<String> {
        units(last, round).into_iter().map(|(unit, outcome)| format!("{unit} {}", outcome.code)).collect()
    }

    #[test]
    fn each_change_is_told_once_and_findings_come_first() {
        let first = round(&[("a", Applied, ""), ("b", Held, "")]);
        assert_eq!(told(None, &first), ["ConfigTemplate/b Held"]);
        let second = round(&[("a", RolledBack, "one"), ("b", Held, ""), ("c", Applied, "")]);
        assert_eq!(told(Some(&first), &second), ["ConfigTemplate/a RolledBack", "ConfigTemplate/c Applied"]);
        let third = round(&[("a", RolledBack, "two"), ("b", Applied, ""), ("c", Applied, "")]);
        assert_eq!(told(Some(&second), &third), ["ConfigTemplate/b Applied"]);
    }
}
