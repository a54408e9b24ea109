//! What `check` says: every fault in its place, with a remedy.

pub mod render;

use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in catalog text. Lines and columns count from 1, columns in Unicode scalars; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last.
    pub end_column: u32,
}

impl Span {
    /// The beginning of a file: for what concerns the whole of it.
    pub const START: Self = Self { line: 1, column: 1, end_line: 1, end_column: 1 };
}

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Accepted, but worth a look.
    Warning,
    /// Refuses the revision.
    Error,
}

/// What kind of fault it is: closed, stable, printed as the variant's name. Each has `docs/runbooks/CODE.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Code {
    /// A file or path that a catalog may not hold (symlink, submodule, odd name).
    PathRefused,
    /// A file, a catalog, or a document beyond its limit.
    TooLarge,
    /// Not YAML, or a key twice.
    YamlInvalid,
    /// A kind that does not exist, or not there.
    UnknownKind,
    /// An apiVersion that does not exist.
    UnknownVersion,
    /// A field that does not exist.
    UnknownField,
    /// A required field that is not there.
    MissingField,
    /// A value of the wrong type or outside what the field takes.
    InvalidValue,
    /// Two documents of one kind and name, or one thing said twice.
    Duplicate,
    /// A reference to what does not exist.
    UnknownReference,
    /// A parameter without a value for some cluster.
    ParameterUnresolved,
    /// A field that cannot be overridden.
    NoSlot,
    /// An override that does not count.
    OverrideRefused,
    /// Cedar that does not parse.
    CedarSyntax,
    /// Cedar that does not validate against the schema.
    CedarType,
    /// Cedar that is not allowed there (a permit in a guardrail, no @id).
    CedarForm,
    /// An object that a template may not hold.
    ObjectRefused,
    /// Two rules that say different things about one object.
    Conflict,
    /// A grant by which its holders could take more than it says.
    Escalation,
    /// Somebody changed, or a team owns, what authority/ does not let them.
    Unauthorised,
    /// An object that touches what stays local.
    LocalDomain,
    /// A region's rule that opens what holds for all closes.
    Weakens,
    /// Something asked for that this hub cannot do yet.
    Unsupported,
    /// A rule that selects nothing.
    SelectsNothing,
}

impl Code {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PathRefused => "PathRefused",
            Self::TooLarge => "TooLarge",
            Self::YamlInvalid => "YamlInvalid",
            Self::UnknownKind => "UnknownKind",
            Self::UnknownVersion => "UnknownVersion",
            Self::UnknownField => "UnknownField",
            Self::MissingField => "MissingField",
            Self::InvalidValue => "InvalidValue",
            Self::Duplicate => "Duplicate",
            Self::UnknownReference => "UnknownReference",
            Self::ParameterUnresolved => "ParameterUnresolved",
            Self::NoSlot => "NoSlot",
            Self::OverrideRefused => "OverrideRefused",
            Self::CedarSyntax => "CedarSyntax",
            Self::CedarType => "CedarType",
            Self::CedarForm => "CedarForm",
            Self::ObjectRefused => "ObjectRefused",
            Self::Conflict => "Conflict",
            Self::Escalation => "Escalation",
            Self::Unauthorised => "Unauthorised",
            Self::LocalDomain => "LocalDomain",
            Self::Weakens => "Weakens",
            Self::Unsupported => "Unsupported",
            Self::SelectsNothing => "SelectsNothing",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One fault in one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The file, relative to the catalog's root.
    pub file: String,
    /// First line, from 1.
    pub line: u32,
    /// First column, from 1, in Unicode scalars.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last.
    pub end_column: u32,
    /// What kind of fault.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span` of `file`.
    #[must_use]
    pub fn error(code: Code, file: &str, span: Span, message: impl Into<String>) -> Self {
        let Span { line, column, end_line, end_column } = span;
        let (file, message) = (file.to_owned(), message.into());
        Self { file, line, column, end_line, end_column, code, severity: Severity::Error, message, help: None }
    }

    /// A warning at `span` of `file`.
    #[must_use]
    pub fn warning(code: Code, file: &str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, file, span, message) }
    }

    /// The same, for which nothing is refused.
    #[must_use]
    pub fn lessened(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_they_are_read() {
        let catalog = [Code::PathRefused, Code::TooLarge, Code::YamlInvalid, Code::UnknownKind, Code::UnknownVersion];
        let document = [Code::UnknownField, Code::MissingField, Code::InvalidValue, Code::Duplicate];
        let reference = [Code::UnknownReference, Code::ParameterUnresolved, Code::NoSlot, Code::ObjectRefused];
        let cedar = [Code::CedarSyntax, Code::CedarType, Code::CedarForm];
        let whole = [Code::Conflict, Code::Escalation, Code::Unsupported, Code::SelectsNothing];
        let authority = [Code::Unauthorised, Code::LocalDomain, Code::Weakens];
        let all = [&catalog[..], &document, &reference, &cedar, &whole, &authority].concat();
        for code in all {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert_eq!(format!("{code:<20}|"), format!("{:<20}|", code.as_str()));
        }
    }
}
