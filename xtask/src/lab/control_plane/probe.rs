//! Asking kube-apiserver whether something is there: one request, one status, no client library.

use super::authority::{Authority, Identity};
use anyhow::{Context, Result, bail};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take: a server that stands still must not stop a test.
const ANSWER: Duration = Duration::from_secs(10);

/// Asks as one person.
#[derive(Clone)]
pub(crate) struct Probe {
    server: SocketAddr,
    tls: Arc<ClientConfig>,
}

impl Probe {
    /// A probe of the server at an address, which the authority has signed for as well.
    pub(crate) fn new(server: SocketAddr, authority: &Authority, person: &Identity) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate().der().clone())?;
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_client_auth_cert(
                vec![person.certificate.der().clone()],
                PrivatePkcs8KeyDer::from(person.key.serialize_der()).into(),
            )?;
        Ok(Self { server, tls: Arc::new(tls) })
    }

    /// Succeeds when the answer to GET is 200.
    pub(crate) fn found(&self, path: &str) -> Result<()> {
        let status = self.status(path).with_context(|| format!("GET {path}"))?;
        if status.split(' ').nth(1) != Some("200") {
            bail!("GET {path}: {}", status.trim());
        }
        Ok(())
    }

    /// The first line of the answer.
    fn status(&self, path: &str) -> Result<String> {
        let connection = TcpStream::connect_timeout(&self.server, ANSWER)?;
        connection.set_read_timeout(Some(ANSWER))?;
        connection.set_write_timeout(Some(ANSWER))?;
        let name = ServerName::IpAddress(self.server.ip().into());
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(&self.tls), name)?, connection);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.server)?;
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status)?;
        Ok(status)
    }
}
