//! The server side of a listener.

use super::alpn::Alpn;
use super::peer_verifier::PeerVerifier;
use super::present::{Identity, Newest};
use super::provider::{ClockTime, VERSIONS, provider};
use super::standing::Standing;
use crate::ca::Authorities;
use crate::identity::SpiffeId;
use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError};
use service::clock::Clock;
use std::sync::Arc;

/// Why a TLS configuration cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The verifier.
    #[error("the authorities make no verifier")]
    Verifier(#[source] VerifierBuilderError),
    /// The rest.
    #[error("the TLS configuration is refused")]
    Configuration(#[source] rustls::Error),
}

/// Whose certificates a listener takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Spokes, and callers of `Enrollment` without a certificate.
    Spokes,
    /// People; nobody without a certificate.
    People,
}

impl Audience {
    pub(super) const fn admits(self, id: &SpiffeId) -> bool {
        matches!((self, id), (Self::Spokes, SpiffeId::Cluster(_)) | (Self::People, SpiffeId::Person(_)))
    }

    pub(super) const fn requires_certificate(self) -> bool {
        matches!(self, Self::People)
    }
}

/// All that a listener's TLS is made from; replaced as a whole.
#[derive(Debug, Clone)]
pub struct ServerTls {
    /// What the hub presents.
    pub identity: Identity,
    /// Whom it believes.
    pub authorities: Authorities,
    /// Whom it serves.
    pub audience: Audience,
    /// What is spoken inside.
    pub alpn: Alpn,
}

/// A configuration with the verifier in it, so that live sessions can be judged again by the same rule.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) config: Arc<ServerConfig>,
    pub(super) verifier: Arc<PeerVerifier>,
}

impl Listening {
    pub(super) fn new(settings: ServerTls, standing: Standing, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let verifier = Arc::new(PeerVerifier::new(settings.authorities, settings.audience, standing)?);
        let mut config = ServerConfig::builder_with_details(provider(), Arc::new(ClockTime(clock)))
            .with_protocol_versions(VERSIONS)
            .map_err(TlsError::Configuration)?
            .with_client_cert_verifier(Arc::clone(&verifier) as _)
            .with_cert_resolver(Arc::new(Newest::new(settings.identity)));
        config.alpn_protocols = settings.alpn.names();
        resume_nothing(&mut config);
        Ok(Self { config: Arc::new(config), verifier })
    }
}

/// A resumed session would skip the client verifier, and with it revocation.
fn resume_nothing(config: &mut ServerConfig) {
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
}
