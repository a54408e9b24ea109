//! What wakes the publisher: changes of what it reads, the time to issue heads anew, and a slow scan.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{Hold, Pin, Record as _, ReportedFacts, Watermark};
use crate::store::{Prefix, StoreError, Watch};
use futures::StreamExt as _;
use futures::future::FutureExt as _;
use service::health::Gate;
use service::supervisor::Context;
use std::time::Duration;

/// How often the publisher looks whether or not it was woken, and drops what nothing needs.
const SLOW_SCAN: Duration = Duration::from_secs(600);
/// Heads are signed anew this many times within their freshness.
const ISSUES_PER_FRESHNESS: u32 = 3;

impl Hub {
    /// Publishes whenever something that it reads has changed, until told to stop. `ready` opens once the heads of the
    /// last accepted revision are signed.
    ///
    /// # Errors
    /// When the store can no longer be read or written.
    pub async fn keep_publishing(&self, ready: Gate, context: Context) -> Result<(), HubError> {
        let mut wakes = self.wakes().await?;
        let mut issue = tokio::time::interval(self.settings.fresh.get() / ISSUES_PER_FRESHNESS);
        let mut scan = tokio::time::interval(SLOW_SCAN);
        loop {
            tokio::select! {
                () = context.shutdown.cancelled() => return Ok(()),
                woken = wakes.next() => {
                    woken.ok_or(StoreError::Closed)??;
                    // What else has arrived meanwhile is covered by the same publish.
                    while wakes.next().now_or_never().is_some() {}
                    self.survive(self.publish(None).await)?;
                }
                _ = issue.tick() => self.survive(self.reissue().await)?,
                _ = scan.tick() => {
                    self.survive(self.publish(None).await)?;
                    self.survive(self.collect().await)?;
                    self.survive(self.tidy().await)?;
                }
            }
            if self.heads_stand().await {
                ready.open();
            }
            context.heartbeat.beat();
        }
    }

    /// Whether every cluster that was issued something has a signed head.
    async fn heads_stand(&self) -> bool {
        let standing = self.standing.lock().await;
        standing.pointer.is_some() && standing.fleet.clusters.keys().all(|name| standing.signed.contains_key(name))
    }

    /// A failure that may pass is told, and what is published stays; the next wake tries again.
    #[expect(clippy::unused_self, reason = "reads as the hub's own rule where it is used")]
    fn survive<T>(&self, result: Result<T, HubError>) -> Result<(), HubError> {
        match result {
            Err(error) if error.is_terminal() => Err(error),
            Err(error) => {
                let error = service::exit::chain(&error);
                tracing::warn!(error, "not published; what was published stays");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    async fn wakes(&self) -> Result<Watch, HubError> {
        let now = self.store.revision().await?;
        let names = [ReportedFacts::NAME, Hold::NAME, Pin::NAME, Watermark::NAME];
        let watches = names.map(|name| self.store.watch(Prefix::of(name), now));
        Ok(futures::stream::select_all(watches).boxed())
    }

    /// Drops content that neither the newest nor the previous contents of any cluster name.
    pub(crate) async fn collect(&self) -> Result<(), HubError> {
        let mut standing = self.standing.lock().await;
        let keep = standing.reachable();
        let gone = self.store.collect(keep.clone()).await?;
        standing.stored = keep;
        tracing::debug!(gone, "collected content that nothing names");
        Ok(())
    }
}
