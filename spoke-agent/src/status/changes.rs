//! What of a round people in the cluster are told once, when it happens: as Events.

use super::brakes;
use super::since::Since;
use crate::agent::Force;
use crate::reconcile::Round;
use crate::target::News;
use jiff::Timestamp;
use policy::mode::Mode;
use policy::name::RuleName;
use policy::object::{Identity, ObjectId};
use policy::outcome::{Note, Outcome, OutcomeCode, UnitId};
use policy::report::shorten;
use proto::resources;

/// So many are told of one round: a broken rule is one event, not thousands.
const MOST: usize = 20;

/// What is other than it was told before: units that became findings, and those that are none any longer. A rule at audit
/// is only reported.
pub(super) fn changes(since: &Since, force: &Force, round: &Round, at: Timestamp) -> Vec<News> {
    let changed = round.outcomes.iter().filter(|(unit, outcome)| since.is_news(unit, outcome));
    let mut changed: Vec<_> = changed.filter(|(unit, _)| mode(force, &unit.rule) != Some(Mode::Audit)).collect();
    changed.sort_by_key(|(_, outcome)| !outcome.code.is_finding());
    let more = changed.len().saturating_sub(MOST);
    let mut news: Vec<News> = changed.into_iter().take(MOST).map(|(unit, outcome)| of(unit, outcome, at)).collect();
    news.extend(round.notes.iter().filter(|note| since.is_new(note)).take(MOST).map(|note| of_note(note, at)));
    news.extend(brakes::news(&since.brakes, round, at));
    if more > 0 {
        let about = ours("Enforcement", resources::ENFORCEMENT.to_owned());
        let note = format!("{more} more units changed: see `kubectl get rulestatus`");
        news.push(News { about, warning: false, reason: "MoreChanged".to_owned(), note, at });
    }
    news
}

/// How far a rule goes here, while it is in force.
fn mode(force: &Force, rule: &RuleName) -> Option<Mode> {
    let bundle = force.bundle.as_ref()?;
    let entry = bundle.entries().get(rule)?;
    Some(entry.envelope.mode.min(bundle.head().cluster.mode))
}

fn of(unit: &UnitId, outcome: &Outcome, at: Timestamp) -> News {
    let Outcome { code, reason, message, object, .. } = outcome;
    // All is written, and has still to show that it works.
    let said = if *code == OutcomeCode::Applied && !message.is_empty() { reason.clone() } else { code.to_string() };
    // Whoever looks after a namespace finds what is about an object of it there.
    let theirs = object.as_deref().filter(|object| object.namespace.is_some()).cloned();
    let about = theirs.unwrap_or_else(|| ours("RuleStatus", resources::name_of(&unit.rule)));
    let mut note =
        if message.is_empty() { format!("{unit} is {said}") } else { format!("{unit} is {said}: {message}") };
    shorten(&mut note);
    News { about, warning: code.is_finding(), reason: said, note, at }
}

fn of_note(note: &Note, at: Timestamp) -> News {
    let about = note.object.clone().unwrap_or_else(|| ours("RuleStatus", resources::name_of(&note.rule)));
    let mut text = format!("{}: {}", note.rule, note.message);
    shorten(&mut text);
    News { about, warning: true, reason: note.code.to_string(), note: text, at }
}

pub(super) fn ours(kind: &str, name: String) -> ObjectId {
    ObjectId::from(Identity { group: resources::GROUP.to_owned(), kind: kind.to_owned(), namespace: None, name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::outcome::OutcomeCode::{Applied, Failed, NameTaken};

    fn round(codes: &[(usize, OutcomeCode)]) -> Round {
        let unit =
            |number: &usize| UnitId { rule: format!("ConfigTemplate/r{number}").parse().unwrap(), namespace: None };
        let outcomes = codes.iter().map(|(number, code)| (unit(number), Outcome::new(*code, "Word"))).collect();
        Round { outcomes, ..Round::default() }
    }

    #[test]
    fn inv28_a_finding_is_told_when_it_begins_and_when_it_ends() {
        let (mut since, force) = (Since::default(), Force::default());
        let mut told = |codes: &[(usize, OutcomeCode)]| {
            let (round, at) = (round(codes), Timestamp::UNIX_EPOCH);
            let news = changes(&since, &force, &round, at);
            since.of_units(&round.outcomes, at);
            news.into_iter().map(|news| (news.reason, news.warning)).collect::<Vec<_>>()
        };
        let said = |reason: &str, warning| (reason.to_owned(), warning);
        assert_eq!(told(&[(1, Applied), (2, Failed)]), [said("Failed", true)]);
        assert_eq!(told(&[(1, Applied), (2, Failed)]), []);
        assert_eq!(told(&[(1, NameTaken), (2, Applied)]), [said("NameTaken", true), said("Applied", false)]);
        assert_eq!(told(&[(1, NameTaken), (2, Applied)]), []);
    }

    #[test]
    fn inv28_a_repair_is_told_to_those_whose_edit_it_took_back_and_once() {
        let (mut since, force) = (Since::default(), Force::default());
        let mut round = round(&[(1, Applied)]);
        let outcome = Outcome::new(Applied, policy::outcome::REPAIRED).saying("ConfigMap shop/a was repaired");
        round.outcomes.values_mut().for_each(|applied| applied.clone_from(&outcome));
        let mut told = || {
            let news = changes(&since, &force, &round, Timestamp::UNIX_EPOCH);
            since.of_units(&round.outcomes, Timestamp::UNIX_EPOCH);
            news.into_iter().map(|news| (news.reason, news.warning)).collect::<Vec<_>>()
        };
        assert_eq!(told(), [("Repaired".to_owned(), false)]);
        assert_eq!(told(), []);
    }

    #[test]
    fn one_round_tells_no_more_than_it_may() {
        let many: Vec<_> = (0..1_000).map(|number| (number, Failed)).collect();
        let news = changes(&Since::default(), &Force::default(), &round(&many), Timestamp::UNIX_EPOCH);
        assert_eq!(news.len(), MOST + 1);
        assert_eq!(
            news.last().map(|news| news.note.as_str()),
            Some("980 more units changed: see `kubectl get rulestatus`")
        );
    }
}
