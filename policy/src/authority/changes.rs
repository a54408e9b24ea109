//! What of a change authority/ does not permit: judged by the authority, teams and domains of the revision that was
//! accepted before it, so that nobody lets themselves in.

use super::{ANONYMOUS, Authority, ChangeAsked};
use crate::catalog::{Catalog, Sources, has_effect, rules_at};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::kinds::catalog::Verify;
use std::collections::BTreeSet;

/// Files that one person changed, added or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Who: a person, or [`ANONYMOUS`].
    pub who: String,
    /// Where that is known from, for people: `commit 1234567, which is not signed`; empty where somebody only says so.
    pub from: String,
    /// The paths.
    pub paths: BTreeSet<String>,
}

/// Every change that `accepted` does not permit, as an error at its file. `now` holds the files as they are after all of
/// them. A file that has no effect needs no authority. A catalog without authority/ leaves every change to everybody,
/// and where signatures are verified, to everybody who signs.
#[must_use]
pub fn unauthorised(accepted: &Catalog, now: &Sources, changes: &[Changes]) -> Vec<Diagnostic> {
    let (authority, _) = Authority::read(&accepted.authority);
    let permits = |who: &str, path: &str| {
        if authority.is_given() {
            authority.permits_change(&ChangeAsked { who, path, root: &accepted.root })
        } else {
            who != ANONYMOUS || accepted.root.verify == Verify::None
        }
    };
    let all = changes.iter().flat_map(|change| change.paths.iter().map(move |path| (change, path)));
    let refused = all.filter(|(change, path)| has_effect(path) && !permits(&change.who, path));
    refused.map(|(change, path)| told(accepted, now, change, path)).collect()
}

fn told(accepted: &Catalog, now: &Sources, change: &Changes, path: &str) -> Diagnostic {
    let rules = rules_at(path, now.get(path).map(AsRef::as_ref), Some(accepted));
    let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
    let what = if rules.is_empty() { "this file".to_owned() } else { format!("this file ({})", rules.join(", ")) };
    let from = if change.from.is_empty() { String::new() } else { format!(" ({})", change.from) };
    let message = if change.who == ANONYMOUS {
        format!("{what} was changed by nobody who is known{from}")
    } else {
        format!("`{}` may not change {what}{from}", change.who)
    };
    let help = match accepted.root.owner_of(path) {
        Some(owner) => format!("team `{owner}` owns this path: let one of them make the change, or permit it first"),
        None => "no domain of writ.yaml covers this path: permit its change in authority/ first".to_owned(),
    };
    Diagnostic::error(Code::Unauthorised, path, Span::START, message).help(help)
}
