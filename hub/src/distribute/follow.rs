//! One spoke's conversation: it asks, the hub answers with the newest head once it has a newer one than the spoke.
//!
//! Answers are made when they are asked for, from the index in [`crate::following`], so that a slow spoke skips what lies
//! between and delays nobody.

use super::facts;
use super::held::Held;
use crate::following::{Listed, Newest, Published};
use crate::hub::Hub;
use crate::spokes::{ClusterId, status};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{BoxStream, unfold};
use policy::bundle::contents::Line;
use policy::bundle::delta::diff;
use policy::facts::Capabilities;
use proto::grpc::{EntryLine, FollowRequest, FollowResponse};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

/// Facts that a spoke has told.
struct Told {
    capabilities: Capabilities,
    uid: String,
    /// When they may be taken in, by the monotonic clock.
    due: Duration,
}

/// The state of one stream.
pub(super) struct Conversation {
    hub: Arc<Hub>,
    cluster: ClusterId,
    asks: Streaming<FollowRequest>,
    newest: watch::Receiver<Newest>,
    held: Option<Held>,
    /// The last envelope that was sent here. A spoke that refuses it is not sent it again.
    sent: Option<Bytes>,
    introduced: bool,
    /// The latest facts, told too soon after others.
    later: Option<Told>,
    stopping: CancellationToken,
}

impl Conversation {
    pub(super) fn new(
        hub: Arc<Hub>,
        cluster: ClusterId,
        asks: Streaming<FollowRequest>,
        stopping: CancellationToken,
    ) -> Self {
        let newest = hub.followed(cluster.name());
        Self { hub, cluster, asks, newest, held: None, sent: None, introduced: false, later: None, stopping }
    }

    /// The answers, until either side ends the stream.
    pub(super) fn answers(self) -> BoxStream<'static, Result<FollowResponse, Status>> {
        let answers = unfold(Some(self), |conversation| async move {
            let mut conversation = conversation?;
            match conversation.next().await {
                Ok(Some(answer)) => Some((Ok(answer), Some(conversation))),
                Ok(None) => None,
                Err(status) => Some((Err(status), None)),
            }
        });
        answers.boxed()
    }

    /// Waits to be asked, then for something newer.
    async fn next(&mut self) -> Result<Option<FollowResponse>, Status> {
        let mut asked = false;
        loop {
            if asked && let Some(answer) = self.answer() {
                return Ok(Some(answer));
            }
            tokio::select! {
                () = self.stopping.cancelled() => return Ok(None),
                ask = self.asks.message() => match ask? {
                    Some(ask) => self.hear(ask).await?,
                    None => return Ok(None),
                },
                () = due(&self.hub, self.later.as_ref()) => {
                    self.tell_later().await?;
                    continue;
                }
                changed = self.newest.changed(), if asked => {
                    changed.map_err(|_| Status::unavailable("the hub is stopping"))?;
                }
            }
            asked = true;
        }
    }

    /// Takes in facts and the watermark.
    async fn hear(&mut self, ask: FollowRequest) -> Result<(), Status> {
        if let Some(facts) = ask.facts {
            let (capabilities, uid) = (facts::read(facts)?, facts::uid(&ask.cluster_uid)?.to_owned());
            self.later = Some(Told { capabilities, uid, due: Duration::ZERO });
            self.tell_later().await?;
            self.introduced = true;
        }
        introduced_first(self.introduced)?;
        if !ask.head.is_empty() {
            self.hub.shown(self.cluster.name(), &ask.head).await.map_err(|error| status(&error))?;
        }
        self.held = Held::read(&ask.head);
        Ok(())
    }

    /// Takes in the latest facts, once their time has come.
    async fn tell_later(&mut self) -> Result<(), Status> {
        let Some(told) = self.later.take() else { return Ok(()) };
        let taken = self.hub.facts(self.cluster.name(), &told.uid, told.capabilities.clone()).await;
        if let Some(wait) = taken.map_err(|error| status(&error))? {
            self.later = Some(Told { due: self.hub.clock.monotonic() + wait, ..told });
        }
        Ok(())
    }

    /// The newest head with what leads to it, if the spoke should have it.
    fn answer(&mut self) -> Option<FollowResponse> {
        let published = self.newest.borrow_and_update().clone()?;
        if self.sent.as_ref() == Some(&published.envelope) || !is_newer(&published, self.held.as_ref()) {
            return None;
        }
        self.sent = Some(published.envelope.clone());
        Some(response(&published, self.held.as_ref()))
    }
}

/// Ends when the facts may be taken in; never without any.
async fn due(hub: &Hub, told: Option<&Told>) {
    match told {
        Some(told) => tokio::time::sleep(told.due.saturating_sub(hub.clock.monotonic())).await,
        None => std::future::pending().await,
    }
}

/// Facts come first: without them there is nothing to compile.
fn introduced_first(introduced: bool) -> Result<(), Status> {
    if introduced { Ok(()) } else { Err(Status::invalid_argument("the first message must carry facts")) }
}

/// A spoke that holds a higher sequence would refuse ours: this hub was restored, or another one is ahead.
fn is_newer(published: &Published, held: Option<&Held>) -> bool {
    held.is_none_or(|held| held.envelope != published.envelope && held.sequence <= published.head.sequence)
}

fn response(published: &Published, held: Option<&Held>) -> FollowResponse {
    let base = held.and_then(|held| base(published, held));
    let delta = diff(base.map(|base| (base.digest, &base.contents)), &published.contents.contents);
    FollowResponse {
        head: published.envelope.clone(),
        base: delta.base.map(|digest| digest.to_string()).unwrap_or_default(),
        changed: delta.changed.iter().map(line).collect(),
        removed: delta.removed.iter().map(ToString::to_string).collect(),
    }
}

/// Those of the newest two contents that the spoke holds; anything else is sent whole.
fn base<'a>(published: &'a Published, held: &Held) -> Option<&'a Listed> {
    let known = std::iter::once(&published.contents).chain(&published.previous);
    known.map(Arc::as_ref).find(|listed| listed.digest == held.contents)
}

fn line(line: &Line) -> EntryLine {
    EntryLine { name: line.name.to_string(), digest: line.digest.to_string(), size: line.size }
}
