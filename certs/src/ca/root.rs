//! The root of transport. Its key can be kept offline: only new intermediates need it.

use super::chain::Chain;
use super::issuer::{IssueError, Issuer};
use super::profile;
use super::validity::Validity;
use crate::identity::TrustDomain;
use crate::key::LeafKey;
use rand::CryptoRng;
use rustls::pki_types::CertificateDer;

/// A root certificate with its key.
#[derive(Debug)]
pub struct Root {
    domain: TrustDomain,
    certificate: CertificateDer<'static>,
    validity: Validity,
    key: LeafKey,
}

impl Root {
    /// A new root for `domain`.
    ///
    /// # Errors
    /// [`IssueError`] when the library refuses.
    pub fn create(domain: TrustDomain, validity: Validity, rng: &mut impl CryptoRng) -> Result<Self, IssueError> {
        let key = LeafKey::generate()?;
        let params = profile::root(&domain, validity, rng)?;
        let certificate = params.self_signed(key.pair()).map_err(IssueError::Library)?.der().clone();
        Ok(Self { domain, certificate, validity, key })
    }

    /// The certificate, as a trust document lists it (there in base64).
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The key, to be put away.
    #[must_use]
    pub const fn key(&self) -> &LeafKey {
        &self.key
    }

    /// A new issuing intermediate, which does not outlive the root.
    ///
    /// # Errors
    /// [`IssueError`] when the library refuses.
    pub fn issuer(&self, validity: Validity, rng: &mut impl CryptoRng) -> Result<Issuer, IssueError> {
        let key = LeafKey::generate()?;
        let params = profile::intermediate(&self.domain, validity.within(self.validity.not_after), rng)?;
        let root = rcgen::Issuer::from_ca_cert_der(&self.certificate, self.key.pair()).map_err(IssueError::Library)?;
        let certificate = params.signed_by(key.pair(), &root).map_err(IssueError::Library)?.der().clone();
        Issuer::new(self.domain.clone(), Chain::one(certificate), key)
    }
}
