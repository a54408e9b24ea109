//! An accepted session as bytes, which ends when it is cut.

use super::peer::Peer;
use super::registry::Registered;
use super::room::Held;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::transport::server::Connected;

/// An accepted session, its peer known.
#[derive(Debug)]
pub struct Connection {
    stream: TlsStream<TcpStream>,
    peer: Peer,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// When it is over anyway.
    end: Option<Pin<Box<Sleep>>>,
    _registered: Registered,
    _held: Held,
}

impl Connection {
    pub(super) fn new(
        stream: TlsStream<TcpStream>,
        peer: Peer,
        registered: Registered,
        held: Held,
        lasts: Option<Duration>,
    ) -> Self {
        let cut = Box::pin(peer.token().cancelled_owned());
        let end = lasts.map(|lasts| Box::pin(sleep(lasts)));
        Self { stream, peer, cut, end, _registered: registered, _held: held }
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The protocol agreed on, such as `h2`.
    #[must_use]
    pub fn protocol(&self) -> Option<&[u8]> {
        self.stream.get_ref().1.alpn_protocol()
    }

    fn live(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let cut = self.cut.as_mut().poll(cx).is_ready();
        let over = self.end.as_mut().is_some_and(|end| end.as_mut().poll(cx).is_ready());
        if cut || over {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the session was ended by the hub"));
        }
        Ok(())
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.live(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.live(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.live(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.live(cx)?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
