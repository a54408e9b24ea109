//! Holds on large removals, as spokes report them (invariant 24).

use super::TRIES;
use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Hold, HoldKind, Kept, PruneRelease, Writes as _, unchanged};
use crate::store::{Action, Actor, Change, Precondition, StoreError, change};
use policy::canonical;
use policy::digest::Digest;
use policy::name::ClusterName;
use policy::plan::prune::Held;
use serde_json::json;
use std::collections::BTreeSet;

/// How many objects a hold names; it counts all.
const NAMED: usize = 100;

impl Hub {
    /// A spoke reports removals above T_prune, which intake has checked: they wait here, listed, until a person releases
    /// their digest. Clusters that hold the same rows share one hold; rows that were released before wait again. A
    /// cluster that reports the digest of a standing hold with other rows is not taken into it: the person who reads the
    /// list of the others would release what they never saw.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prune_hold_reported(&self, cluster: &ClusterName, held: &Held) -> Result<(), HubError> {
        for _ in 0..TRIES {
            match self.take_in(cluster, held).await {
                Err(HubError::Store(StoreError::Conflict { .. })) => {}
                done => return done,
            }
        }
        self.take_in(cluster, held).await
    }

    async fn take_in(&self, cluster: &ClusterName, held: &Held) -> Result<(), HubError> {
        let kept = records::get::<Hold>(self.store.as_ref(), &held.digest).await?;
        let says = (held.total, canonical::digest(&held.rows)?);
        let standing = kept.as_ref().map(|kept| &kept.record).filter(|hold| hold.stands());
        let hold = match standing.and_then(|hold| Some((hold, said(hold)?))) {
            Some((hold, said)) if said == says => joined(hold, cluster),
            Some(_) => {
                tracing::warn!(hold = %held.digest, %cluster, "other rows under the digest of a hold: not taken in");
                None
            }
            None if self.is_released(cluster, held.digest).await? => None,
            None => Some(self.begun(cluster, held, says.1)),
        };
        match hold {
            Some(hold) => self.keep(&hold, kept.as_ref(), cluster).await,
            None => Ok(()),
        }
    }

    fn begun(&self, cluster: &ClusterName, held: &Held, named: Digest) -> Hold {
        let objects = held.rows.iter().take(NAMED).map(|row| row.id.clone()).collect();
        let clusters = BTreeSet::from([cluster.clone()]);
        let kind = HoldKind::Removals { clusters, objects, count: held.total, named: Some(named) };
        Hold { digest: held.digest, kind, since: self.clock.wall(), released: None, lapsed: None }
    }

    async fn keep(&self, hold: &Hold, kept: Option<&Kept<Hold>>, by: &ClusterName) -> Result<(), HubError> {
        let change = Change::new().set(&hold.digest, hold, unchanged(kept))?;
        let entry = self.entry(Actor::Cluster(by.clone()), Action::Hold, &hold.digest, json!(hold.kind));
        self.store.commit(change, entry).await?;
        tracing::info!(hold = %hold.digest, cluster = %by, "removals wait for a person: see `writ hold list`");
        Ok(())
    }

    /// Whether the cluster's head says so already, or is about to.
    pub(super) async fn is_released(&self, cluster: &ClusterName, digest: Digest) -> Result<bool, HubError> {
        let released = records::get::<PruneRelease>(self.store.as_ref(), cluster).await?;
        let now = PruneRelease { digest, sequence: self.sequence_of(cluster) };
        Ok(released.is_some_and(|kept| kept.record == now))
    }

    fn sequence_of(&self, cluster: &ClusterName) -> u64 {
        self.issued().clusters.get(cluster).map_or(0, |issued| issued.sequence)
    }

    /// Lets each cluster remove these rows, at the sequence that it is at: as much of it in `change`, which ends the
    /// hold, as one change takes, the rest before it. A crash in between leaves the hold standing: releasing it again
    /// does the rest.
    pub(super) async fn release_removals(
        &self,
        change: Change,
        digest: Digest,
        clusters: &BTreeSet<ClusterName>,
        who: &Actor,
    ) -> Result<Change, HubError> {
        let release = |change: Change, cluster: &&ClusterName| {
            let release = PruneRelease { digest, sequence: self.sequence_of(cluster) };
            change.set(*cluster, &release, Precondition::Unconditional)
        };
        let clusters: Vec<_> = clusters.iter().collect();
        let (before, with) = clusters.split_at(clusters.len().saturating_sub(change::MOST - change.writes().len()));
        for some in before.chunks(change::MOST) {
            let part = some.iter().try_fold(Change::new(), release)?;
            let entry = self.entry(who.clone(), Action::Release, &digest, json!({"clusters": some}));
            self.store.commit(part, entry).await?;
        }
        Ok(with.iter().try_fold(change, release)?)
    }
}

/// What the clusters of a hold have said of it: how many rows, and the digest of those that they named. None in one that
/// an older Writ took in unchecked, which begins anew.
const fn said(hold: &Hold) -> Option<(u64, Digest)> {
    match hold.kind {
        HoldKind::Removals { count, named: Some(named), .. } => Some((count, named)),
        _ => None,
    }
}

/// The hold with one cluster more; none where it is there already.
fn joined(hold: &Hold, cluster: &ClusterName) -> Option<Hold> {
    let mut hold = hold.clone();
    let HoldKind::Removals { clusters, .. } = &mut hold.kind else { return None };
    clusters.insert(cluster.clone()).then_some(hold)
}
