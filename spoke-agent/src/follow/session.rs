//! One session: facts first, then a head after each; what is lacking is fetched; reports when something changed.

use super::take_up;
use crate::accept::Refused;
use crate::agent::{Agent, Link};
use certs::ca::AuthoritiesError;
use certs::connect::{ConnectError, Session, connect};
use certs::tls::{Alpn, ClientTls, Newest, TlsError};
use policy::facts::Capabilities;
use policy::report::Report;
use proto::grpc::distribution_client::DistributionClient;
use proto::grpc::{Facts, FollowRequest, FollowResponse, ReportRequest};
use service::fault::FileError;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic::{Code, Streaming};

const PATIENCE: Duration = Duration::from_secs(10);
/// A head and a delta of all lines.
const MESSAGE: usize = 4 << 20;
/// A report is repeated although nothing has changed.
const REPEAT: Duration = Duration::from_secs(60);

/// Client of the one service that needs an identity.
pub(super) type Client = DistributionClient<Channel>;

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No hub is known.
    #[error("no hub is known")]
    NoHub,
    /// The hub cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// TLS.
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsError),
    /// The trust document's authorities.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// The hub ended the stream.
    #[error("the hub ended the stream")]
    Closed,
    /// The hub answered an error.
    #[error("the hub answered {code}: {message}")]
    Status {
        /// gRPC's code.
        code: tonic::Code,
        /// Its message.
        message: String,
    },
    /// What it offered is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It was accepted, but cannot be stored.
    #[error("the bundle cannot be stored, and the old one stays in force")]
    Store(#[from] FileError),
    /// What was fetched is not what was asked for.
    #[error("the hub gave what was not asked for, or too much")]
    Fetch,
}

impl SessionError {
    /// Whether a hub was reached and did not want us: a revoked identity looks like that, among other things.
    pub(super) const fn is_turned_away(&self) -> bool {
        matches!(self, Self::Connect(ConnectError::Handshake { .. }) | Self::Status { .. } | Self::Closed)
    }
}

impl From<tonic::Status> for SessionError {
    fn from(status: tonic::Status) -> Self {
        Self::Status { code: status.code(), message: status.message().to_owned() }
    }
}

/// A session that stands.
#[derive(Debug)]
pub(super) struct Line {
    hub: String,
    client: Client,
}

/// How a session ended well.
#[derive(Debug)]
pub(super) enum Ended {
    /// A new certificate is there, and a new session stands that presents it.
    Renewed(Box<Line>),
}

/// Opens a session with one of the hubs: the next one after each failure.
pub(super) async fn dial(agent: &Agent, newest: &Arc<Newest>, failures: u32) -> Result<Line, SessionError> {
    let hubs = agent.hubs();
    let at = (failures as usize).checked_rem(hubs.len()).ok_or(SessionError::NoHub)?;
    let hub = hubs.get(at).cloned().ok_or(SessionError::NoHub)?;
    let session = match secure(agent, newest, &hub).await {
        Err(SessionError::Connect(ConnectError::Handshake { address, source })) => {
            // The hub may present what only a newer trust document explains.
            match agent.trusted.refresh(&hub, agent.time.clock()).await {
                Ok(true) => secure(agent, newest, &hub).await?,
                _ => return Err(ConnectError::Handshake { address, source }.into()),
            }
        }
        other => other?,
    };
    let client = DistributionClient::new(session.channel)
        .max_decoding_message_size(MESSAGE)
        .accept_compressed(CompressionEncoding::Zstd)
        .send_compressed(CompressionEncoding::Zstd);
    Ok(Line { hub, client })
}

async fn secure(agent: &Agent, newest: &Arc<Newest>, hub: &str) -> Result<Session, SessionError> {
    let authorities = agent.trusted.authorities()?;
    let tls = ClientTls::presenting(Arc::clone(newest), authorities, Alpn::H2, agent.time.clock())?;
    Ok(connect(hub, &tls, PATIENCE).await?)
}

