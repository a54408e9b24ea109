//! A gRPC channel over exactly one TLS session.

use super::dial::{ConnectError, dial};
use crate::enroll::Exporter;
use crate::tls::ClientTls;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

const KEEPALIVE_EACH: Duration = Duration::from_secs(20);
const KEEPALIVE_WITHIN: Duration = Duration::from_secs(10);
const MOST_HEADER_BYTES: u32 = 16 * 1024;

/// One session with a hub. Calls fail once it has ended; it is not dialled anew.
#[derive(Debug, Clone)]
pub struct Session {
    /// For gRPC clients.
    pub channel: Channel,
    /// For proofs.
    pub exporter: Exporter,
}

/// Opens a session with the hub at `address` (`host:port`).
///
/// # Errors
/// [`ConnectError`] says what failed.
pub async fn connect(address: &str, tls: &ClientTls, within: Duration) -> Result<Session, ConnectError> {
    open(address, tls.shared(), within).await
}

pub(super) async fn open(address: &str, config: &Arc<ClientConfig>, within: Duration) -> Result<Session, ConnectError> {
    let stream = dial(address, config, within).await?;
    let exporter = Exporter::of(stream.get_ref().1)
        .map_err(|source| ConnectError::Exporter { address: address.to_owned(), source })?;
    let channel = endpoint(within).connect_with_connector(once(stream)).await;
    let channel = channel.map_err(|source| ConnectError::Http { address: address.to_owned(), source })?;
    Ok(Session { channel, exporter })
}

fn endpoint(within: Duration) -> Endpoint {
    // The session is TLS already, so the channel is told of plain HTTP; the name is not used to dial.
    Endpoint::from_static("http://hub")
        .connect_timeout(within)
        .http2_keep_alive_interval(KEEPALIVE_EACH)
        .keep_alive_timeout(KEEPALIVE_WITHIN)
        .keep_alive_while_idle(true)
        .http2_max_header_list_size(MOST_HEADER_BYTES)
}

/// A connector that gives this stream once, and then only errors.
fn once(
    stream: TlsStream<TcpStream>,
) -> impl tower::Service<
    http::Uri,
    Response = TokioIo<TlsStream<TcpStream>>,
    Error = io::Error,
    Future = futures::future::Ready<io::Result<TokioIo<TlsStream<TcpStream>>>>,
> + Send
+ 'static {
    let stream = Arc::new(Mutex::new(Some(stream)));
    tower::service_fn(move |_: http::Uri| {
        let taken = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = || io::Error::new(io::ErrorKind::NotConnected, "the session has ended");
        futures::future::ready(taken.map(TokioIo::new).ok_or_else(ended))
    })
}
