//! Cedar in the catalog: guardrails and the policies of authority/, each validated against its schema.
//!
//! A file is split into its policies first, and each is parsed alone: one that does not parse hides no other, and no
//! more than one is in memory.

mod fault;
pub mod guardrail;
mod lines;
pub(crate) mod policies;
mod split;

use crate::diagnostic::{Code, Diagnostic, Severity};
use cedar_policy::{Policy, PolicySet, ValidationError, ValidationMode, Validator};
use lines::Lines;
use split::Piece;

/// Parses a file's policies one after the other and shows each to `judge`.
fn each_policy<'a>(
    file: &str,
    text: &'a str,
    found: &mut Vec<Diagnostic>,
    mut judge: impl FnMut(&Policy, &Piece<'a>, &Lines<'a>) -> Vec<Diagnostic>,
) {
    let lines = Lines::new(text);
    let pieces = match split::pieces(text) {
        Ok(pieces) => pieces,
        Err(refused) => return found.push(refused.diagnostic(file, &lines)),
    };
    for piece in &pieces {
        match Policy::parse(None, piece.text) {
            Ok(policy) => found.extend(judge(&policy, piece, &lines)),
            Err(errors) => found.push(fault::syntax(file, &lines, piece, &errors)),
        }
    }
}

/// What the validator says of one policy, in its place.
fn typing(validator: &Validator, file: &str, policy: &Policy, piece: &Piece<'_>, lines: &Lines<'_>) -> Vec<Diagnostic> {
    let set = match PolicySet::from_policies([policy.clone()]) {
        Ok(set) => set,
        Err(error) => {
            let span = fault::whole(lines, piece);
            return vec![Diagnostic::error(Code::CedarType, file, span, error.to_string())];
        }
    };
    let result = validator.validate(&set, ValidationMode::Strict);
    let told = |finding: &ValidationError| fault::typing(file, lines, piece, finding, Severity::Error);
    let errors: Vec<Diagnostic> = result.validation_errors().map(told).collect();
    if !errors.is_empty() {
        // What else is odd about such a policy is mostly the echo.
        return errors;
    }
    result.validation_warnings().map(|warning| fault::typing(file, lines, piece, warning, Severity::Warning)).collect()
}
