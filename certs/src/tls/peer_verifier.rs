//! How a listener judges client certificates: at the handshake, and again whenever anything changes.

use super::provider::{algorithms, provider, unix};
use super::server::{Audience, TlsError};
use super::standing::Standing;
use crate::ca::Authorities;
use crate::identity::Leaf;
use jiff::Timestamp;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::Arc;

/// Chains to an authority of the trust document, is a leaf of the right shape, belongs to this listener's audience,
/// and stands.
#[derive(Debug)]
pub(super) struct PeerVerifier {
    chains: Arc<dyn ClientCertVerifier>,
    authorities: Authorities,
    audience: Audience,
    standing: Standing,
}

impl PeerVerifier {
    pub(super) fn new(authorities: Authorities, audience: Audience, standing: Standing) -> Result<Self, TlsError> {
        let roots = Arc::clone(authorities.roots());
        let chains = WebPkiClientVerifier::builder_with_provider(roots, provider())
            .clear_root_hint_subjects()
            .allow_unauthenticated()
            .build()
            .map_err(TlsError::Verifier)?;
        Ok(Self { chains, authorities, audience, standing })
    }

    /// The whole judgement, at any time of a session's life.
    pub(super) fn judge(&self, chain: &[CertificateDer<'_>], now: Timestamp) -> Result<Leaf, Error> {
        let now = unix(now).ok_or(Error::FailedToGetCurrentTime)?;
        let (leaf, rest) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
        self.judge_parts(leaf, rest, now)
    }

    fn judge_parts(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Leaf, Error> {
        self.chains.verify_client_cert(leaf, rest, now)?;
        let leaf = Leaf::read(leaf, self.authorities.domain()).map_err(refused)?;
        admits(self.audience, &leaf)?;
        refuse_revoked(&self.standing, &leaf)?;
        Ok(leaf)
    }
}

fn admits(audience: Audience, leaf: &Leaf) -> Result<(), Error> {
    if audience.admits(leaf.id()) {
        Ok(())
    } else {
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }
}

fn refuse_revoked(standing: &Standing, leaf: &Leaf) -> Result<(), Error> {
    if standing.holds(leaf) { Ok(()) } else { Err(Error::InvalidCertificate(CertificateError::Revoked)) }
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::InvalidCertificate(CertificateError::Other(rustls::OtherError(Arc::new(error))))
}

impl ClientCertVerifier for PeerVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.audience.requires_certificate()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chains.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge_parts(leaf, rest, now).map(|_| ClientCertVerified::assertion())
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
