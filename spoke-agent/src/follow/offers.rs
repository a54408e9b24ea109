//! What a hub offers within one session, one after another. What is refused ends nothing: the hub will have something
//! better. What may yet be taken up is tried again, ever more rarely, without fetching anew what verified.

use super::session::{Client, SessionError};
use super::{take_up, wait};
use crate::accept::{Blobs, Refused};
use crate::agent::Agent;
use crate::identity::Trusted;
use proto::grpc::FollowResponse;
use std::sync::Arc;

/// See the module.
pub(super) struct Offers<'a> {
    agent: &'a Arc<Agent>,
    trusted: &'a Trusted,
    client: Client,
    /// What could not be taken up yet.
    waiting: Option<FollowResponse>,
    /// What verified of it.
    kept: Blobs,
    /// Tries in a row that came to nothing.
    failures: u32,
}

impl<'a> Offers<'a> {
    pub(super) fn new(agent: &'a Arc<Agent>, trusted: &'a Trusted, client: Client) -> Self {
        Self { agent, trusted, client, waiting: None, kept: Blobs::new(), failures: 0 }
    }

    /// Where the cache was refused, the bundle of the watermark itself is fetched again. A hub that has it no longer has
    /// a newer head, and offers that.
    pub(super) async fn recover(&mut self) {
        let force = self.agent.force();
        let (None, Some(mark)) = (&force.bundle, &force.watermark) else { return };
        let own = FollowResponse { head: mark.bytes.clone(), ..FollowResponse::default() };
        if let Err(error) = self.offer(&own).await {
            tracing::info!(error = service::exit::chain(&error), "the bundle of the watermark cannot be fetched again");
        }
    }

    /// Ends when what waits is to be tried again; never where nothing waits.
    pub(super) async fn due(&self) {
        match self.waiting {
            Some(_) => tokio::time::sleep(wait(self.agent, self.failures)).await,
            None => std::future::pending().await,
        }
    }

    /// Takes up what is `offered` now, or else what waits. A hub whose offers are refused one after another is not asked
    /// for the next at once.
    ///
    /// # Errors
    /// Only where the session can no longer serve.
    pub(super) async fn take(&mut self, offered: Option<FollowResponse>) -> Result<(), SessionError> {
        let Some(message) = offered.or_else(|| self.waiting.take()) else { return Ok(()) };
        self.waiting = None;
        let Err(error) = self.offer(&message).await else {
            self.failures = 0;
            return Ok(());
        };
        tracing::debug!(error = service::exit::chain(&error), "an offer is not taken up");
        self.failures = self.failures.saturating_add(1);
        match error {
            SessionError::Refused(Refused::Trust { .. })
            | SessionError::Store(_)
            | SessionError::Fetch
            | SessionError::Status { .. } => self.waiting = Some(message),
            SessionError::Refused(_) => tokio::time::sleep(wait(self.agent, self.failures)).await,
            other => return Err(other),
        }
        Ok(())
    }

    async fn offer(&mut self, message: &FollowResponse) -> Result<(), SessionError> {
        take_up::offer(self.agent, self.trusted, &mut self.client, message, &mut self.kept).await
    }
}
