//! What became of each unit, and when: its last transitions, kept over restarts. Bounded for each unit and in all. The last
//! of a unit that is there is never dropped: what it is would be taken for a transition.

use crate::apply::Outcomes;
use crate::files;
use crate::reconcile::Round;
use jiff::{SignedDuration, Timestamp};
use policy::outcome::{Outcome, UnitId};
use policy::report::{MAX_OF_ONE, Transition};
use serde::{Deserialize, Serialize};
use service::atomic::{self, Access};
use service::fault::FileError;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many are kept in all, beside the last of each unit that is there: of more, the oldest go.
const OF_ALL: usize = 8_000;
/// How many are left of them then.
const LEFT: usize = OF_ALL / 10 * 9;
/// How long a unit is remembered that rounds no longer speak of: as long as the rows of what was removed.
const GONE: SignedDuration = SignedDuration::from_hours(24);
/// The most bytes of a message.
const MESSAGE: usize = 200;
/// The most bytes of the file.
const LIMIT: usize = 64 << 20;

/// The transitions of one unit, the newest last.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    unit: UnitId,
    transitions: VecDeque<Transition>,
}

/// See the module.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    units: BTreeMap<UnitId, VecDeque<Transition>>,
    /// The round that was noted last.
    noted: Option<Arc<Round>>,
    /// Whether something came since it was last written.
    news: bool,
}

impl History {
    /// As the file under the agent's data has it. One that cannot be understood is begun anew: nothing depends on it.
    #[must_use]
    pub fn under(data: &Path) -> Self {
        let path = data.join("history.json");
        let read = files::read(&path, LIMIT).ok().flatten();
        let lines: Vec<Line> = read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let units = lines.into_iter().map(|line| (line.unit, line.transitions)).collect();
        Self { path, units, noted: None, news: false }
    }

    /// Notes what is other than it was. A round that was noted already costs nothing.
    pub fn note(&mut self, round: &Arc<Round>, now: Timestamp) {
        if self.noted.as_ref().is_some_and(|noted| Arc::ptr_eq(noted, round)) {
            return;
        }
        let came = self.add(&round.outcomes, now);
        if self.forget(&round.outcomes, now) || came {
            self.bound(&round.outcomes);
            self.news = true;
        }
        self.noted = Some(Arc::clone(round));
    }

    /// Says whether there was anything to add.
    fn add(&mut self, outcomes: &Outcomes, now: Timestamp) -> bool {
        let mut came = false;
        for (unit, outcome) in outcomes {
            let last = self.units.get(unit).and_then(VecDeque::back);
            if last.is_some_and(|last| last.code == outcome.code && *last.reason == *outcome.reason) {
                continue;
            }
            let all = self.units.entry(unit.clone()).or_default();
            all.push_back(transition(outcome, now));
            if all.len() > MAX_OF_ONE {
                all.pop_front();
            }
            came = true;
        }
        came
    }

    /// Forgets units that are gone for long enough; says whether there were any.
    fn forget(&mut self, outcomes: &Outcomes, now: Timestamp) -> bool {
        let before = self.units.len();
        // All of the round are known by now: where there are no more than those, none is gone.
        if before > outcomes.len() {
            let late = |all: &VecDeque<Transition>| all.back().is_some_and(|last| now.duration_since(last.at) < GONE);
            self.units.retain(|unit, all| outcomes.contains_key(unit) || late(all));
        }
        self.units.len() < before
    }

    /// The transitions of a unit, the oldest first.
    pub fn of(&self, unit: &UnitId) -> impl DoubleEndedIterator<Item = &Transition> {
        self.units.get(unit).into_iter().flatten()
    }

    /// The last `most` of them.
    #[must_use]
    pub fn last(&self, unit: &UnitId, most: usize) -> Vec<Transition> {
        let mut last: Vec<Transition> = self.of(unit).rev().take(most).cloned().collect();
        last.reverse();
        last
    }

    /// What is to be written, and where, if anything came since the last time.
    #[must_use]
    pub fn unwritten(&mut self) -> Option<(PathBuf, Vec<u8>)> {
        if !std::mem::take(&mut self.news) {
            return None;
        }
        let lines = self.units.iter().map(|(unit, all)| Line { unit: unit.clone(), transitions: all.clone() });
        let bytes = serde_json::to_vec(&lines.collect::<Vec<_>>()).ok()?;
        Some((self.path.clone(), bytes))
    }

