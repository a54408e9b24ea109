//! How clients know a hub: by its SPIFFE URI, so that its addresses may be anything.

use super::provider::algorithms;
use crate::ca::Authorities;
use crate::identity::{Leaf, SpiffeId};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use std::sync::Arc;

/// Believes a chain to an authority whose leaf is the hub's; or, before there is trust, anybody.
#[derive(Debug)]
pub(super) enum HubVerifier {
    /// The rule.
    Believing(Authorities),
    /// For the one call that verifies itself.
    Anybody,
}

impl HubVerifier {
    fn judge(&self, leaf: &CertificateDer<'_>, rest: &[CertificateDer<'_>], now: UnixTime) -> Result<(), Error> {
        let Self::Believing(authorities) = self else { return Ok(()) };
        let parsed = ParsedCertificate::try_from(leaf)?;
        verify_server_cert_signed_by_trust_anchor(&parsed, authorities.roots(), rest, now, algorithms().all)?;
        let leaf = Leaf::read(leaf, authorities.domain())
            .map_err(|error| CertificateError::Other(rustls::OtherError(Arc::new(error))))?;
        is_the_hub(&leaf)
    }
}

fn is_the_hub(leaf: &Leaf) -> Result<(), Error> {
    match leaf.id() {
        SpiffeId::Hub => Ok(()),
        SpiffeId::Cluster(_) | SpiffeId::Person(_) => Err(CertificateError::NotValidForName.into()),
    }
}

impl ServerCertVerifier for HubVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(leaf, rest, now).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        algorithms().supported_schemes()
    }
}
