//! The pin: stops all change of rules, at the revision that is published or at an older one.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Accepted, Only, Pin, Pointer, Writes as _, unchanged};
use crate::source::{fault, id};
use crate::store::{Action, Actor, Change};
use serde_json::json;

/// What pinning came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinning {
    /// The pin that holds now.
    pub pin: Pin,
    /// The one in whose place it stands.
    pub replaced: Option<Pin>,
}

impl Hub {
    /// The pin, while there is one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pinned(&self) -> Result<Option<Pin>, HubError> {
        Ok(records::get::<Pin>(self.store.as_ref(), &Only).await?.map(|kept| kept.record))
    }

    /// Stops all change of rules at `revision`, else at the one that is published. A publish under way begins again.
    ///
    /// # Errors
    /// [`HubError::RevisionRefused`] when that revision is not known or has errors.
    pub async fn pin(&self, revision: Option<&str>, who: &Actor, reason: Option<&str>) -> Result<Pinning, HubError> {
        let old = match revision {
            Some(revision) => Some(self.accept_old(revision).await?),
            None => None,
        };
        let _turn = self.turn.lock().await;
        let accepted = match old {
            Some(old) => old,
            None => self.published_commits().await?,
        };
        let stands = records::get::<Pin>(self.store.as_ref(), &Only).await?;
        let reason = reason.map(str::to_owned);
        let pin = Pin { accepted, by: who.clone(), at: self.clock.wall(), reason };
        let change = Change::new().set(&Only, &pin, unchanged(stands.as_ref()))?;
        let entry = self.entry(who.clone(), Action::Pin, &pin.accepted.revision, json!({"reason": pin.reason}));
        self.store.commit(change, entry).await?;
        tracing::info!(revision = pin.accepted.revision, by = %who, "pinned: rules do not change");
        Ok(Pinning { pin, replaced: stands.map(|kept| kept.record) })
    }

    /// Lets rules change again; gives back the pin that held.
    ///
    /// # Errors
    /// [`HubError::NotPinned`] when there is no pin.
    pub async fn unpin(&self, who: &Actor) -> Result<Pin, HubError> {
        let stands = records::get::<Pin>(self.store.as_ref(), &Only).await?.ok_or(HubError::NotPinned)?;
        let change = Change::new().drop::<Pin>(&Only, unchanged(Some(&stands)));
        let entry = self.entry(who.clone(), Action::Unpin, &stands.record.accepted.revision, json!(null));
        self.store.commit(change, entry).await?;
        tracing::info!(by = %who, "unpinned: rules change again");
        Ok(stands.record)
    }

    async fn published_commits(&self) -> Result<Accepted, HubError> {
        let pointer = records::get::<Pointer>(self.store.as_ref(), &Only).await?;
        pointer.map(|kept| kept.record.accepted).ok_or(HubError::NothingPublished)
    }

    /// Whether an older revision lies behind the last accepted one; where nobody verifies signatures, any may.
    async fn was_judged(&self, old: &Accepted) -> Result<bool, HubError> {
        let newest = self.standing.lock().await.accepted();
        let Some(newest) = newest.filter(|newest| newest.signed) else { return Ok(true) };
        let (old, newest) = (id(&old.revision)?, id(&newest.revision)?);
        self.on_source(move |source| source.mirror.descends(newest, old).map_err(fault)).await
    }

    /// An older revision may be pinned only if it would be accepted now.
    async fn accept_old(&self, revision: &str) -> Result<Accepted, HubError> {
        let text = revision.to_owned();
        let refused = |why: String| HubError::RevisionRefused { revision: text.clone(), why };
        let named = text.clone();
        let known = self.on_source(move |source| Ok(source.mirror.resolve(&named).map_err(|e| e.to_string()))).await?;
        let accepted = Accepted::at(&known.map_err(refused)?.to_string());
        let asked = accepted.clone();
        let checked = self.on_source(move |source| source.load(&asked)).await?;
        if !self.was_judged(&accepted).await? {
            return Err(refused(
                "it is none of the revisions before the last accepted one, so nobody judged who made it".into(),
            ));
        }
        match checked.diagnostics.iter().find(|found| found.severity == policy::diagnostic::Severity::Error) {
            Some(first) => Err(refused(format!("it has errors, the first at {first}"))),
            None => Ok(accepted),
        }
    }
}
