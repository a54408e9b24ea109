//! Records that have had their time. They go, so that the store does not grow with all that was ever held and invited;
//! the audit log keeps what happened.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Hold, HoldKind, JoinToken, Kept, Record};
use crate::store::{Action, Actor, Change, Key, Precondition, StoreError, change};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// How long a hold that has lapsed can still be looked at. Spokes make these, and every report looks through all holds.
const LAPSED: SignedDuration = SignedDuration::from_hours(1);
/// How long one that a person has released can.
const RELEASED: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Hub {
    /// Drops holds on removals that ended a while ago, and join tokens that have expired.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn tidy(&self) -> Result<(), HubError> {
        let (store, now) = (self.store.as_ref(), self.clock.wall());
        let holds = records::list::<Hold>(store).await?;
        let tokens = records::list::<JoinToken>(store).await?;
        let ended = holds.iter().filter(|kept| has_ended(&kept.record, now)).map(as_read);
        let expired = tokens.iter().filter(|kept| kept.record.expires <= now).map(as_read);
        let gone: Vec<_> = ended.chain(expired).collect();
        for some in gone.chunks(change::MOST) {
            self.drop_all(some).await?;
        }
        Ok(())
    }

    async fn drop_all(&self, some: &[(Key, Precondition)]) -> Result<(), HubError> {
        let change = some.iter().fold(Change::new(), |change, (key, expects)| change.delete(key.clone(), *expects));
        let entry = self.entry(Actor::Hub, Action::Tidy, &"records", json!({"dropped": some.len()}));
        match self.store.commit(change, entry).await {
            // One of them has just changed: the next time.
            Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }
}

/// Other kinds stay: that they were released is what lets the same pass again.
fn has_ended(hold: &Hold, now: Timestamp) -> bool {
    let released = hold.released.as_ref().map(|(_, at)| (*at, RELEASED));
    let ended = released.or_else(|| Some((hold.lapsed?, LAPSED)));
    let ends = match hold.kind {
        HoldKind::Removals { .. } => true,
        // Released, they pass once; what lapsed is of commits that are followed no longer.
        HoldKind::Changes { .. } => hold.lapsed.is_some(),
        HoldKind::Rendering { .. } | HoldKind::Restored { .. } => false,
    };
    ends && ended.is_some_and(|(at, kept)| now.duration_since(at) >= kept)
}

fn as_read<R: Record>(kept: &Kept<R>) -> (Key, Precondition) {
    (Key::of(R::NAME, &kept.id), Precondition::MatchesRevision(kept.revision))
}
