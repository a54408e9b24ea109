//! The client side: who we are, and how we know the hub.

use super::alpn::Alpn;
use super::hub_verifier::HubVerifier;
use super::present::Newest;
use super::provider::{ClockTime, VERSIONS, provider};
use super::server::TlsError;
use crate::ca::Authorities;
use rustls::ClientConfig;
use rustls::client::Resumption;
use service::clock::Clock;
use std::fmt;
use std::sync::Arc;

/// A client's TLS, verified.
#[derive(Debug, Clone)]
pub struct ClientTls(Arc<ClientConfig>);

impl ClientTls {
    /// Presents the newest identity to hubs.
    ///
    /// # Errors
    /// [`TlsError`] when the configuration is refused.
    pub fn presenting(
        newest: Arc<Newest>,
        authorities: Authorities,
        alpn: Alpn,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TlsError> {
        let mut config = config(HubVerifier::Believing(authorities), alpn, clock)?;
        config.client_auth_cert_resolver = newest;
        Ok(Self(Arc::new(config)))
    }

    /// Presents nothing: for `Enrollment`.
    ///
    /// # Errors
    /// [`TlsError`] when the configuration is refused.
    pub fn nameless(authorities: Authorities, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(config(HubVerifier::Believing(authorities), Alpn::H2, clock)?)))
    }

    /// As rustls has it, for clients that bring their own HTTP.
    #[must_use]
    pub fn rustls(&self) -> ClientConfig {
        ClientConfig::clone(&self.0)
    }

    pub(crate) const fn shared(&self) -> &Arc<ClientConfig> {
        &self.0
    }
}

/// TLS with a hub that cannot be verified yet. It is good for [`crate::connect::fetch_trust`] and nothing else.
#[derive(Clone)]
pub struct Unverified(Arc<ClientConfig>);

impl Unverified {
    /// A client that has no trust document yet, or one too old to verify the hub with.
    ///
    /// # Errors
    /// [`TlsError`] when the configuration is refused.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(config(HubVerifier::Anybody, Alpn::H2, clock)?)))
    }

    pub(crate) const fn shared(&self) -> &Arc<ClientConfig> {
        &self.0
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unverified")
    }
}

fn config(verifier: HubVerifier, alpn: Alpn, clock: Arc<dyn Clock>) -> Result<ClientConfig, TlsError> {
    let mut config = ClientConfig::builder_with_details(provider(), Arc::new(ClockTime(clock)))
        .with_protocol_versions(VERSIONS)
        .map_err(TlsError::Configuration)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = alpn.names();
    config.resumption = Resumption::disabled();
    Ok(config)
}
