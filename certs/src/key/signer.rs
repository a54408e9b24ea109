//! Who signs heads, trust documents and checkpoints: a file's key now, a KMS later.

use super::file::{read_text, write_new_private};
use super::leaf_key::KeyError;
use async_trait::async_trait;
use policy::bundle::dsse::{Envelope, pre_authentication};
use policy::bundle::key::{KeyId, PublicKey};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData as _, SigningKey as _};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// A signer that did not sign.
#[derive(Debug, thiserror::Error)]
#[error("the key {key} did not sign")]
pub struct SignError {
    /// Which.
    pub key: KeyId,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// An Ed25519 key that signs (a seam: a file, or a KMS).
#[async_trait]
pub trait Signer: Send + Sync + 'static {
    /// The public key, as a trust document lists it.
    fn public_key(&self) -> &PublicKey;

    /// The signature of `message`.
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

impl dyn Signer {
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
    let mut envelope = Envelope::unsigned(payload_type, payload);
    let mut signed = BTreeSet::new();
    for signer in signers {
        if signed.insert(signer.public_key().id()) {
            envelope = envelope.with_signature(signer.public_key(), &signer.sign(&message).await?);
        }
    }
    Ok(envelope)
}

/// An Ed25519 key in a PEM file (PKCS#8, mode 0600).
pub struct FileSigner {
    pair: KeyPair,
    public: PublicKey,
}

impl FileSigner {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError`] when the machine has no randomness to give.
    pub fn generate() -> Result<Self, KeyError> {
        Self::of(KeyPair::generate_for(&PKCS_ED25519).map_err(KeyError::Crypto)?)
    }

    /// The key in a PEM file.
    ///
    /// # Errors
    /// [`KeyError`] when the file cannot be read or holds something else.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = Zeroizing::new(read_text(path)?);
        let wrong = || KeyError::Content { path: path.to_owned(), expected: "Ed25519" };
        Self::of(KeyPair::from_pem_and_sign_algo(&text, &PKCS_ED25519).map_err(|_| wrong())?).map_err(|_| wrong())
    }

    /// Writes the key to a new file of mode 0600.
    ///
    /// # Errors
    /// [`KeyError`] when the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        Ok(write_new_private(path, &Zeroizing::new(self.pair.serialize_pem()))?)
    }

    fn of(pair: KeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_spki(&pair.subject_public_key_info())?;
        Ok(Self { pair, public })
    }
}

#[async_trait]
impl Signer for FileSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let failed = |source| SignError { key: self.public.id(), source };
        let signature = self.pair.sign(message).map_err(|error| failed(error.into()))?;
        signature.try_into().map_err(|_| failed("an Ed25519 signature has 64 bytes".into()))
    }
}

impl fmt::Debug for FileSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileSigner({})", self.public.id())
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
