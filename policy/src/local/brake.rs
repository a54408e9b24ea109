//! The brake: in an incident the operators of a cluster cap the mode at warn, for a while, without a hub (invariant 30).

use crate::mode::Mode;
use crate::name::RuleName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One brake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brake {
    /// Until when, that moment left out.
    pub until: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// All that are set, ended ones too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brakes {
    /// Of every rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<Brake>,
    /// Of single rules.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<RuleName, Brake>,
}

/// What a person does with brakes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Sets one: of every rule (none), or of one.
    Set(Option<RuleName>, Brake),
    /// Clears all of them (none), or that of one rule.
    Clear(Option<RuleName>),
}

impl Brakes {
    /// These, after a change.
    #[must_use]
    pub fn after(mut self, change: &Change) -> Self {
        match change {
            Change::Set(None, brake) => self.all = Some(brake.clone()),
            Change::Set(Some(rule), brake) => drop(self.rules.insert(rule.clone(), brake.clone())),
            Change::Clear(None) => return Self::default(),
            Change::Clear(Some(rule)) => drop(self.rules.remove(rule)),
        }
        self
    }

    /// The most that `rule` may do now, where a brake caps it.
    #[must_use]
    pub fn cap(&self, rule: &RuleName, now: Timestamp) -> Option<Mode> {
        let holds = |brake: &&Brake| now < brake.until;
        self.all.iter().chain(self.rules.get(rule)).find(holds).map(|_| Mode::Warn)
    }

    /// Those that hold now: of every rule (none), or of one.
    pub fn held(&self, now: Timestamp) -> impl Iterator<Item = (Option<&RuleName>, &Brake)> {
        let rules = self.rules.iter().map(|(rule, brake)| (Some(rule), brake));
        self.all.iter().map(|brake| (None, brake)).chain(rules).filter(move |(_, brake)| now < brake.until)
    }

    /// When each ends.
    pub fn ends(&self) -> impl Iterator<Item = Timestamp> {
        self.all.iter().chain(self.rules.values()).map(|brake| brake.until)
    }
}
