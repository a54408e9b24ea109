//! The issuing intermediate. It gives certificates for keys whose possession was proved, in shapes of its own.

use super::chain::{Chain, ChainError};
use super::profile;
use super::validity::Validity;
use crate::enroll::Proven;
use crate::identity::{SpiffeId, TrustDomain};
use crate::key::{FileError, KeyError, LeafKey, write_new};
use jiff::Timestamp;
use rand::CryptoRng;
use rcgen::{KeyPair, SubjectPublicKeyInfo};
use std::path::Path;

/// Why no certificate was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The library refused.
    #[error("the certificate library refuses")]
    Library(#[source] rcgen::Error),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The intermediate's own certificate.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The intermediate does not parse.
    #[error("the issuing certificate does not parse; restore it from a backup")]
    Malformed,
    /// The machine's clock is before 1970.
    #[error("the clock says a time before 1970; set it")]
    BeforeEpoch,
    /// The intermediate has expired.
    #[error("the issuing certificate expired at {0}; issue a new one from the root")]
    Expired(Timestamp),
}

/// The issuing intermediate (path length 0) with its key.
#[derive(Debug)]
pub struct Issuer {
    domain: TrustDomain,
    chain: Chain,
    not_after: Timestamp,
    issuer: rcgen::Issuer<'static, KeyPair>,
    pem: zeroize::Zeroizing<String>,
}

impl Issuer {
    pub(super) fn new(domain: TrustDomain, chain: Chain, key: LeafKey) -> Result<Self, IssueError> {
        let certificate = chain.certificates().first().ok_or(IssueError::Malformed)?;
        let not_after = end_of(certificate)?;
        let pem = key.to_pem();
        let issuer = rcgen::Issuer::from_ca_cert_der(certificate, key.into_pair()).map_err(IssueError::Library)?;
        Ok(Self { domain, chain, not_after, issuer, pem })
    }

    /// The intermediate in `certificate` (PEM) with the key in `key`.
    ///
    /// # Errors
    /// [`IssueError`] when either cannot be read.
    pub fn load(domain: TrustDomain, certificate: &Path, key: &Path) -> Result<Self, IssueError> {
        Self::new(domain, Chain::load(certificate)?, LeafKey::load(key)?)
    }

    /// Writes both to new files, the key with mode 0600.
    ///
    /// # Errors
    /// [`IssueError::File`] when one exists or cannot be written.
    pub fn save(&self, certificate: &Path, key: &Path) -> Result<(), IssueError> {
        crate::key::write_new_private(key, &self.pem)?;
        Ok(write_new(certificate, &self.chain.to_pem())?)
    }

    /// The trust domain it issues for.
    #[must_use]
    pub const fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// A certificate for `id` and `key`, chain included. It does not outlive the intermediate, and takes nothing
    /// from the asker but the key.
    ///
    /// # Errors
    /// [`IssueError`] when the intermediate has expired or the library refuses.
    pub fn issue(
        &self,
        id: &SpiffeId,
        key: &Proven,
        validity: Validity,
        rng: &mut impl CryptoRng,
    ) -> Result<Chain, IssueError> {
        if self.not_after <= validity.not_before {
            return Err(IssueError::Expired(self.not_after));
        }
        let params = profile::leaf(id, &self.domain, validity.within(self.not_after), rng)?;
        let key = SubjectPublicKeyInfo::from_der(key.public().der()).map_err(IssueError::Library)?;
        let leaf = params.signed_by(&key, &self.issuer).map_err(IssueError::Library)?;
        Ok(self.chain.under(leaf.der().clone()))
    }
}

fn end_of(certificate: &[u8]) -> Result<Timestamp, IssueError> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).map_err(|_| IssueError::Malformed)?;
    Timestamp::from_second(parsed.validity().not_after.timestamp()).map_err(|_| IssueError::Malformed)
}
