//! A refresh as a program asks for it: over a connection that stands, without the start of a process.

use crate::lab::Cast;
use anyhow::{Context, Result, ensure};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, StreamOwned,
};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// The hub's people listener, as its first operator.
pub(crate) struct People {
    hub: SocketAddr,
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

impl People {
    /// Connects.
    pub(crate) fn connect(cast: &Cast) -> Result<Self> {
        let hub: SocketAddr = cast.address("people")?.parse()?;
        let tcp = TcpStream::connect(hub)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(ANSWER))?;
        let name = ServerName::IpAddress(hub.ip().into());
        let tls = ClientConnection::new(Arc::new(tls(&cast.operator())?), name)?;
        Ok(Self { hub, stream: BufReader::new(StreamOwned::new(tls, tcp)) })
    }

    /// Has the hub read the catalog, and waits for its answer.
    pub(crate) fn refresh(&mut self) -> Result<()> {
        let request = format!(
            "POST /v1alpha1/catalog/refresh HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: 4\r\n\r\nnull",
            self.hub
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.stream.get_mut().flush()?;
        let (status, length) = self.head()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body);
        ensure!(status.split(' ').nth(1) == Some("200") && body.contains("\"published\""), "{status}: {body}");
        Ok(())
    }

    /// The first line of the answer, and the length of what follows its headers.
    fn head(&mut self) -> Result<(String, usize)> {
        let (mut status, mut length) = (String::new(), 0);
        self.stream.read_line(&mut status)?;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                return Ok((status.trim().to_owned(), length));
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().context("a length")?;
            }
        }
    }
}

fn tls(operator: &Path) -> Result<ClientConfig> {
    let certificates = |name: &str| -> Result<Vec<CertificateDer<'static>>> {
        Ok(CertificateDer::pem_file_iter(operator.join(name))?.collect::<Result<_, _>>()?)
    };
    let mut roots = RootCertStore::empty();
    for root in certificates("roots.pem")? {
        roots.add(root)?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyOf(roots, provider)))
        .with_client_auth_cert(certificates("cert.pem")?, PrivateKeyDer::from_pem_file(operator.join("key.pem"))?)?;
    Ok(config)
}

/// Believes whom the operator's roots have signed for: a hub is known by its SPIFFE URI, not by a name or an address.
#[derive(Debug)]
struct AnyOf(RootCertStore, Arc<CryptoProvider>);

impl ServerCertVerifier for AnyOf {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let algorithms = self.1.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&ParsedCertificate::try_from(leaf)?, &self.0, rest, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.1.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.1.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}
