//! Keying material of one TLS session (RFC 8446, 7.5), to which proofs are bound.

use rustls::ConnectionCommon;
use std::fmt;
use std::ops::Deref;

const LABEL: &[u8] = b"EXPORTER-writ-proof-v1";

/// 32 bytes that both ends of one TLS session know, and nobody else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Exporter([u8; 32]);

impl Exporter {
    /// Those of a session whose handshake is complete.
    pub(crate) fn of<Data, Session>(session: &Session) -> Result<Self, rustls::Error>
    where
        Session: Deref<Target = ConnectionCommon<Data>>,
    {
        session.export_keying_material([0; 32], LABEL, None).map(Self)
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    #[cfg(test)]
    pub(crate) const fn made_of(byte: u8) -> Self {
        Self([byte; 32])
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporter(…)")
    }
}
