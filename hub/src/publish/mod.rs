//! Publishing: from the last accepted revision to signed heads. Start here.
//!
//! ```text
//! accepted revision -> holds -> compile for the whole fleet -> what changes -> contents by digest -> one commit -> heads
//! ```
//!
//! - `Accepted`: the commits of the last revision that passed the checks. `InForce`: commits with the catalog read from
//!   them: the pin's, else the accepted ones.
//! - `Wanted`: what every cluster shall get, compiled from it. `Fleet`: what every cluster was last issued, as content.
//! - `Pointer`: the one record that a publish moves; it names the `Fleet` and the commits that it was made from.
//! - `Standing`: all of that as the one publisher knows it. `Published`: one cluster's signed head, as it is followed.
//!
//! Who calls: `sync.rs` with a new revision, `task.rs` whenever something else has changed. Where it goes on: `heads.rs`
//! signs and hands each head to `following.rs`, from where `distribute/follow.rs` sends it to the spoke. What stands
//! elsewhere: holds and pins in `stops.rs` and `rendering.rs`, the fleet's facts and compiling in `fleet.rs`, sequences in
//! `place.rs`, what is in force in `hub.rs`, and in `restored.rs` the floor: the highest sequence of a life before a
//! restored store's.

mod contents;
mod fleet;
pub(crate) mod heads;
pub(crate) mod memo;
mod place;
mod rendering;
pub(crate) mod standing;
mod stops;
mod task;

use crate::error::HubError;
use crate::hub::{Hub, InForce};
use crate::records::{self, Accepted, Fleet, Issued, Only, Pointer, Writes as _, unchanged};
use crate::store::{Action, Actor, Change};
pub(crate) use rendering::translators;

use contents::{fleet_blob, lacking, lists};
use fleet::Wanted;
use place::place;
use policy::digest::Digest;
use policy::name::ClusterName;
use serde_json::json;
use standing::Standing;
use std::sync::Arc;
use stops::Stops;

/// What came of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every head speaks of what is in force.
    Published,
    /// It waits for a person: pinned or held.
    Waiting,
    /// No revision was accepted yet.
    Nothing,
}

impl Hub {
    /// Publishes what is in force: `candidate` when it may be, else what was accepted before. Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// When the store, the catalog's mirror or the signer fails; what was published before stays published.
    pub async fn publish(&self, candidate: Option<InForce>) -> Result<Outcome, HubError> {
        let began = self.clock.monotonic();
        let outcome = self.publish_now(candidate).await;
        self.measures.published(outcome.as_ref().copied(), self.clock.monotonic().saturating_sub(began));
        outcome
    }

    async fn publish_now(&self, candidate: Option<InForce>) -> Result<Outcome, HubError> {
        let mut standing = self.standing.lock().await;
        self.hold_new_renderings(&standing, candidate.is_some()).await?;
        loop {
            let stops = self.stops().await?;
            if let Some(outcome) = self.publish_under(&stops, &mut standing, candidate.clone()).await? {
                return Ok(outcome);
            }
            tracing::info!("a pin or a hold came or went during a publish, which begins again");
        }
    }

    /// Publishes as far as `stops` let it; none when they were others by the time of the commit, so nothing has moved.
    async fn publish_under(
        &self,
        stops: &Stops,
        standing: &mut Standing,
        candidate: Option<InForce>,
    ) -> Result<Option<Outcome>, HubError> {
        if stops.keep_back(candidate.is_some()) {
            return self.wait(standing, candidate.map(|candidate| candidate.accepted)).await.map(Some);
        }
        let in_force = self.in_force(standing, candidate, stops.pin()).await?;
        let Some(in_force) = in_force else { return Ok(Some(Outcome::Nothing)) };
        let fleet = self.fleet(&in_force.catalog).await?;
        let wanted = self.compile(in_force.catalog.clone(), fleet).await?;
        let next = self.next(standing, &wanted, &in_force.accepted).await?;
        if !self.commit(standing, next, wanted, &in_force, stops).await? {
            return Ok(None);
        }
        self.set_in_force(in_force);
        self.issue(standing).await?;
        Ok(Some(Outcome::Published))
    }

