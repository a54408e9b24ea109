//! One handshake: from a stranger to a session, within its time.

use super::connection::Connection;
use super::peer::Peer;
use super::room::{Held, NoRoom, Room};
use crate::enroll::Exporter;
use crate::tls::Gate;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// How long a caller that was refused may take to read why.
const FAREWELL: Duration = Duration::from_millis(500);

/// Somebody who calls.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) stream: TcpStream,
    pub(super) address: SocketAddr,
    pub(super) held: Held,
}

/// Why a handshake led to no session.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the handshake failed")]
    Tls(#[source] io::Error),
    #[error("the session has no exporter")]
    Exporter(#[source] rustls::Error),
    #[error("the certificate is refused")]
    Certificate(#[source] rustls::Error),
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    #[error("it took too long, or no member's room became free")]
    Slow,
    #[error("it made way for another caller")]
    MadeWay,
}

/// Lets a caller in; none when it is refused, which is counted.
pub(super) async fn shake_hands(gate: Arc<Gate>, room: Arc<Room>, caller: Caller) -> Option<Connection> {
    let (address, makes_way) = (caller.address, caller.held.makes_way());
    let done = tokio::select! {
        () = makes_way.cancelled() => Err(Refused::MadeWay),
        done = timeout(room.limits.handshake, let_in(&gate, &room, caller)) => done.unwrap_or(Err(Refused::Slow)),
    };
    let told = |error: &Refused| {
        tracing::debug!(%address, error = error as &dyn std::error::Error, "a handshake was refused");
        gate.count_refusal();
    };
    done.inspect_err(told).ok()
}

async fn let_in(gate: &Gate, room: &Room, caller: Caller) -> Result<Connection, Refused> {
    let Caller { stream, address, held } = caller;
    let stream = match TlsAcceptor::from(gate.config()).accept(stream).into_fallible().await {
        Ok(stream) => stream,
        Err((error, stream)) => {
            hang_up(stream).await;
            return Err(Refused::Tls(error));
        }
    };
    let (_, session) = stream.get_ref();
    let exporter = Exporter::of(session).map_err(Refused::Exporter)?;
    let chain: Vec<_> = session.peer_certificates().unwrap_or_default().to_vec();
    let nameless = chain.is_empty();
    let leaf = if nameless { None } else { Some(gate.judge(&chain).map_err(Refused::Certificate)?) };
    let held = if nameless { held } else { room.becomes_member(held, address.ip()).await? };
    let peer = Peer::new(address, leaf, exporter, held.makes_way());
    let registered = gate.registry().add(peer.clone(), chain.clone());
    // The gate may have changed between the handshake and the registration; a later change finds the session.
    if !nameless {
        gate.judge(&chain).map_err(Refused::Certificate)?;
    }
    let lasts = nameless.then_some(room.limits.nameless);
    Ok(Connection::new(stream, peer, registered, held, lasts))
}

/// Ends a refused call so that the caller can read why: to close at once, with what it sent still unread, resets the
/// connection and takes our alert along (RFC 1122, 4.2.2.13).
async fn hang_up(mut stream: TcpStream) {
    let mut unread = [0; 1024];
    if stream.shutdown().await.is_ok() {
        let rest = async { while stream.read(&mut unread).await.is_ok_and(|read| read > 0) {} };
        // Whoever goes on sending has had its time.
        let _ = timeout(FAREWELL, rest).await;
    }
}
