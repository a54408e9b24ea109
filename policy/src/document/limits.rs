//! Limits on YAML, before and during parsing, and what is said when one is passed.

use super::tree::span_of;
use crate::diagnostic::{Code, Diagnostic, Span};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_yaml::{Error, Options};

/// The most bytes that a file may have.
pub const MAX_FILE_BYTES: usize = 1 << 20;
/// The deepest that values may nest.
const MAX_DEPTH: usize = 64;
/// The most values in a file, those that aliases repeat counted each time.
const MAX_NODES: usize = 100_000;
/// The most text in a file's scalars, that of aliases counted each time.
const MAX_SCALAR_BYTES: usize = 2 << 20;
/// The most events kept to repeat for aliases.
const MAX_KEPT_EVENTS: usize = 100_000;

/// The text's own length is checked before the parser sees it.
pub(super) fn text_within(file: &str, text: &str) -> Result<(), Diagnostic> {
    if text.len() <= MAX_FILE_BYTES {
        return Ok(());
    }
    let message = format!("this file has {} bytes; the limit is {MAX_FILE_BYTES}", text.len());
    Err(Diagnostic::error(Code::TooLarge, file, Span::START, message).help("split it into several files"))
}

/// YAML 1.2 as Kubernetes' documents use it: no merge keys, `yes` and `on` are text, a key stands once.
pub(super) fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH + 1,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES + 4_096,
            max_total_scalar_bytes: MAX_SCALAR_BYTES,
            max_recorded_anchor_events: MAX_KEPT_EVENTS,
            max_recorded_anchor_bytes: 2 * MAX_SCALAR_BYTES,
            max_aliases: 10_000,
            max_anchors: 10_000,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: MAX_DEPTH,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        emit_comments: false,
        with_snippet: false,
    }
}

/// What the parser refused, in its place.
pub(super) fn fault(file: &str, error: &Error) -> Diagnostic {
    let error = error.without_snippet();
    let span = error.location().map_or(Span::START, |place| span_of(&place, 1));
    let at = |code, message: String| Diagnostic::error(code, file, span, message);
    match error {
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => at(Code::TooLarge, format!("this YAML goes beyond a limit: {}", said(error)))
            .help(format!("values may nest {MAX_DEPTH} deep, and a file may hold {MAX_NODES} of them, those that aliases repeat counted each time")),
        Error::DuplicateMappingKey { key, .. } => {
            let message = key.as_ref().map_or_else(|| "this key stands twice".to_owned(), |key| format!("the key `{key}` stands twice"));
            at(Code::YamlInvalid, message).help("keep one of them")
        }
        Error::MergeKeyNotAllowed { .. } => at(Code::YamlInvalid, "`<<` is not a part of YAML 1.2".to_owned())
            .help("write the fields out, or use an alias for a whole value"),
        _ => at(Code::YamlInvalid, format!("not valid YAML: {}", said(error))),
    }
}

/// The parser's words without the place, which the diagnostic carries.
fn said(error: &Error) -> String {
    let text = error.to_string();
    let end = text.find(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).lines().next().unwrap_or_default().to_owned()
}
