//! The transport authorities of a trust document.

use crate::identity::{IdentityError, TrustDomain};
use policy::bundle::trust::Trust;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;

/// Why a trust document's authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// The trust domain.
    #[error("the trust document's domain is refused")]
    Domain(#[from] IdentityError),
    /// Not a certificate.
    #[error("authority {index} of the trust document is no certificate")]
    Certificate {
        /// Counted from 0.
        index: usize,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// There is none.
    #[error("the trust document lists no authority for transport")]
    None,
}

/// Whose certificates are believed, and for which domain.
#[derive(Debug, Clone)]
pub struct Authorities {
    domain: TrustDomain,
    roots: Arc<RootCertStore>,
}

impl Authorities {
    /// Those of a trust document. Verify the document first.
    ///
    /// # Errors
    /// [`AuthoritiesError`] when one of them is unusable or there is none.
    pub fn of(trust: &Trust) -> Result<Self, AuthoritiesError> {
        let certificates = trust.authorities.iter().map(|authority| CertificateDer::from(authority.0.clone()));
        Self::from_certificates(trust.trust_domain.parse()?, certificates)
    }

    /// From certificates, such as those of an operator's `roots.pem`.
    ///
    /// # Errors
    /// [`AuthoritiesError`] when one of them is unusable or there is none.
    pub fn from_certificates(
        domain: TrustDomain,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, AuthoritiesError> {
        let mut roots = RootCertStore::empty();
        for (index, certificate) in certificates.into_iter().enumerate() {
            roots.add(certificate).map_err(|source| AuthoritiesError::Certificate { index, source })?;
        }
        if roots.is_empty() { Err(AuthoritiesError::None) } else { Ok(Self { domain, roots: Arc::new(roots) }) }
    }

    /// The trust domain.
    #[must_use]
    pub const fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    pub(crate) const fn roots(&self) -> &Arc<RootCertStore> {
        &self.roots
    }
}
