//! TCP and TLS to a hub.

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Why a hub was not reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address.
    #[error("`{0}` is not an address; write `host:port`")]
    Address(String),
    /// TCP.
    #[error("cannot reach {address}")]
    Reach {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// TLS.
    #[error("no secure session with {address}")]
    Handshake {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Either took too long.
    #[error("{address} did not answer within {seconds} s", seconds = .within.as_secs())]
    Slow {
        /// Where.
        address: String,
        /// How long we waited.
        within: Duration,
    },
    /// HTTP/2 inside.
    #[error("no HTTP/2 with {address}")]
    Http {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
    /// The exporter.
    #[error("the session with {address} gives no keying material")]
    Exporter {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// The call that was made on it.
    #[error("{address} refused the call")]
    Call {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: Box<tonic::Status>,
    },
}

pub(super) async fn dial(
    address: &str,
    config: &Arc<ClientConfig>,
    within: Duration,
) -> Result<TlsStream<TcpStream>, ConnectError> {
    tokio::time::timeout(within, dial_patiently(address, config))
        .await
        .map_err(|_| ConnectError::Slow { address: address.to_owned(), within })?
}

async fn dial_patiently(address: &str, config: &Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, ConnectError> {
    let name = server_name(address)?;
    let reach = |source| ConnectError::Reach { address: address.to_owned(), source };
    let stream = TcpStream::connect(address).await.map_err(reach)?;
    stream.set_nodelay(true).map_err(reach)?;
    let failed = |source| ConnectError::Handshake { address: address.to_owned(), source };
    TlsConnector::from(Arc::clone(config)).connect(name, stream).await.map_err(failed)
}

/// For SNI only: the hub is known by its SPIFFE URI.
fn server_name(address: &str) -> Result<ServerName<'static>, ConnectError> {
    let wrong = || ConnectError::Address(address.to_owned());
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    port.parse::<u16>().map_err(|_| wrong())?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(host.to_owned()).map_err(|_| wrong())
}
