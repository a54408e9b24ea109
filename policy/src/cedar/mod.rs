//! Cedar in the catalog: guardrails are validated against the schema, authority policies parse.
//!
//! A file is split into its policies first, and each is parsed alone: one that does not parse hides no other, and no
//! more than one is in memory.

mod fault;
pub mod guardrail;
mod lines;
mod split;

use crate::diagnostic::Diagnostic;
use cedar_policy::Policy;
use lines::Lines;
use split::Piece;

/// Checks that every policy of a file of authority/ parses.
#[must_use]
pub fn authority(file: &str, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_policy(file, text, &mut found, |_, _, _| Vec::new());
    found
}

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
