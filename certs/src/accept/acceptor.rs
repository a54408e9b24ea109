//! The accept loop.

use super::connection::Connection;
use super::handshake::{Caller, shake_hands};
use super::limits::Limits;
use super::room::Room;
use crate::tls::Gate;
use futures::Stream;
use futures::stream::{BoxStream, unfold};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How long to wait when the machine refuses to accept (out of files, most likely).
const BREATH: Duration = Duration::from_millis(100);

/// Accepts the sessions of one listener through its gate.
#[derive(Debug)]
pub struct Acceptor {
    listener: TcpListener,
    gate: Arc<Gate>,
    room: Arc<Room>,
    handshakes: JoinSet<Option<Connection>>,
}

impl Acceptor {
    /// Takes a bound listener.
    #[must_use]
    pub fn new(listener: TcpListener, gate: Arc<Gate>, limits: Limits) -> Self {
        Self { listener, gate, room: Arc::new(Room::new(limits)), handshakes: JoinSet::new() }
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
                admitted = admit(&self.listener, &self.room) => self.begin(admitted).await,
            }
        }
    }

    async fn begin(&mut self, admitted: io::Result<Caller>) {
        match admitted {
            Ok(caller) => {
                self.handshakes.spawn(shake_hands(Arc::clone(&self.gate), Arc::clone(&self.room), caller));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// Waits for a caller.
async fn admit(listener: &TcpListener, room: &Room) -> io::Result<Caller> {
    let (stream, address) = listener.accept().await?;
    let held = room.enter(address.ip());
    stream.set_nodelay(true)?;
    Ok(Caller { stream, address, held })
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