    /// Of more than it may keep, the oldest go. All may but the last of a unit in the round.
    fn bound(&mut self, outcomes: &Outcomes) {
        let keeps = |unit: &UnitId| usize::from(outcomes.contains_key(unit));
        let spare: usize = self.units.iter().map(|(unit, all)| all.len().saturating_sub(keeps(unit))).sum();
        if spare <= OF_ALL {
            return;
        }
        let may_go = |(unit, all): (&UnitId, &VecDeque<Transition>)| {
            let number = all.len().saturating_sub(keeps(unit));
            all.iter().take(number).map(|transition| transition.at).collect::<Vec<_>>()
        };
        let mut times: Vec<Timestamp> = self.units.iter().flat_map(may_go).collect();
        times.sort_unstable();
        let go = times.len().saturating_sub(LEFT);
        let Some(newest) = times.get(go.saturating_sub(1)).copied() else { return };
        // Of those of one moment, no more than need be.
        let mut of_newest = go.saturating_sub(times.partition_point(|at| *at < newest));
        for (unit, all) in &mut self.units {
            let keeps = keeps(unit);
            while let Some(first) = all.front().filter(|first| all.len() > keeps && first.at <= newest) {
                if first.at == newest {
                    if of_newest == 0 {
                        break;
                    }
                    of_newest -= 1;
                }
                all.pop_front();
            }
        }
        self.units.retain(|_, all| !all.is_empty());
    }
}

/// Writes it.
///
/// # Errors
/// [`FileError`] when the file cannot be written; the one before stays.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    atomic::write(path, bytes, Access::Owner)
}

fn transition(Outcome { code, reason, message, .. }: &Outcome, at: Timestamp) -> Transition {
    let message = message.get(..message.floor_char_boundary(MESSAGE)).unwrap_or_default();
    Transition { at, code: *code, reason: reason.as_str().into(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::outcome::OutcomeCode;

    fn at(second: usize) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + i64::try_from(second).unwrap()).unwrap()
    }

    fn unit(number: usize) -> UnitId {
        UnitId { rule: format!("ConfigTemplate/r{number}").parse().unwrap(), namespace: None }
    }

    fn round(units: usize, code: OutcomeCode) -> Arc<Round> {
        let outcome = || Outcome::new(code, "Word").saying("é".repeat(500));
        let outcomes = (0..units).map(|number| (unit(number), outcome())).collect();
        Arc::new(Round { outcomes, ..Round::default() })
    }

    fn empty() -> History {
        History { path: PathBuf::new(), units: BTreeMap::new(), noted: None, news: false }
    }

    fn kept(history: &History) -> usize {
        history.units.values().map(VecDeque::len).sum()
    }

    #[test]
    fn keeps_the_last_fifty_of_a_unit_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::under(dir.path());
        let turn = |second: usize| if second.is_multiple_of(2) { OutcomeCode::Applied } else { OutcomeCode::Failed };
        for second in 0..80 {
            history.note(&round(1, turn(second)), at(second));
            history.note(&round(1, turn(second)), at(second));
        }
        let (path, bytes) = history.unwritten().unwrap();
        write(&path, &bytes).unwrap();
        assert!(history.unwritten().is_none(), "nothing came since");
        let mut again = History::under(dir.path());
        let kept: Vec<_> = again.of(&unit(0)).cloned().collect();
        assert_eq!((kept.len(), kept.first().map(|first| first.at)), (MAX_OF_ONE, Some(at(30))));
        assert!(kept.iter().all(|transition| transition.message.len() <= MESSAGE));
        again.note(&round(1, turn(79)), at(99));
        assert!(again.unwritten().is_none(), "a restart alone is no transition");
    }

    #[test]
    fn is_bounded_in_all() {
        let mut history = empty();
        for second in 0..40 {
            let code = if second % 2 == 0 { OutcomeCode::Applied } else { OutcomeCode::Failed };
            history.note(&round(1_000, code), at(second));
            assert!(kept(&history) <= OF_ALL + 1_000, "{second}");
        }
        assert_eq!(history.of(&unit(7)).last().map(|last| last.at), Some(at(39)));
        assert!(history.of(&unit(7)).count() > 5, "the newest stay");
    }

    #[test]
    fn more_units_than_that_have_no_transitions_but_their_own() {
        const UNITS: usize = OF_ALL + 2_000;
        let mut history = empty();
        history.note(&round(UNITS, OutcomeCode::Applied), at(0));
        assert!(history.unwritten().is_some());
        for second in 1..4 {
            history.note(&round(UNITS, OutcomeCode::Applied), at(second));
            assert!(history.unwritten().is_none(), "nothing came");
        }
        assert_eq!(kept(&history), UNITS);
        // Of so many at one moment too, no more than need be is dropped.
        history.note(&round(UNITS, OutcomeCode::Failed), at(0));
        assert_eq!(kept(&history), UNITS + LEFT);
        history.note(&round(UNITS, OutcomeCode::Failed), at(5));
        assert!(history.of(&unit(UNITS - 1)).all(|transition| transition.at == at(0)));
    }

    #[test]
    fn units_that_are_gone_are_forgotten_after_a_day() {
        let mut history = empty();
        history.note(&round(2, OutcomeCode::Applied), at(0));
        history.note(&round(1, OutcomeCode::Applied), at(10));
        assert_eq!(history.of(&unit(1)).count(), 1, "its rows are there still");
        history.unwritten().unwrap();
        history.note(&round(1, OutcomeCode::Applied), at(24 * 3600));
        assert_eq!((history.of(&unit(0)).count(), history.of(&unit(1)).count()), (1, 0));
        assert!(history.unwritten().is_some(), "the file is shorter");
    }
}
