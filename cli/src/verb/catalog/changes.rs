//! What somebody has changed since a revision, judged by that revision's authority.

use crate::fault::Fault;
use catalog::{Limits, RevisionError, read_revision};
use policy::authority::{Changes, unauthorised as refused};
use policy::catalog::{Sources, check};
use policy::diagnostic::{Diagnostic, Severity};
use service::exit;
use std::collections::BTreeSet;
use std::path::Path;

/// What of the changes between `revision` and `now` is not `who`'s to make.
pub(super) fn unauthorised(folder: &Path, now: &Sources, who: &str, revision: &str) -> Result<Vec<Diagnostic>, Fault> {
    let usage = |error: RevisionError| Fault::Usage(exit::chain(&error));
    let before = read_revision(folder, revision, Limits::default()).map_err(usage)?;
    let unread = before.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let Some(accepted) = check(&before.sources).catalog.filter(|_| !unread) else {
        let message = format!("`{revision}` has faults of its own, so no hub accepted it; name the one before");
        return Err(Fault::Refused(message));
    };
    let paths = changed(&before.sources, now);
    Ok(refused(&accepted, now, &[Changes { who: who.to_owned(), from: String::new(), paths }]))
}

/// The paths at which the two differ.
fn changed(before: &Sources, now: &Sources) -> BTreeSet<String> {
    let all = before.keys().chain(now.keys());
    all.filter(|path| before.get(*path) != now.get(*path)).cloned().collect()
}
