//! Holds that end by themselves: what waited is no longer wanted (invariant 24 waits only for what would happen).

use super::TRIES;
use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Hold, HoldKind, Kept, Writes as _, unchanged};
use crate::store::{Action, Actor, Change, StoreError};
use policy::digest::Digest;
use policy::name::ClusterName;
use serde_json::json;

impl Hub {
    /// The newest report of a cluster holds `held` and nothing else: it leaves every other hold on removals, and a hold
    /// that no cluster is left in lapses.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prune_holds_left(&self, cluster: &ClusterName, held: Option<Digest>) -> Result<(), HubError> {
        for _ in 0..TRIES {
            match self.leave_all(cluster, held).await {
                Err(HubError::Store(StoreError::Conflict { .. })) => {}
                done => return done,
            }
        }
        self.leave_all(cluster, held).await
    }

    /// The translators' difference is the one of `held` and no other, or there is none: holds on others lapse.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn lapse_renderings(&self, held: Option<Digest>) -> Result<(), HubError> {
        self.lapse_others(held, |kind| matches!(kind, HoldKind::Rendering { .. })).await
    }

    /// Holds of a kind, but `held`, lapse.
    pub(super) async fn lapse_others(&self, held: Option<Digest>, of: fn(&HoldKind) -> bool) -> Result<(), HubError> {
        let all = records::list::<Hold>(self.store.as_ref()).await?;
        let stands = |hold: &Hold| hold.stands() && of(&hold.kind);
        for kept in all.iter().filter(|kept| stands(&kept.record) && Some(kept.record.digest) != held) {
            let hold = Hold { lapsed: Some(self.clock.wall()), ..kept.record.clone() };
            let change = Change::new().set(&hold.digest, &hold, unchanged(Some(kept)))?;
            let entry = self.entry(Actor::Hub, Action::Lapse, &hold.digest, json!({"lapsed": true}));
            match self.store.commit(change, entry).await {
                Ok(_) => tracing::info!(hold = %hold.digest, "what waited is no longer wanted"),
                // Somebody released it at the same moment.
                Err(StoreError::Conflict { .. }) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    async fn leave_all(&self, cluster: &ClusterName, held: Option<Digest>) -> Result<(), HubError> {
        let standing = records::list::<Hold>(self.store.as_ref()).await?;
        for kept in standing.iter().filter(|kept| kept.record.stands() && Some(kept.record.digest) != held) {
            self.leave(cluster, kept).await?;
        }
        Ok(())
    }

    async fn leave(&self, cluster: &ClusterName, kept: &Kept<Hold>) -> Result<(), HubError> {
        let mut hold = kept.record.clone();
        let HoldKind::Removals { clusters, .. } = &mut hold.kind else { return Ok(()) };
        if !clusters.remove(cluster) {
            return Ok(());
        }
        if clusters.is_empty() {
            // What it was about stays readable.
            hold = Hold { lapsed: Some(self.clock.wall()), ..kept.record.clone() };
        }
        let change = Change::new().set(&hold.digest, &hold, unchanged(Some(kept)))?;
        let detail = json!({"lapsed": hold.lapsed.is_some()});
        let entry = self.entry(Actor::Cluster(cluster.clone()), Action::Lapse, &hold.digest, detail);
        self.store.commit(change, entry).await?;
        tracing::info!(hold = %hold.digest, %cluster, "a cluster no longer holds these removals");
        Ok(())
    }
}