    /// Remembers what was accepted, and keeps the heads as they are.
    async fn wait(&self, standing: &mut Standing, accepted: Option<Accepted>) -> Result<Outcome, HubError> {
        if let Some(accepted) = accepted.filter(|new| Some(new) != standing.accepted.as_ref().map(|kept| &kept.record))
        {
            let change = Change::new().set(&Only, &accepted, unchanged(standing.accepted.as_ref()))?;
            let entry = self.entry(Actor::Hub, Action::Accept, &accepted.revision, json!(null));
            self.store.commit(change, entry).await?;
            standing.accepted = records::get(self.store.as_ref(), &Only).await?;
        }
        self.issue(standing).await?;
        Ok(Outcome::Waiting)
    }

    /// What every cluster shall be issued next.
    async fn next(&self, standing: &Standing, wanted: &Wanted, accepted: &Accepted) -> Result<Fleet, HubError> {
        let floor = self.floor().await?;
        let wanted = wanted.values().map(|(facts, compiled)| (&facts.declared, compiled.digest));
        Ok(place(&standing.fleet, wanted, accepted, floor)?)
    }

    /// Puts the contents by digest, then moves the pointer, in one commit with its audit entry. Says whether `stops`
    /// still stood.
    async fn commit(
        &self,
        standing: &mut Standing,
        next: Fleet,
        wanted: Wanted,
        in_force: &InForce,
        stops: &Stops,
    ) -> Result<bool, HubError> {
        let fleet = fleet_blob(&next)?;
        let pointer =
            Pointer { fleet: fleet.digest, accepted: in_force.accepted.clone(), translators: self.translators };
        let accepted = self.newly_accepted(standing, in_force);
        if accepted.is_none() && standing.pointer.as_ref().is_some_and(|kept| kept.record == pointer) {
            return Ok(true);
        }
        let mut blobs = lacking(&wanted, &standing.stored);
        blobs.push(fleet);
        let put: Vec<Digest> = blobs.iter().map(|blob| blob.digest).collect();
        self.store.put_contents(blobs).await?;
        if !self.move_pointer(standing, &pointer, accepted, stops).await? {
            return Ok(false);
        }
        standing.stored.extend(put);
        standing.listed = lists(standing, wanted);
        let news = |(name, issued): &(&ClusterName, &Issued)| standing.fleet.clusters.get(*name) != Some(*issued);
        let changed = next.clusters.iter().filter(news).count();
        tracing::info!(revision = in_force.accepted.revision, clusters = changed, "published");
        standing.fleet = Arc::new(next);
        self.set_issued(standing.fleet.clone());
        Ok(true)
    }

    /// The one commit of a publish, if `stops` still stand.
    async fn move_pointer(
        &self,
        standing: &mut Standing,
        pointer: &Pointer,
        accepted: Option<&Accepted>,
        stops: &Stops,
    ) -> Result<bool, HubError> {
        let _turn = self.turn.lock().await;
        if self.stops().await? != *stops {
            return Ok(false);
        }
        let mut change = Change::new().set(&Only, pointer, unchanged(standing.pointer.as_ref()))?;
        if let Some(accepted) = accepted {
            change = change.set(&Only, accepted, unchanged(standing.accepted.as_ref()))?;
        }
        let entry = self.entry(Actor::Hub, Action::Publish, &pointer.accepted.revision, json!(pointer));
        self.store.commit(change, entry).await?;
        standing.pointer = records::get(self.store.as_ref(), &Only).await?;
        standing.accepted = records::get(self.store.as_ref(), &Only).await?;
        Ok(true)
    }

    /// What a publish also accepts: nothing where the catalog is read from a pin.
    fn newly_accepted<'a>(&self, standing: &Standing, in_force: &'a InForce) -> Option<&'a Accepted> {
        let known = standing.accepted.as_ref().map(|kept| &kept.record);
        (!in_force.pinned && known != Some(&in_force.accepted)).then_some(&in_force.accepted)
    }
}
