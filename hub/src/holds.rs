//! Holds: list, show, release by digest.

mod changes;
mod lapses;
mod removals;
mod reported;

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Hold, HoldKind, Kept, Writes as _, unchanged};
use crate::store::{Action, Actor, Change, StoreError};
use policy::digest::Digest;
use serde_json::json;

/// How often a report is tried again when others report the same at the same moment.
const TRIES: usize = 16;

impl Hub {
    /// All holds, released ones too.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn holds(&self) -> Result<Vec<Hold>, HubError> {
        let all = records::list::<Hold>(self.store.as_ref()).await?;
        Ok(all.into_iter().map(|kept| kept.record).collect())
    }

    /// One hold.
    ///
    /// # Errors
    /// [`HubError::UnknownHold`] when there is none of this digest.
    pub async fn hold(&self, digest: Digest) -> Result<Hold, HubError> {
        self.kept_hold(digest).await.map(|kept| kept.record)
    }

    /// One hold, with the change that wrote it last.
    ///
    /// # Errors
    /// [`HubError::UnknownHold`] when there is none of this digest.
    pub async fn kept_hold(&self, digest: Digest) -> Result<Kept<Hold>, HubError> {
        records::get::<Hold>(self.store.as_ref(), &digest).await?.ok_or(HubError::UnknownHold(digest))
    }

    /// Lets exactly what `kept` names pass, as it was when it was judged who may do so. Again: nothing happens.
    /// `reason` goes into the audit entry.
    ///
    /// # Errors
    /// [`HubError::NoLongerHolds`] when it has lapsed, [`StoreError::Conflict`] when it has changed since.
    pub async fn release(&self, kept: &Kept<Hold>, who: &Actor, reason: Option<&str>) -> Result<(), HubError> {
        let digest = kept.record.digest;
        if kept.record.released.is_some() {
            return Ok(());
        }
        if kept.record.lapsed.is_some() {
            return Err(HubError::NoLongerHolds(digest));
        }
        let hold = Hold { released: Some((who.clone(), self.clock.wall())), ..kept.record.clone() };
        let change = Change::new().set(&digest, &hold, unchanged(Some(kept)))?;
        let change = match &hold.kind {
            HoldKind::Removals { clusters, .. } => self.release_removals(change, digest, clusters, who).await?,
            HoldKind::Rendering { .. } | HoldKind::Restored { .. } | HoldKind::Changes { .. } => change,
        };
        let detail = json!({"hold": hold.kind, "reason": reason});
        self.store.commit(change, self.entry(who.clone(), Action::Release, &digest, detail)).await?;
        tracing::info!(hold = %digest, by = %who, "a hold is released");
        if matches!(hold.kind, HoldKind::Changes { .. }) {
            self.look_again();
        }
        Ok(())
    }

    /// Keeps a hold on the whole hub; one that stands already, or was released, stays as it is, one that has lapsed
    /// stands again. A publish under way begins again.
    pub(crate) async fn place_hold(&self, digest: Digest, kind: HoldKind, by: Actor) -> Result<(), HubError> {
        let _turn = self.turn.lock().await;
        let before = records::get::<Hold>(self.store.as_ref(), &digest).await?;
        if before.as_ref().is_some_and(counts) {
            return Ok(());
        }
        let entry = self.entry(by, Action::Hold, &digest, json!(kind));
        let hold = Hold { digest, kind, since: self.clock.wall(), released: None, lapsed: None };
        let change = Change::new().set(&digest, &hold, unchanged(before.as_ref()))?;
        match self.store.commit(change, entry).await {
            Ok(_) => {
                tracing::info!(hold = %digest, "something waits for a person: see `writ hold list`");
                Ok(())
            }
            // Somebody else reported the same at the same moment.
            Err(StoreError::Conflict { .. }) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Whether such a hold stands or was released.
    pub(crate) async fn is_held(&self, digest: Digest) -> Result<bool, HubError> {
        Ok(records::get::<Hold>(self.store.as_ref(), &digest).await?.is_some_and(|kept| counts(&kept)))
    }

    /// The first unreleased hold that keeps the whole hub from publishing.
    pub(crate) async fn standing_hold(&self) -> Result<Option<Hold>, HubError> {
        let stops =
            |hold: &Hold| hold.stands() && matches!(hold.kind, HoldKind::Rendering { .. } | HoldKind::Restored { .. });
        Ok(self.holds().await?.into_iter().find(stops))
    }

    /// A restored hub admits nobody until a person has looked.
    pub(crate) async fn refuse_while_restored(&self) -> Result<(), HubError> {
        let restored = |hold: &Hold| hold.stands() && matches!(hold.kind, HoldKind::Restored { .. });
        match self.holds().await?.into_iter().find(restored) {
            Some(hold) => Err(HubError::Restored(hold.digest)),
            None => Ok(()),
        }
    }
}

/// Whether the hold stands or was released: what has lapsed says nothing of what is wanted again.
const fn counts(kept: &Kept<Hold>) -> bool {
    kept.record.lapsed.is_none()
}
