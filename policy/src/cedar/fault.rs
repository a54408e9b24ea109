//! What Cedar says of a policy, in its place.

use super::lines::Lines;
use super::split::Piece;
use crate::diagnostic::{Code, Diagnostic as Found, Severity, Span};
use cedar_policy::ParseErrors;
use miette::Diagnostic;
use std::fmt::Display;

/// The first syntax error of a policy: what follows it in the same policy is mostly its echo.
pub(super) fn syntax(file: &str, lines: &Lines<'_>, piece: &Piece<'_>, errors: &ParseErrors) -> Found {
    let first = errors.iter().next();
    let labelled = first.map(|error| error as &dyn Diagnostic);
    let message = first.map_or_else(|| errors.to_string(), ToString::to_string);
    let found = at(file, lines, piece, labelled, Code::CedarSyntax, &format!("Cedar: {message}"));
    if found.help.is_some() {
        found
    } else {
        found.help("a policy reads `@id(\"…\") forbid (principal, action, resource) when { … };`")
    }
}

/// A finding of the validator.
pub(super) fn typing(
    file: &str,
    lines: &Lines<'_>,
    piece: &Piece<'_>,
    finding: &(impl Diagnostic + Display),
    severity: Severity,
) -> Found {
    let found =
        Found { severity, ..at(file, lines, piece, Some(finding), Code::CedarType, &format!("Cedar: {finding}")) };
    // Of several actions that are as near, Cedar names any, and another one the next time.
    if found.message.contains("unrecognized action") {
        return found
            .help("`writ catalog schema --cedar` lists those of guardrails, `--cedar authority` those of authority/");
    }
    found
}

fn at(
    file: &str,
    lines: &Lines<'_>,
    piece: &Piece<'_>,
    cedar: Option<&dyn Diagnostic>,
    code: Code,
    message: &str,
) -> Found {
    let span = cedar.and_then(|cedar| label(lines, piece, cedar)).unwrap_or_else(|| whole(lines, piece));
    let found = Found::error(code, file, span, message);
    match cedar.and_then(Diagnostic::help) {
        Some(help) => found.help(help.to_string()),
        None => found,
    }
}

fn label(lines: &Lines<'_>, piece: &Piece<'_>, cedar: &dyn Diagnostic) -> Option<Span> {
    let label = cedar.labels()?.next()?;
    Some(lines.span(piece.offset.saturating_add(label.offset()), label.len()))
}

/// The policy as a whole: its first line.
pub(super) fn whole(lines: &Lines<'_>, piece: &Piece<'_>) -> Span {
    let first = piece.text.lines().next().unwrap_or_default();
    lines.span(piece.offset, first.len())
}
