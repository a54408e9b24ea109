//! The private key behind a certificate.

use super::file::{FileError, read_text, write_new_private};
use super::public_key::{NotAPublicKey, PublicKey};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SigningKey as _};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why a private key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The library refused.
    #[error("cannot make or use a key")]
    Crypto(#[source] rcgen::Error),
    /// Its file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds something else.
    #[error("{path} holds no {expected} private key (PEM, PKCS#8)", path = .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
    },
    /// Not on P-256.
    #[error(transparent)]
    Public(#[from] NotAPublicKey),
    /// Not Ed25519.
    #[error(transparent)]
    Signing(#[from] policy::bundle::key::KeyError),
}

/// A P-256 private key; it lives as long as the identity.
pub struct LeafKey {
    pair: KeyPair,
    public: PublicKey,
}

impl LeafKey {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError`] when the machine has no randomness to give.
    pub fn generate() -> Result<Self, KeyError> {
        Self::of(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(KeyError::Crypto)?)
    }

    /// The key in a PEM file.
    ///
    /// # Errors
    /// [`KeyError`] when the file cannot be read or holds something else.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = Zeroizing::new(read_text(path)?);
        let wrong = || KeyError::Content { path: path.to_owned(), expected: "P-256" };
        Self::of(KeyPair::from_pem(&text).map_err(|_| wrong())?).map_err(|_| wrong())
    }

    /// Writes the key to a new file of mode 0600.
    ///
    /// # Errors
    /// [`KeyError`] when the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        Ok(write_new_private(path, &self.to_pem())?)
    }

    /// PEM, PKCS#8.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.pair.serialize_pem())
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// ECDSA, SHA-256, ASN.1.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.pair.sign(message).map_err(KeyError::Crypto)
    }

    pub(crate) const fn pair(&self) -> &KeyPair {
        &self.pair
    }

    pub(crate) fn into_pair(self) -> KeyPair {
        self.pair
    }

    pub(crate) fn der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pair.serialize_der()))
    }

    fn of(pair: KeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_der(&pair.subject_public_key_info())?;
        Ok(Self { pair, public })
    }
}

impl fmt::Debug for LeafKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeafKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_from_its_file_and_is_never_printed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        let key = LeafKey::generate().unwrap();
        key.save(&path).unwrap();
        assert_eq!(LeafKey::load(&path).unwrap().public(), key.public());
        let secret = key.to_pem().lines().nth(1).unwrap().to_owned();
        assert!(!format!("{key:?}").contains(&secret));
    }

    #[test]
    fn another_kind_of_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        let other = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        write_new_private(&path, &other.serialize_pem()).unwrap();
        assert!(matches!(LeafKey::load(&path), Err(KeyError::Content { .. })));
    }
}
