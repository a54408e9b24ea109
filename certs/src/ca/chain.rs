//! A certificate chain: the leaf first, then its intermediates, without the root.

use crate::key::{FileError, read_text};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::{Path, PathBuf};

/// More certificates than Writ ever issues in one chain.
const MOST_CERTIFICATES: usize = 8;
const MOST_BYTES: usize = 16 * 1024;

/// Why a chain is refused.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds something else.
    #[error("{path} holds no certificates (PEM)", path = .0.display())]
    Content(PathBuf),
    /// Empty, or larger than any chain that Writ issues.
    #[error("a chain has between 1 and 8 certificates of at most 16 KiB")]
    Size,
}

/// A certificate chain: the leaf first, then its intermediates, without the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain(Vec<CertificateDer<'static>>);

impl Chain {
    pub(super) fn one(certificate: CertificateDer<'static>) -> Self {
        Self(vec![certificate])
    }

    pub(super) fn under(&self, leaf: CertificateDer<'static>) -> Self {
        Self(std::iter::once(leaf).chain(self.0.iter().cloned()).collect())
    }

    /// From DER, as it comes over the wire.
    ///
    /// # Errors
    /// [`ChainError::Size`] when there are none, too many, or too large ones.
    pub fn from_der<B: AsRef<[u8]>>(certificates: &[B]) -> Result<Self, ChainError> {
        let count = (1..=MOST_CERTIFICATES).contains(&certificates.len());
        if !count || certificates.iter().any(|der| der.as_ref().len() > MOST_BYTES) {
            return Err(ChainError::Size);
        }
        Ok(Self(certificates.iter().map(|der| CertificateDer::from(der.as_ref().to_vec())).collect()))
    }

    /// From a PEM file.
    ///
    /// # Errors
    /// [`ChainError`] when it cannot be read or holds something else.
    pub fn load(path: &Path) -> Result<Self, ChainError> {
        let text = read_text(path)?;
        let wrong = || ChainError::Content(path.to_owned());
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let certificates = certificates.map_err(|_| wrong())?;
        if certificates.is_empty() { Err(wrong()) } else { Self::from_der(&certificates) }
    }

    /// PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.0.iter().map(|certificate| pem(certificate)).collect()
    }

    /// DER, leaf first.
    #[must_use]
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.0
    }

    /// The first of them.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        self.0.first().map_or(&[], |certificate| certificate.as_ref())
    }
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
