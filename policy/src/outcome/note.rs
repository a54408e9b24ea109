//! Findings that are no unit's outcome.

use super::{Finding, FindingCode};
use crate::name::{Namespace, RuleName};
use crate::object::ObjectId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What else someone may act on, beside the outcomes of units. Closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NoteCode {
    /// An override does not count: the value below it stays.
    OverrideRefused,
    /// A constraint cannot be understood, or says what a constraint may not say.
    ConstraintFaulty,
    /// Somebody else's binding of a role that a rule gives alone.
    ForeignBinding,
    /// A rule asks for something that nothing of Writ enforces.
    Unenforced,
}

impl NoteCode {
    /// As reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OverrideRefused => "OverrideRefused",
            Self::ConstraintFaulty => "ConstraintFaulty",
            Self::ForeignBinding => "ForeignBinding",
            Self::Unenforced => "Unenforced",
        }
    }
}

impl fmt::Display for NoteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why there is a note, in a word. Closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteReason {
    /// Two overrides fill one field.
    Ambiguous,
    /// The rule does not let clusters override that field, or does not hold here.
    Undeclared,
    /// A value of another type, or outside the bounds.
    OutOfBounds,
    /// authority/ does not permit it.
    NotPermitted,
    /// The rule cannot be rendered here, so there is nothing to fill.
    Unsupported,
    /// A document that cannot be read.
    Malformed,
    /// More documents than are read.
    TooMany,
    /// A document that says more than is read.
    TooLarge,
    /// A constraint that holds a `permit`, which is left out.
    Permit,
    /// A constraint that names a rule which is not in force.
    UnknownName,
    /// Somebody made it.
    Foreign,
    /// Kubernetes makes it itself.
    OfKubernetes,
    /// Nothing here can do it.
    NoMechanism,
}

impl NoteReason {
    /// As reports write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ambiguous => "Ambiguous",
            Self::Undeclared => "Undeclared",
            Self::OutOfBounds => "OutOfBounds",
            Self::NotPermitted => "NotPermitted",
            Self::Unsupported => "Unsupported",
            Self::Malformed => "Malformed",
            Self::TooMany => "TooMany",
            Self::TooLarge => "TooLarge",
            Self::Permit => "Permit",
            Self::UnknownName => "UnknownName",
            Self::Foreign => "Foreign",
            Self::OfKubernetes => "OfKubernetes",
            Self::NoMechanism => "NoMechanism",
        }
    }

    /// Whether what it is told of counts all the same: it may only be a slip of the pen.
    #[must_use]
    pub const fn is_harmless(self) -> bool {
        matches!(self, Self::UnknownName)
    }
}

impl fmt::Display for NoteReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A finding that is no unit's outcome: found anew in every round, for as long as it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// What.
    pub code: NoteCode,
    /// Why, in a word.
    pub reason: NoteReason,
    /// The rule that it is about, or the constraint.
    pub rule: RuleName,
    /// The namespace, where it is about one.
    pub namespace: Option<Namespace>,
    /// The object, where there is one.
    pub object: Option<ObjectId>,
    /// For people.
    pub message: String,
}

impl Note {
    /// The finding that it is, since when it holds.
    #[must_use]
    pub fn finding(&self, since: Timestamp) -> Finding {
        let Self { code, reason, rule, namespace, object, message } = self.clone();
        let (outcome, reason) = (FindingCode::Note(code), reason.to_string());
        Finding { outcome, reason, rule, namespace, object, message, since, by: None }
    }
}
