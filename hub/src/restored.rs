//! A hub whose store is older than the heads it signed was restored from a backup: it holds itself.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Fleet, HoldKind, Watermark};
use crate::store::Actor;
use policy::bundle::head::Head;
use policy::bundle::verify::verify_head;
use policy::canonical;
use policy::name::ClusterName;

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
        let issued = self.issued();
        if !is_newer_than_the_store(&head, &issued, cluster) {
            return Ok(());
        }
        let shown = head.sequence;
        records::observe(self.store.as_ref(), cluster, &Watermark { sequence: shown }).await?;
        let stored = stored(&issued, cluster);
        let digest = canonical::digest(&("restored", issued.as_ref()))?;
        self.place_hold(digest, HoldKind::Restored { cluster: cluster.clone(), shown, stored }, Actor::Hub).await
    }
}

fn stored(issued: &Fleet, cluster: &ClusterName) -> u64 {
    let current = issued.clusters.get(cluster).map(|issued| issued.sequence);
    current.or_else(|| issued.retired.get(cluster).copied()).unwrap_or(0)
}

/// A higher sequence, or the same one with other contents: the store has forgotten something.
fn is_newer_than_the_store(head: &Head, issued: &Fleet, cluster: &ClusterName) -> bool {
    let other = issued.clusters.get(cluster).is_some_and(|issued| issued.contents != head.contents);
    let stored = stored(issued, cluster);
    head.sequence > stored || (head.sequence == stored && other)
}
