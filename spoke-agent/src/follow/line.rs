//! Opening a session: dialled, verified, let in, and following.

use super::Newer;
use super::session::{Client, SessionError};
use crate::agent::Agent;
use crate::identity::Credentials;
use certs::connect::{ConnectError, Session, connect};
use certs::tls::{Alpn, ClientTls};
use policy::facts::Capabilities;
use proto::grpc::distribution_client::DistributionClient;
use proto::grpc::{Facts, FollowRequest, FollowResponse};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::codec::CompressionEncoding;

const PATIENCE: Duration = Duration::from_secs(10);
/// A head and a delta of all lines.
const MESSAGE: usize = 4 << 20;

/// A session that stands: the hub has let its certificate in and answers.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) hub: String,
    pub(super) client: Client,
    pub(super) asks: mpsc::Sender<FollowRequest>,
    pub(super) heads: Streaming<FollowResponse>,
    /// What was told of the cluster, and what tells when that has changed.
    pub(super) capabilities: watch::Receiver<Capabilities>,
    /// Tells of certificates that are newer than the one that it presents.
    pub(super) newer: Newer,
}

/// Opens a session with one of the hubs: the one whose `turn` it is, round and round.
pub(super) async fn dial(agent: &Agent, credentials: &Credentials, turn: usize) -> Result<Line, SessionError> {
    let hubs = agent.hubs();
    let at = turn.checked_rem(hubs.len()).ok_or(SessionError::NoHub)?;
    let hub = hubs.get(at).cloned().ok_or(SessionError::NoHub)?;
    let newer = credentials.newest.newer();
    let mut client = DistributionClient::new(verified(agent, credentials, &hub).await?.channel)
        .max_decoding_message_size(MESSAGE)
        .accept_compressed(CompressionEncoding::Zstd)
        .send_compressed(CompressionEncoding::Zstd);
    let (asks, requests) = mpsc::channel(8);
    let mut capabilities = agent.capabilities.subscribe();
    let opening = opening(agent, &capabilities.borrow_and_update().clone());
    asks.send(opening).await.map_err(|_| SessionError::Closed)?;
    let answer = tokio::time::timeout(PATIENCE, client.follow(ReceiverStream::new(requests))).await;
    let heads = answer.map_err(|_| SessionError::Silent)??.into_inner();
    Ok(Line { hub, client, asks, heads, capabilities, newer })
}

/// A hub may present what only a newer trust document explains.
async fn verified(agent: &Agent, credentials: &Credentials, hub: &str) -> Result<Session, SessionError> {
    match secure(agent, credentials, hub).await {
        Err(SessionError::Connect(ConnectError::Handshake { address, source })) => {
            match credentials.trusted.refresh(hub, agent.time.clock()).await {
                Ok(true) => secure(agent, credentials, hub).await,
                _ => Err(ConnectError::Handshake { address, source }.into()),
            }
        }
        other => other,
    }
}

async fn secure(agent: &Agent, credentials: &Credentials, hub: &str) -> Result<Session, SessionError> {
    let newest = Some(&credentials.newest).filter(|newest| newest.get().is_some());
    let newest = newest.cloned().ok_or(SessionError::NoCertificate)?;
    let tls = ClientTls::presenting(newest, credentials.trusted.authorities()?, Alpn::H2, agent.time.clock())?;
    Ok(connect(hub, &tls, PATIENCE).await?)
}

pub(super) fn opening(agent: &Agent, capabilities: &Capabilities) -> FollowRequest {
    FollowRequest { facts: Some(facts(capabilities)), cluster_uid: agent.cluster_uid.clone(), head: held(agent) }
}

/// The head that we hold: our watermark.
pub(super) fn held(agent: &Agent) -> bytes::Bytes {
    agent.force().watermark.as_ref().map(|mark| mark.bytes.clone()).unwrap_or_default()
}

fn facts(capabilities: &Capabilities) -> Facts {
    let apis = capabilities.apis.iter().map(ToString::to_string).collect();
    Facts { kubernetes: capabilities.kubernetes.clone(), apis }
}
