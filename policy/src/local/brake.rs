//! The brake: in an incident the operators of a cluster cap the mode at warn, for a while, without a hub (invariant 30).

use crate::mode::Mode;
use crate::name::RuleName;
use crate::time::Span;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One brake, as somebody asks for it, or as it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Brake {
    /// Until when, that moment left out.
    pub until: Timestamp,
    /// When it was asked for, where it was asked for as a span: both moments are of the clock of who asked, which may be
    /// wrong, so the span counts, from when an agent first sees it. None: `until` is trusted time.
    pub asked: Option<Timestamp>,
    /// Why.
    pub reason: String,
}

/// As documents have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written {
    pub(super) until: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) reason: String,
    /// The span that was asked for, and when. Who moves `until` by hand, and leaves these, means that moment.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub(super) span: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<Timestamp>,
}

impl From<Written> for Brake {
    fn from(Written { until, reason, span, asked }: Written) -> Self {
        let spans = |asked: &Timestamp| span.is_some_and(|span| asked.checked_add(span.get()).ok() == Some(until));
        Self { until, asked: asked.filter(spans), reason }
    }
}

impl From<Brake> for Written {
    fn from(brake: Brake) -> Self {
        let span = brake.span().map(|span| Span::new(span.unsigned_abs()));
        let Brake { until, asked, reason } = brake;
        Self { until, reason, span, asked }
    }
}

impl Brake {
    /// A brake for a span, as somebody asks for it whose clock says `asked`.
    #[must_use]
    pub fn lasting(span: Span, asked: Timestamp, reason: String) -> Self {
        let asked = asked.round(jiff::Unit::Second).unwrap_or(asked);
        let until = asked.checked_add(span.get()).unwrap_or(Timestamp::MAX);
        Self { until, asked: Some(asked), reason }
    }

    /// The span that was asked for; none where a moment was.
    #[must_use]
    pub fn span(&self) -> Option<SignedDuration> {
        self.asked.map(|asked| self.until.duration_since(asked))
    }

    /// When it ends by trusted time, where an agent saw it first at `since`.
    #[must_use]
    pub fn end(&self, since: Timestamp) -> Timestamp {
        self.span().map_or(self.until, |span| since.checked_add(span).unwrap_or(Timestamp::MAX))
    }
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

    /// All that are set: of every rule (none), or of one.
    pub fn all(&self) -> impl Iterator<Item = (Option<&RuleName>, &Brake)> {
        let rules = self.rules.iter().map(|(rule, brake)| (Some(rule), brake));
        self.all.iter().map(|brake| (None, brake)).chain(rules)
    }

    /// Those that hold now, where their ends are trusted time.
    pub fn held(&self, now: Timestamp) -> impl Iterator<Item = (Option<&RuleName>, &Brake)> {
        self.all().filter(move |(_, brake)| now < brake.until)
    }

    /// When each ends.
    pub fn ends(&self) -> impl Iterator<Item = Timestamp> {
        self.all.iter().chain(self.rules.values()).map(|brake| brake.until)
    }
}
