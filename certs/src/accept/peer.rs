//! Who is at the other end of a session, as handlers see it.

use crate::enroll::Exporter;
use crate::identity::{Leaf, SpiffeId};
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Why a session has no identity to call with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotLive {
    /// No client certificate was presented.
    #[error("this call needs a client certificate")]
    Nameless,
    /// It has expired.
    #[error("the client certificate has expired; renew it")]
    Expired,
    /// The session was cut: revoked, expired, or its authority removed.
    #[error("the session was ended by the hub")]
    Cut,
}

/// Who is at the other end of one session. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Peer(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    address: SocketAddr,
    leaf: Option<Leaf>,
    exporter: Exporter,
    cut: CancellationToken,
}

impl Peer {
    pub(super) fn new(address: SocketAddr, leaf: Option<Leaf>, exporter: Exporter, cut: CancellationToken) -> Self {
        Self(Arc::new(Parts { address, leaf, exporter, cut }))
    }

    /// Where it calls from.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// The exporter of this session, for proofs.
    #[must_use]
    pub fn exporter(&self) -> &Exporter {
        &self.0.exporter
    }

    /// Who it is, if the session is still good at `now`. To be asked at every call.
    ///
    /// # Errors
    /// [`NotLive`] says why it may not call.
    pub fn identity(&self, now: Timestamp) -> Result<&SpiffeId, NotLive> {
        let leaf = self.0.leaf.as_ref().ok_or(NotLive::Nameless)?;
        if self.0.cut.is_cancelled() {
            return Err(NotLive::Cut);
        }
        if leaf.is_valid_at(now) { Ok(leaf.id()) } else { Err(NotLive::Expired) }
    }

    /// The certificate it presented.
    #[must_use]
    pub fn leaf(&self) -> Option<&Leaf> {
        self.0.leaf.as_ref()
    }

    pub(super) fn cut(&self) {
        self.0.cut.cancel();
    }

    pub(super) fn token(&self) -> CancellationToken {
        self.0.cut.clone()
    }
}
