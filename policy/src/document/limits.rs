//! Limits on YAML, before and during parsing, and what is said when one is passed.

use super::tree::span_of;
use crate::diagnostic::{Code, Diagnostic, Span};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_yaml::{Error, Options};

/// The most bytes that a file may have.
pub const MAX_FILE_BYTES: usize = 1 << 20;
/// The deepest that values may nest.
const MAX_DEPTH: usize = 64;
/// What a debug build's parser needs at that depth is about a quarter of this.
const STACK_BYTES: usize = 16 << 20;
/// The most values in a file, those that aliases repeat counted each time.
pub const MAX_VALUES: usize = 50_000;
/// The most text in a file's scalars, that of aliases counted each time.
const MAX_SCALAR_BYTES: usize = 2 << 20;
/// The most events kept to repeat for aliases.
const MAX_KEPT_EVENTS: usize = 20_000;

/// The text's own length is checked before the parser sees it.
pub(super) fn text_within(file: &str, text: &str) -> Result<(), Diagnostic> {
    if text.len() <= MAX_FILE_BYTES {
        return Ok(());
    }
    let message = format!("this file has {} bytes; the limit is {MAX_FILE_BYTES}", text.len());
    Err(Diagnostic::error(Code::TooLarge, file, Span::START, message).help("split it into several files"))
}

/// Runs the parser, which recurses, on a stack that values of the greatest depth fit on, whatever thread asks.
pub(super) fn with_stack<T>(parse: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, parse)
}

/// YAML 1.2 as Kubernetes' documents use it: no merge keys, `yes` and `on` are text, a key stands once; but a file
/// mode such as 0644 is octal, as kubectl reads it.
pub(super) fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH + 1,
            max_nodes: MAX_VALUES,
            max_events: 2 * MAX_VALUES + 4_096,
            max_total_scalar_bytes: MAX_SCALAR_BYTES,
            max_recorded_anchor_events: MAX_KEPT_EVENTS,
            max_recorded_anchor_bytes: 2 * MAX_SCALAR_BYTES,
            max_aliases: 10_000,
            max_anchors: 10_000,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: MAX_VALUES,
            max_replay_stack_depth: MAX_DEPTH,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        legacy_octal_numbers: true,
        emit_comments: false,
        with_snippet: false,
    }
}

/// What the parser refused, in its place.
pub(super) fn fault(file: &str, error: &Error) -> Diagnostic {
    let error = error.without_snippet();
    let at = |code, length, message: String| {
        let span = error.location().map_or(Span::START, |place| span_of(&place, length));
        Diagnostic::error(code, file, span, message)
    };
    let said = said(error);
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or_default();
            let length = u32::try_from(key.chars().count()).unwrap_or(1);
            at(Code::YamlInvalid, length, format!("the key `{key}` stands twice")).help("keep one of them")
        }
        Error::MergeKeyNotAllowed { .. } => at(Code::YamlInvalid, 2, "`<<` is not a part of YAML 1.2".to_owned())
            .help("write the fields out, or use an alias for a whole value"),
        _ => match limit(error, &said) {
            Some(limit) => at(Code::TooLarge, 1, limit).help("split the file, or write it more plainly"),
            None => at(Code::YamlInvalid, 1, format!("not valid YAML: {said}")),
        },
    }
}

/// Which limit was passed, if one was. An error within an alias carries the breach as text only.
fn limit(error: &Error, said: &str) -> Option<String> {
    let aliases = matches!(
        error,
        Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
            | Error::AliasReplayCounterOverflow { .. }
    );
    let breach = said.contains("budget breached");
    if said.contains("recursion limit") || (breach && said.contains("Depth")) {
        return Some(format!("values nest more than {MAX_DEPTH} deep"));
    }
    if breach && said.contains("Nodes") {
        return Some(format!(
            "this file holds more than {MAX_VALUES} values, those that aliases repeat counted each time"
        ));
    }
    if breach && said.contains("ScalarBytes") {
        return Some(format!(
            "this file holds more than {MAX_SCALAR_BYTES} bytes of text, that of aliases counted each time"
        ));
    }
    if breach && said.contains("Documents") {
        return Some("this file holds too many documents".to_owned());
    }
    (breach || aliases).then(|| "this file's anchors and aliases repeat too much".to_owned())
}

/// The parser's words without the place, which the diagnostic carries.
fn said(error: &Error) -> String {
    let text = error.to_string();
    let end = text.find(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).lines().next().unwrap_or_default().to_owned()
}
