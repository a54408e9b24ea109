//! Policies that permit and forbid, each valid against a schema.

use super::split::Piece;
use super::{each_policy, fault, lines::Lines, typing};
use crate::diagnostic::{Diagnostic, Severity};
use cedar_policy::{Effect, Policy, PolicyId, Validator};

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The policies that are valid, in the order of the file; each has its place as its id.
    pub(crate) policies: Vec<Policy>,
    /// How many errors are those of policies that parse and permit.
    pub(crate) faulty_permits: usize,
    /// What is wrong with the file.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads the policies of one file.
pub(crate) fn read(file: &str, text: &str, validator: &Validator) -> Read {
    let mut read = Read::default();
    let (policies, faulty) = (&mut read.policies, &mut read.faulty_permits);
    each_policy(file, text, &mut read.diagnostics, |policy, piece: &Piece<'_>, lines: &Lines<'_>| {
        let at = fault::whole(lines, piece);
        let policy = policy.new_id(PolicyId::new(format!("{file}:{}:{}", at.line, at.column)));
        let found = typing(validator, file, &policy, piece, lines);
        let errors = found.iter().filter(|found| found.severity == Severity::Error).count();
        match (errors, policy.effect()) {
            (0, _) => policies.push(policy),
            (errors, Effect::Permit) => *faulty += errors,
            (_, Effect::Forbid) => (),
        }
        found
    });
    read
}

/// The policies of a file that parse, each with its text.
pub(crate) fn texts(text: &str) -> Vec<(Policy, &str)> {
    let mut texts = Vec::new();
    each_policy("", text, &mut Vec::new(), |policy, piece, _| {
        texts.push((policy.clone(), piece.text));
        Vec::new()
    });
    texts
}
