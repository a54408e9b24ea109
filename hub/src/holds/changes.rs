//! Holds on commits that somebody made without the authority for them.

use crate::changes::Before;
use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Hold, HoldKind};
use crate::store::Actor;
use catalog::Commit;
use policy::canonical;
use policy::diagnostic::Diagnostic;
use policy::digest::Digest;
use serde_json::json;

/// How many of the changes a hold names.
const NAMED: usize = 50;

impl Hub {
    /// What a hold on these commits is bound to: both ends, and so all between them.
    pub(crate) fn of_changes(before: &Before, commit: &Commit) -> Result<Digest, HubError> {
        let range = json!({"changes": {"from": before.revision(), "to": commit.id.to_string()}});
        Ok(canonical::digest(&range)?)
    }

    /// Holds these commits, for the changes that nobody with authority made.
    pub(crate) async fn hold_changes(
        &self,
        digest: Digest,
        before: &Before,
        commit: &Commit,
        refused: &[Diagnostic],
    ) -> Result<(), HubError> {
        let kind = HoldKind::Changes {
            from: before.revision().map(str::to_owned),
            revision: commit.id.to_string(),
            refused: refused.iter().take(NAMED).map(|found| format!("{}: {}", found.file, found.message)).collect(),
            count: refused.len() as u64,
        };
        self.place_hold(digest, kind, Actor::Hub).await
    }

    /// The commits that are followed are held by `held`, or by nothing: holds on others lapse.
    pub(crate) async fn lapse_changes(&self, held: Option<Digest>) -> Result<(), HubError> {
        self.lapse_others(held, |kind| matches!(kind, HoldKind::Changes { .. })).await
    }

    /// Whether a person let exactly this pass.
    pub(crate) async fn changes_pass(&self, digest: Digest) -> Result<bool, HubError> {
        let kept = records::get::<Hold>(self.store.as_ref(), &digest).await?;
        Ok(kept.is_some_and(|kept| kept.record.released.is_some()))
    }
}
