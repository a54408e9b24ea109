//! The limits of one listener.

use std::time::Duration;

/// How many may be inside, and for how long. Whoever has shown no certificate takes up no member's room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions with a certificate; more wait for as long as a handshake may take.
    pub members: usize,
    /// Handshakes under way and sessions without a certificate. There is always room for one more: the oldest of the
    /// address that has the most makes way.
    pub strangers: usize,
    /// From one address (IPv6: one /64) so many members and so many strangers, each counted apart: more sessions with a
    /// certificate are closed at once, and for more strangers the oldest of that address makes way.
    pub per_address: usize,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How long a session without a certificate may last: enough for one enrollment.
    pub nameless: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 8192,
            strangers: 1024,
            per_address: 1024,
            handshake: Duration::from_secs(10),
            nameless: Duration::from_secs(60),
        }
    }
}
