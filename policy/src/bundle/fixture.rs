//! Keys and signed things for the tests of this crate.

use super::dsse::{Envelope, pre_authentication};
use super::key::PublicKey;
use super::trust::KeySet;
use ed25519_dalek::{Signer as _, SigningKey};

/// Test keys by number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys;

impl Keys {
    pub(crate) const fn new() -> Self {
        Self
    }

    fn secret(self, number: u8) -> SigningKey {
        SigningKey::from_bytes(&[number; 32])
    }

    pub(crate) fn public(self, number: u8) -> PublicKey {
        PublicKey::from_raw(self.secret(number).verifying_key().as_bytes()).unwrap()
    }

    pub(crate) fn set(self, threshold: u32, numbers: &[u8]) -> KeySet {
        KeySet { threshold, keys: numbers.iter().map(|number| self.public(*number)).collect() }
    }

    pub(crate) fn sign(self, payload_type: &str, payload: &[u8], by: &[u8]) -> Envelope {
        let message = pre_authentication(payload_type, payload);
        by.iter().fold(Envelope::unsigned(payload_type, payload), |envelope, number| {
            let signature = self.secret(*number).sign(&message).to_bytes();
            envelope.with_signature(&self.public(*number), &signature)
        })
    }
}