/// Runs a session until it ends.
pub(super) async fn run(agent: &Arc<Agent>, newest: &Arc<Newest>, line: Line) -> Result<Ended, SessionError> {
    let Line { hub, mut client } = line;
    let (asks, requests) = mpsc::channel(8);
    let mut capabilities = agent.capabilities.subscribe();
    let opening = opening(agent, &capabilities.borrow_and_update().clone());
    asks.send(opening).await.map_err(|_| SessionError::Closed)?;
    let stream = client.follow(ReceiverStream::new(requests)).await?.into_inner();
    agent.link.send_replace(Link::Up { hub: hub.clone() });
    tracing::info!(hub, "a hub is heard");
    tokio::select! {
        ended = hear(agent, client.clone(), stream, &asks) => ended,
        ended = tell_facts(agent, &mut capabilities, &asks) => ended,
        ended = report(agent, client.clone()) => ended,
        line = renewed(agent, newest) => Ok(Ended::Renewed(Box::new(line))),
    }
}

fn opening(agent: &Agent, capabilities: &Capabilities) -> FollowRequest {
    FollowRequest { facts: Some(facts(capabilities)), cluster_uid: agent.cluster_uid.clone(), head: held(agent) }
}

/// The head that we hold: our watermark.
fn held(agent: &Agent) -> bytes::Bytes {
    agent.force().watermark.as_ref().map(|mark| mark.bytes.clone()).unwrap_or_default()
}

fn facts(capabilities: &Capabilities) -> Facts {
    let apis = capabilities.apis.iter().map(ToString::to_string).collect();
    Facts { kubernetes: capabilities.kubernetes.clone(), apis }
}

/// Hears heads, takes them up, and asks for the next after each.
async fn hear(
    agent: &Arc<Agent>,
    mut client: Client,
    mut stream: Streaming<FollowResponse>,
    asks: &mpsc::Sender<FollowRequest>,
) -> Result<Ended, SessionError> {
    recover(agent, &mut client).await;
    loop {
        let message = stream.message().await?.ok_or(SessionError::Closed)?;
        take_up::offer(agent, &mut client, &message).await?;
        let next = FollowRequest { facts: None, cluster_uid: agent.cluster_uid.clone(), head: held(agent) };
        asks.send(next).await.map_err(|_| SessionError::Closed)?;
    }
}

/// Where the cache was refused, the bundle of the watermark itself is fetched again. A hub that has it no longer has a
/// newer head, and offers that.
async fn recover(agent: &Arc<Agent>, client: &mut Client) {
    let force = agent.force();
    let (None, Some(mark)) = (&force.bundle, &force.watermark) else { return };
    let own = FollowResponse { head: mark.bytes.clone(), ..FollowResponse::default() };
    if let Err(error) = take_up::offer(agent, client, &own).await {
        tracing::info!(error = service::exit::chain(&error), "the bundle of the watermark cannot be fetched again");
    }
}

/// Tells facts again when they change.
async fn tell_facts(
    agent: &Agent,
    capabilities: &mut tokio::sync::watch::Receiver<Capabilities>,
    asks: &mpsc::Sender<FollowRequest>,
) -> Result<Ended, SessionError> {
    loop {
        capabilities.changed().await.map_err(|_| SessionError::Closed)?;
        let request = opening(agent, &capabilities.borrow_and_update().clone());
        asks.send(request).await.map_err(|_| SessionError::Closed)?;
    }
}

/// Reports after each change, and now and then. A report that is refused is told and ends nothing else.
async fn report(agent: &Agent, mut client: Client) -> Result<Ended, SessionError> {
    let mut reports = agent.report.subscribe();
    loop {
        let report = reports.borrow_and_update().clone();
        if let Some(report) = report {
            agent.faults.put("report", send(&mut client, &report).await?);
        }
        // Nothing new for a while: the hub is told that this still holds.
        let _ = tokio::time::timeout(REPEAT, reports.changed()).await;
    }
}

/// Sends a report; gives back why it is refused, if it is.
async fn send(client: &mut Client, report: &Report) -> Result<Option<String>, SessionError> {
    let bytes = match report.to_bytes() {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Some(service::exit::chain(&error))),
    };
    match client.report(ReportRequest { report: bytes.into() }).await {
        Ok(_) => Ok(None),
        Err(status) if matches!(status.code(), Code::InvalidArgument | Code::OutOfRange | Code::ResourceExhausted) => {
            Ok(Some(format!("the hub refuses the report: {}", status.message())))
        }
        Err(status) => Err(status.into()),
    }
}

/// A new certificate is there, and a session that presents it.
async fn renewed(agent: &Arc<Agent>, newest: &Arc<Newest>) -> Line {
    loop {
        agent.renewed.notified().await;
        match dial(agent, newest, 0).await {
            Ok(line) => return line,
            Err(error) => {
                tracing::info!(error = service::exit::chain(&error), "the old session stays until a new one stands");
            }
        }
    }
}
