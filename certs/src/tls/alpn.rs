//! What is spoken inside.

/// The protocols of one listener or client, in order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alpn {
    /// HTTP/2: gRPC.
    H2,
    /// HTTP/2 or HTTP/1.1: people.
    Both,
}

impl Alpn {
    pub(super) fn names(self) -> Vec<Vec<u8>> {
        match self {
            Self::H2 => vec![b"h2".to_vec()],
            Self::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        }
    }
}
