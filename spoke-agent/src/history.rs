//! What became of each unit, and when: its last transitions, kept over restarts. Bounded for each unit and in all.

use crate::apply::Outcomes;
use crate::files;
use jiff::Timestamp;
use policy::outcome::{Outcome, OutcomeCode, UnitId};
use serde::{Deserialize, Serialize};
use service::atomic::{self, Access};
use service::fault::FileError;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

/// How many of one unit are kept.
const OF_ONE: usize = 50;
/// How many are kept in all: of more, the oldest go.
const OF_ALL: usize = 8_000;
/// The most bytes of a message.
const MESSAGE: usize = 200;
/// The most bytes of the file.
const LIMIT: usize = 8 << 20;

/// A unit came to another outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub code: OutcomeCode,
    /// Why, in a word.
    pub reason: Box<str>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub message: Box<str>,
}

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
        Self { path, units, news: false }
    }

    /// Notes what is other than it was.
    pub fn note(&mut self, outcomes: &Outcomes, now: Timestamp) {
        for (unit, outcome) in outcomes {
            let last = self.units.get(unit).and_then(VecDeque::back);
            if last.is_some_and(|last| last.code == outcome.code && *last.reason == *outcome.reason) {
                continue;
            }
            let all = self.units.entry(unit.clone()).or_default();
            all.push_back(transition(outcome, now));
            if all.len() > OF_ONE {
                all.pop_front();
            }
            self.news = true;
        }
        self.bound();
    }

    /// The transitions of a unit, the oldest first.
    pub fn of(&self, unit: &UnitId) -> impl Iterator<Item = &Transition> {
        self.units.get(unit).into_iter().flatten()
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

    /// Of more than it may keep, the oldest tenth goes.
    fn bound(&mut self) {
        let total: usize = self.units.values().map(VecDeque::len).sum();
        if total <= OF_ALL {
            return;
        }
        let mut times: Vec<Timestamp> = self.units.values().flatten().map(|transition| transition.at).collect();
        times.sort_unstable();
        let Some(until) = times.get(total - OF_ALL + OF_ALL / 10).copied() else { return };
        for all in self.units.values_mut() {
            all.retain(|transition| transition.at >= until);
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

    fn at(second: usize) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + i64::try_from(second).unwrap()).unwrap()
    }

    fn unit(number: usize) -> UnitId {
        UnitId { rule: format!("ConfigTemplate/r{number}").parse().unwrap(), namespace: None }
    }

    fn outcomes(units: usize, code: OutcomeCode) -> Outcomes {
        (0..units).map(|number| (unit(number), Outcome::new(code, "Word").saying("é".repeat(500)))).collect()
    }

    #[test]
    fn keeps_the_last_fifty_of_a_unit_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::under(dir.path());
        let turn = |second: usize| if second.is_multiple_of(2) { OutcomeCode::Applied } else { OutcomeCode::Failed };
        for second in 0..80 {
            history.note(&outcomes(1, turn(second)), at(second));
            history.note(&outcomes(1, turn(second)), at(second));
        }
        let (path, bytes) = history.unwritten().unwrap();
        write(&path, &bytes).unwrap();
        assert!(history.unwritten().is_none(), "nothing came since");
        let mut again = History::under(dir.path());
        let kept: Vec<_> = again.of(&unit(0)).cloned().collect();
        assert_eq!((kept.len(), kept.first().map(|first| first.at)), (OF_ONE, Some(at(30))));
        assert!(kept.iter().all(|transition| transition.message.len() <= MESSAGE));
        again.note(&outcomes(1, turn(79)), at(99));
        assert!(again.unwritten().is_none(), "a restart alone is no transition");
    }

    #[test]
    fn is_bounded_in_all() {
        let mut history = History { path: PathBuf::new(), units: BTreeMap::new(), news: false };
        for second in 0..40 {
            let code = if second % 2 == 0 { OutcomeCode::Applied } else { OutcomeCode::Failed };
            history.note(&outcomes(1_000, code), at(second));
            assert!(history.units.values().map(VecDeque::len).sum::<usize>() <= OF_ALL, "{second}");
        }
        assert_eq!(history.of(&unit(7)).last().map(|last| last.at), Some(at(39)));
    }
}
