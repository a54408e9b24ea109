//! Who signs heads, trust documents and checkpoints: a file's key now, a KMS later.

use super::file::{read_text, write_new_private};
use super::leaf_key::KeyError;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy::bundle::dsse::{Envelope, Signature, pre_authentication};
use policy::digest::Digest;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData as _, SigningKey as _};
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// A signer that did not sign.
#[derive(Debug, thiserror::Error)]
#[error("the key {key} did not sign")]
pub struct SignError {
    /// The key's id.
    pub key: String,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// An Ed25519 key that signs (a seam: a file, or a KMS).
#[async_trait]
pub trait Signer: Send + Sync + 'static {
    /// The public key as SPKI DER.
    fn public_key(&self) -> &[u8];

    /// The signature of `message`: 64 bytes.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

impl dyn Signer {
    /// Key id: SHA-256 hex of the SPKI DER.
    #[must_use]
    pub fn key_id(&self) -> String {
        Digest::of(self.public_key()).hex()
    }

    /// The public key as a trust document lists it: base64 of the SPKI DER.
    #[must_use]
    pub fn listed(&self) -> String {
        STANDARD.encode(self.public_key())
    }

    /// Signs `payload` as a DSSE envelope with this one signature.
    ///
    /// # Errors
    /// [`SignError`] when the key does not sign.
    pub async fn envelope(&self, payload_type: &str, payload: &[u8]) -> Result<Envelope, SignError> {
        envelope(payload_type, payload, &[self]).await
    }
}

/// A DSSE envelope signed by each of `signers`, each key once.
///
/// # Errors
/// [`SignError`] when any of them does not sign.
pub(crate) async fn envelope(
    payload_type: &str,
    payload: &[u8],
    signers: &[&dyn Signer],
) -> Result<Envelope, SignError> {
    let message = pre_authentication(payload_type, payload);
    let mut signatures: Vec<Signature> = Vec::with_capacity(signers.len());
    for signer in signers {
        let keyid = signer.key_id();
        if signatures.iter().all(|signature| signature.keyid != keyid) {
            let sig = STANDARD.encode(signer.sign(&message).await?);
            signatures.push(Signature { keyid, sig });
        }
    }
    Ok(Envelope { payload_type: payload_type.to_owned(), payload: STANDARD.encode(payload), signatures })
}

/// An Ed25519 key in a PEM file (PKCS#8, mode 0600).
pub struct FileSigner {
    pair: KeyPair,
    public: Vec<u8>,
}

impl FileSigner {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError`] when the machine has no randomness to give.
    pub fn generate() -> Result<Self, KeyError> {
        KeyPair::generate_for(&PKCS_ED25519).map(Self::of).map_err(KeyError::Crypto)
    }

    /// The key in a PEM file.
    ///
    /// # Errors
    /// [`KeyError`] when the file cannot be read or holds something else.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = Zeroizing::new(read_text(path)?);
        KeyPair::from_pem_and_sign_algo(&text, &PKCS_ED25519)
            .map(Self::of)
            .map_err(|_| KeyError::Content { path: path.to_owned(), expected: "Ed25519" })
    }

    /// Writes the key to a new file of mode 0600.
    ///
    /// # Errors
    /// [`KeyError`] when the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        Ok(write_new_private(path, &Zeroizing::new(self.pair.serialize_pem()))?)
    }

    fn of(pair: KeyPair) -> Self {
        let public = pair.subject_public_key_info();
        Self { pair, public }
    }
}

#[async_trait]
impl Signer for FileSigner {
    fn public_key(&self) -> &[u8] {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.pair.sign(message).map_err(|error| SignError { key: Digest::of(&self.public).hex(), source: error.into() })
    }
}

impl fmt::Debug for FileSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSigner({})", Digest::of(&self.public).hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn comes_back_from_its_file_and_signs_alike() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root.pem");
        let signer = FileSigner::generate().unwrap();
        signer.save(&path).unwrap();
        let again = FileSigner::load(&path).unwrap();
        assert_eq!(again.public_key(), signer.public_key());
        // Ed25519 is deterministic (RFC 8032), so equal keys give equal signatures.
        assert_eq!(again.sign(b"m").await.unwrap(), signer.sign(b"m").await.unwrap());
    }

    #[tokio::test]
    async fn a_key_given_twice_signs_once() {
        let signer: Box<dyn Signer> = Box::new(FileSigner::generate().unwrap());
        let envelope = envelope("t", b"p", &[signer.as_ref(), signer.as_ref()]).await.unwrap();
        assert_eq!(envelope.signatures.len(), 1);
    }
}
