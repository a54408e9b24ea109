//! The accept loop.

use super::connection::{Connection, Held};
use super::limits::{Addresses, Limits};
use super::peer::Peer;
use crate::enroll::Exporter;
use crate::tls::Gate;
use futures::Stream;
use futures::stream::{BoxStream, unfold};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// How long to wait when the machine refuses to accept (out of files, most likely).
const BREATH: Duration = Duration::from_millis(100);

/// Accepts the sessions of one listener through its gate.
#[derive(Debug)]
pub struct Acceptor {
    listener: TcpListener,
    gate: Arc<Gate>,
    limits: Limits,
    total: Arc<Semaphore>,
    addresses: Arc<Addresses>,
    handshakes: JoinSet<Option<Connection>>,
}

impl Acceptor {
    /// Takes a bound listener.
    #[must_use]
    pub fn new(listener: TcpListener, gate: Arc<Gate>, limits: Limits) -> Self {
        Self {
            listener,
            gate,
            limits,
            total: Arc::new(Semaphore::new(limits.total)),
            addresses: Addresses::new(limits.per_address),
            handshakes: JoinSet::new(),
        }
    }

    /// The sessions, each once its handshake is complete, in the order of completion. Dropping the stream closes the
    /// listener and ends the handshakes under way.
    #[must_use]
    pub fn incoming(self) -> Incoming {
        Incoming(Box::pin(unfold(self, |mut acceptor| async move {
            let connection = acceptor.next().await;
            Some((Ok(connection), acceptor))
        })))
    }

    /// The next session.
    pub async fn next(&mut self) -> Connection {
        loop {
            tokio::select! {
                Some(done) = self.handshakes.join_next() => {
                    if let Ok(Some(connection)) = done {
                        return connection;
                    }
                }
                admitted = admit(&self.listener, &self.total, &self.addresses) => self.begin(admitted).await,
            }
        }
    }

    async fn begin(&mut self, admitted: io::Result<Option<Admitted>>) {
        match admitted {
            Ok(Some(admitted)) => {
                let Limits { handshake: limit, nameless, .. } = self.limits;
                let handshake = handshake(Arc::clone(&self.gate), admitted, nameless);
                self.handshakes.spawn(async move { tokio::time::timeout(limit, handshake).await.ok().flatten() });
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

struct Admitted {
    stream: TcpStream,
    address: SocketAddr,
    held: Held,
}

/// Waits for room in all, then for a caller; `None` when its address has too many sessions.
async fn admit(
    listener: &TcpListener,
    total: &Arc<Semaphore>,
    addresses: &Arc<Addresses>,
) -> io::Result<Option<Admitted>> {
    let permit = Arc::clone(total).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    let Some(place) = addresses.take(address.ip()) else {
        tracing::debug!(%address, "too many sessions from one address");
        return Ok(None);
    };
    stream.set_nodelay(true)?;
    Ok(Some(Admitted { stream, address, held: Held { _total: permit, _place: place } }))
}

async fn handshake(gate: Arc<Gate>, admitted: Admitted, nameless: Duration) -> Option<Connection> {
    let Admitted { stream, address, held } = admitted;
    let refused = |error: &dyn std::fmt::Display| {
        tracing::debug!(%address, %error, "a handshake was refused");
        gate.count_refusal();
    };
    let stream = TlsAcceptor::from(gate.config()).accept(stream).await.map_err(|error| refused(&error)).ok()?;
    let (_, session) = stream.get_ref();
    let exporter = Exporter::of(session).map_err(|error| refused(&error)).ok()?;
    let chain: Vec<_> = session.peer_certificates().unwrap_or_default().to_vec();
    let leaf = match chain.is_empty() {
        true => None,
        false => Some(gate.judge(&chain).map_err(|error| refused(&error)).ok()?),
    };
    let lasts = leaf.is_none().then_some(nameless);
    let peer = Peer::new(address, leaf, exporter);
    let registered = gate.registry().add(peer.clone(), chain.clone());
    // The gate may have changed between the handshake and the registration; a later change finds the session.
    if !chain.is_empty() && gate.judge(&chain).is_err() {
        return None;
    }
    Some(Connection::new(stream, peer, registered, held, lasts))
}

/// The accepted sessions of one listener, as a stream that never ends by itself.
pub struct Incoming(BoxStream<'static, io::Result<Connection>>);

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Incoming")
    }
}
