//! Proof of possession: a signature by the key over the TLS exporter of this very session. There is no CSR, so there
//! is nothing to smuggle.

use super::exporter::Exporter;
use crate::key::{KeyError, LeafKey, NotAPublicKey, PublicKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

const CONTEXT: &[u8] = b"writ proof v1\0";
/// The longest ASN.1 ECDSA signature on P-256.
const MOST_SIGNATURE_BYTES: usize = 72;

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The key.
    #[error(transparent)]
    Key(#[from] NotAPublicKey),
    /// Longer than any signature.
    #[error("the proof's signature is too long")]
    Size,
    /// The signature does not hold.
    #[error("the proof does not belong to this key and this connection")]
    Wrong,
}

/// What a caller sends: its public key, and a signature that it cannot have from elsewhere.
#[derive(Debug, Clone)]
pub struct Proof {
    public: PublicKey,
    signature: Vec<u8>,
}

impl Proof {
    /// Proves to the other end of the session that we hold `key`.
    ///
    /// # Errors
    /// [`KeyError`] when the key does not sign.
    pub fn make(key: &LeafKey, exporter: &Exporter) -> Result<Self, KeyError> {
        let signature = key.sign(&message(exporter, key.public()))?;
        Ok(Self { public: key.public().clone(), signature })
    }

    /// From the wire.
    ///
    /// # Errors
    /// [`ProofError`] when the parts cannot be a key and a signature.
    pub fn from_parts(public_key: &[u8], signature: &[u8]) -> Result<Self, ProofError> {
        if signature.len() > MOST_SIGNATURE_BYTES {
            return Err(ProofError::Size);
        }
        Ok(Self { public: PublicKey::from_der(public_key)?, signature: signature.to_vec() })
    }

    /// The public key as SPKI DER, for the wire.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.public.der()
    }

    /// The signature (ASN.1), for the wire.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Verifies it against the exporter of the session it came over.
    ///
    /// # Errors
    /// [`ProofError::Wrong`] when it is of another key or another session.
    pub fn verify(self, exporter: &Exporter) -> Result<Proven, ProofError> {
        proof_holds(&self, exporter)?;
        Ok(Proven(self.public))
    }
}

fn proof_holds(proof: &Proof, exporter: &Exporter) -> Result<(), ProofError> {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, proof.public.point())
        .verify(&message(exporter, &proof.public), &proof.signature)
        .map_err(|_| ProofError::Wrong)
}

fn message(exporter: &Exporter, public: &PublicKey) -> Vec<u8> {
    [CONTEXT, exporter.bytes(), public.der()].concat()
}

/// A public key whose owner has shown to hold the private one. Only such keys are certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven(PublicKey);

impl Proven {
    /// A key that we hold ourselves.
    #[must_use]
    pub fn own(key: &LeafKey) -> Self {
        Self(key.public().clone())
    }

    /// The key.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_for_its_own_key_and_session_only() {
        let (key, other) = (LeafKey::generate().unwrap(), LeafKey::generate().unwrap());
        let (here, elsewhere) = (Exporter::made_of(1), Exporter::made_of(2));
        let proof = Proof::make(&key, &here).unwrap();
        assert_eq!(proof.clone().verify(&here).unwrap().public(), key.public());
        assert_eq!(proof.clone().verify(&elsewhere), Err(ProofError::Wrong));
        let stolen = Proof::from_parts(other.public().der(), proof.signature()).unwrap();
        assert_eq!(stolen.verify(&here), Err(ProofError::Wrong));
    }

    #[test]
    fn other_keys_and_endless_signatures_are_refused_unread() {
        let key = LeafKey::generate().unwrap();
        assert_eq!(Proof::from_parts(key.public().der(), &[0; 73]).unwrap_err(), ProofError::Size);
        assert!(matches!(Proof::from_parts(&[0; 91], &[]).unwrap_err(), ProofError::Key(_)));
        let smuggled = [key.public().der(), b"more"].concat();
        assert!(matches!(Proof::from_parts(&smuggled, &[]).unwrap_err(), ProofError::Key(_)));
    }
}
