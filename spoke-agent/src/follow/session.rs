//! One session: facts first, then a head after each; what is lacking is fetched; reports when something changed.

use super::elsewhere::elsewhere;
use super::line::{Line, dial, held, opening};
use super::offers::Offers;
use super::{Newer, Voice, wait};
use crate::accept::Refused;
use crate::agent::{Agent, Link};
use crate::identity::Credentials;
use certs::ca::AuthoritiesError;
use certs::connect::ConnectError;
use certs::tls::TlsError;
use policy::facts::Capabilities;
use policy::report::Report;
use proto::grpc::distribution_client::DistributionClient;
use proto::grpc::{FollowRequest, FollowResponse, ReportRequest, ReportResponse};
use service::fault::FileError;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tonic::transport::Channel;
use tonic::{Code, Streaming};

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
    /// There is no certificate yet.
    #[error("there is no certificate to present, and none could be had yet")]
    NoCertificate,
    /// The hub cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// TLS.
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsError),
    /// The trust document's authorities.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// The hub took the session, and does not answer.
    #[error("the hub did not answer in time")]
    Silent,
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

/// Why a part of a session ended; it never does so by itself.
type Ended = Result<Infallible, SessionError>;

/// Runs a session until it ends; gives the one that takes its place where that stands already.
pub(super) async fn run(
    agent: &Arc<Agent>,
    credentials: &Credentials,
    line: Line,
    voice: &mut Voice,
) -> Result<Box<Line>, SessionError> {
    let Line { hub, client, asks, heads, mut capabilities, newer } = line;
    // A new session with the same hub is no news of our declaration.
    agent.link.send_modify(|link| {
        let undeclared = matches!(link, Link::Up { undeclared: true, .. });
        *link = Link::Up { hub: hub.clone(), undeclared };
    });
    let Err(error) = tokio::select! {
        never = voice.stands(&hub) => match never {},
        ended = hear(agent, credentials, client.clone(), heads, &asks) => ended,
        ended = tell_facts(agent, &mut capabilities, &asks) => ended,
        ended = report(agent, client.clone()) => ended,
        line = successor(agent, credentials, newer) => return Ok(Box::new(line)),
        line = elsewhere(agent, credentials, &hub) => return Ok(Box::new(line)),
    };
    Err(error)
}

/// Hears heads, takes them up, and asks for the next after each.
async fn hear(
    agent: &Arc<Agent>,
    credentials: &Credentials,
    client: Client,
    mut heads: Streaming<FollowResponse>,
    asks: &mpsc::Sender<FollowRequest>,
) -> Ended {
    let mut offers = Offers::new(agent, &credentials.trusted, client);
    offers.recover().await;
    loop {
        let offered = tokio::select! {
            message = heads.message() => Some(message?.ok_or(SessionError::Closed)?),
            () = offers.due() => None,
        };
        offers.take(offered).await?;
        let next = FollowRequest { facts: None, cluster_uid: agent.cluster_uid.clone(), head: held(agent) };
        asks.send(next).await.map_err(|_| SessionError::Closed)?;
    }
}

/// Tells facts again when they change.
async fn tell_facts(
    agent: &Agent,
    capabilities: &mut watch::Receiver<Capabilities>,
    asks: &mpsc::Sender<FollowRequest>,
) -> Ended {
    loop {
        capabilities.changed().await.map_err(|_| SessionError::Closed)?;
        let request = opening(agent, &capabilities.borrow_and_update().clone());
        asks.send(request).await.map_err(|_| SessionError::Closed)?;
    }
}

/// Reports after each change, and now and then. A report that is refused is told and ends nothing else.
async fn report(agent: &Agent, mut client: Client) -> Ended {
    let mut reports = agent.report.subscribe();
    loop {
        let report = reports.borrow_and_update().clone();
        if let Some(report) = report {
            let sent = send(agent, &mut client, &report).await?;
            if let Ok(answer) = &sent {
                declared(agent, !answer.undeclared);
            }
            agent.faults.put("report", sent.err());
        }
        // Nothing new for a while: the hub is told that this still holds.
        let _ = tokio::time::timeout(REPEAT, reports.changed()).await;
    }
}

/// Sends a report; gives back the answer, or why it is refused.
async fn send(
    agent: &Agent,
    client: &mut Client,
    report: &Report,
) -> Result<Result<ReportResponse, String>, SessionError> {
    let bytes = match report.to_bytes() {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Err(service::exit::chain(&error))),
    };
    match answered(agent, client.report(ReportRequest { report: bytes.into() })).await {
        Ok(answer) => Ok(Ok(answer.into_inner())),
        Err(SessionError::Status {
            code: Code::InvalidArgument | Code::OutOfRange | Code::ResourceExhausted,
            message,
        }) => Ok(Err(format!("the hub refuses the report: {message}"))),
        Err(error) => Err(error),
    }
}

/// What a hub answers, if it does so in time.
pub(super) async fn answered<T>(
    agent: &Agent,
    answer: impl Future<Output = Result<T, tonic::Status>>,
) -> Result<T, SessionError> {
    let answer = tokio::time::timeout(agent.patience.answer, answer).await;
    Ok(answer.map_err(|_| SessionError::Silent)??)
}

/// What the hub says of our declaration, while its stream stands.
fn declared(agent: &Agent, declared: bool) {
    let news = agent.link.send_if_modified(|link| match link {
        Link::Up { undeclared, .. } if *undeclared == declared => {
            *undeclared = !declared;
            true
        }
        _ => false,
    });
    match (news, declared) {
        (false, _) => {}
        (true, true) => tracing::info!("the catalog declares this cluster again"),
        (true, false) => tracing::warn!("the catalog declares this cluster no longer; what is in force stays in force"),
    }
}

/// Once there is a newer certificate, a session that presents the newest. Until one stands, whatever becomes of the
/// tries, the session at hand goes on; the hub cuts it when its own certificate has ended.
async fn successor(agent: &Agent, credentials: &Credentials, mut newer: Newer) -> Line {
    if newer.changed().await.is_err() {
        return std::future::pending().await;
    }
    let mut failures = 0_u32;
    loop {
        let error = match dial(agent, credentials, failures as usize).await {
            Ok(line) => return line,
            Err(error) => service::exit::chain(&error),
        };
        if failures == 0 {
            tracing::warn!(error, "no hub takes the new certificate yet; the session before goes on");
        }
        failures = failures.saturating_add(1);
        tokio::time::sleep(wait(agent, failures)).await;
    }
}
