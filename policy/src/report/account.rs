//! Why a unit is as it is, of those that a report names.

use crate::mode::Mode;
use crate::outcome::{OutcomeCode, UnitId};
use crate::resolve::{Decided, Modes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many transitions a report tells at most, of all units together.
pub const MAX_TRANSITIONS: usize = 500;
/// How many of one unit.
pub const MAX_OF_ONE: usize = 50;

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

/// What decided over a unit. Its row is text, so that a report with a row of a newer spoke can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The row of the table, by its name in docs/precedence.md.
    pub row: String,
    /// The mode in force: the least of those in play.
    pub mode: Mode,
    /// The modes in play.
    pub modes: Modes,
}

impl From<Decided> for Decision {
    fn from(Decided { row, modes }: Decided) -> Self {
        Self { row: row.to_owned(), mode: modes.least(), modes }
    }
}

/// One unit's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Which.
    pub unit: UnitId,
    /// What decided; nothing does without a bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decision>,
    /// Its last transitions, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
}

/// How many transitions each of so many units may tell: fewer of each where there are many.
pub(super) fn share(units: usize) -> usize {
    (MAX_TRANSITIONS / units.max(1)).clamp(1, MAX_OF_ONE)
}
