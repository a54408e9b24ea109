//! What spokes need of authority/: they ask who may override and what may be overruled, and nothing else.

use super::entity::uid;
use crate::cedar::policies;
use cedar_policy::{ActionConstraint, EntityUid, Policy};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The actions that a spoke asks for.
const ASKED: [&str; 2] = ["override", "overrule"];

/// The files of authority/ as spokes need them, by path: each with those of its policies that can speak of `override` or
/// `overrule`, as they are written; a file without any is left out.
#[must_use]
pub fn for_spokes(files: &BTreeMap<String, Arc<str>>) -> BTreeMap<String, String> {
    let asked: Vec<EntityUid> = ASKED.iter().filter_map(|action| uid("Action", action).ok()).collect();
    let needed = |text: &Arc<str>| {
        let pieces = policies::texts(text).into_iter().filter(|(policy, _)| speaks_of(policy, &asked));
        pieces.map(|(_, text)| format!("{text}\n")).collect::<String>()
    };
    let files = files.iter().map(|(file, text)| (file.clone(), needed(text)));
    files.filter(|(_, text)| !text.is_empty()).collect()
}

fn speaks_of(policy: &Policy, asked: &[EntityUid]) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::In(actions) => actions.iter().any(|action| asked.contains(action)),
        ActionConstraint::Eq(action) => asked.contains(&action),
    }
}
