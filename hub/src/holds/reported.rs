//! What the newest report of a cluster means for the holds on removals.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Hold, HoldKind};
use policy::digest::Digest;
use policy::name::ClusterName;
use policy::plan::prune::Held;
use std::collections::BTreeSet;

impl Hub {
    /// The newest report of a cluster holds `held` and nothing else. Where it said something else a moment ago, nothing
    /// is taken in: a spoke tells the same again within a minute, and then it counts.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn removals_reported(&self, cluster: &ClusterName, held: Option<&Held>) -> Result<(), HubError> {
        let digest = held.map(|held| held.digest);
        if self.is_taken_in(cluster, digest).await? {
            return Ok(());
        }
        if let Some(wait) = self.pace_of_holds.take(cluster, self.clock.monotonic()) {
            tracing::debug!(%cluster, ?wait, "what it holds changes too often: looked at again with a later report");
            return Ok(());
        }
        self.prune_holds_left(cluster, digest).await?;
        match held {
            Some(held) => self.prune_hold_reported(cluster, held).await,
            None => Ok(()),
        }
    }

    /// Whether the cluster waits in the hold of this digest and in no other, or was let go on.
    async fn is_taken_in(&self, cluster: &ClusterName, held: Option<Digest>) -> Result<bool, HubError> {
        let holds = records::list::<Hold>(self.store.as_ref()).await?;
        let standing = holds.into_iter().map(|kept| kept.record).filter(|hold| waits_in(hold, cluster));
        let standing: BTreeSet<Digest> = standing.map(|hold| hold.digest).collect();
        match held {
            Some(held) if standing.is_empty() => self.is_released(cluster, held).await,
            held => Ok(standing == held.into_iter().collect()),
        }
    }
}

fn waits_in(hold: &Hold, cluster: &ClusterName) -> bool {
    hold.stands() && matches!(&hold.kind, HoldKind::Removals { clusters, .. } if clusters.contains(cluster))
}
