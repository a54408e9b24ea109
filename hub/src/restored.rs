//! A hub that signed heads which its store does not know was restored from a backup: it holds itself.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Fleet, HoldKind, Issued, Watermark};
use crate::store::Actor;
use policy::bundle::head::Head;
use policy::bundle::verify::verify_head;
use policy::canonical::{self, NotCanonical};
use policy::name::ClusterName;
use std::cmp::Ordering;

impl Hub {
    /// Takes in the head that a spoke presents as its watermark. One that this hub signed and does not know means that
    /// its store was restored; one that does not verify tells nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn shown(&self, cluster: &ClusterName, head: &[u8]) -> Result<(), HubError> {
        let head = match verify_head(&self.trust, cluster, None, head) {
            Ok(head) => head,
            Err(error) => {
                tracing::warn!(%cluster, %error, "the head that the spoke holds does not verify");
                return Ok(());
            }
        };
        self.issue_after(head.issued_at).await?;
        let issued = self.issued();
        // What stands at or below the floor is of the life before, and was told: nothing is issued there any more.
        if is_known(&head, &issued)? || head.sequence <= self.floor().await? {
            return Ok(());
        }
        self.hold_as_restored(&head, &issued).await
    }

    /// The highest sequence that any cluster has shown of a life before this store's; all continue above it.
    pub(crate) async fn floor(&self) -> Result<u64, HubError> {
        let shown = records::list::<Watermark>(self.store.as_ref()).await?;
        Ok(shown.iter().map(|kept| kept.record.sequence).max().unwrap_or(0))
    }

    /// The hold comes first: a watermark without it would pass the next such head by.
    async fn hold_as_restored(&self, head: &Head, issued: &Fleet) -> Result<(), HubError> {
        let (cluster, shown) = (&head.cluster.name, head.sequence);
        let digest = canonical::digest(&("restored", issued))?;
        let kind = HoldKind::Restored { cluster: cluster.clone(), shown, stored: stored(issued, cluster) };
        self.place_hold(digest, kind, Actor::Hub).await?;
        records::observe(self.store.as_ref(), cluster, &Watermark { sequence: shown }).await?;
        Ok(())
    }
}

fn stored(issued: &Fleet, cluster: &ClusterName) -> u64 {
    let current = issued.clusters.get(cluster).map(|issued| issued.sequence);
    current.or_else(|| issued.retired.get(cluster).copied()).unwrap_or(0)
}

/// Whether the store has issued such a head, as far as it can tell.
fn is_known(head: &Head, issued: &Fleet) -> Result<bool, NotCanonical> {
    let cluster = &head.cluster.name;
    let Some(current) = issued.clusters.get(cluster) else { return Ok(head.sequence <= stored(issued, cluster)) };
    match head.sequence.cmp(&current.sequence) {
        Ordering::Greater => Ok(false),
        Ordering::Equal => Ok(says_the_same(head, current)),
        Ordering::Less => is_remembered(head, current),
    }
}

fn says_the_same(head: &Head, current: &Issued) -> bool {
    head.says() == current.says()
}

/// Of sequences below those that are remembered, nothing can be told.
fn is_remembered(head: &Head, current: &Issued) -> Result<bool, NotCanonical> {
    match current.before.get(&head.sequence) {
        Some(said) => Ok(*said == canonical::digest(&head.says())?),
        None => Ok(current.before.keys().next().is_none_or(|first| head.sequence < *first)),
    }
}
