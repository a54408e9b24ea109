//! The head that a spoke says it holds. For choosing what to send; whether it is a head of ours is
//! [`Hub::shown`](crate::hub::Hub)'s to judge.

use bytes::Bytes;
use policy::bundle::dsse::Envelope;
use policy::bundle::head::Head;
use policy::digest::Digest;

/// What a spoke holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) envelope: Bytes,
    pub(super) sequence: u64,
    pub(super) contents: Digest,
}

impl Held {
    /// Reads it; what cannot be read is held by nobody.
    pub(super) fn read(envelope: &Bytes) -> Option<Self> {
        let payload = Envelope::parse(envelope).ok()?.payload().ok()?;
        let head: Head = serde_json::from_slice(&payload).ok()?;
        Some(Self { envelope: envelope.clone(), sequence: head.sequence, contents: head.contents })
    }
}
