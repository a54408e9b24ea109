//! The live sessions, so that they can be cut.

use super::peer::Peer;
use crate::identity::Leaf;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The live sessions of one listener.
#[derive(Debug, Default)]
pub struct Registry(Mutex<Sessions>);

#[derive(Debug, Default)]
struct Sessions {
    next: u64,
    live: BTreeMap<u64, Session>,
}

#[derive(Debug)]
struct Session {
    peer: Peer,
    chain: Vec<CertificateDer<'static>>,
}

/// Keeps a session registered until it is dropped.
#[derive(Debug)]
pub(super) struct Registered {
    registry: Arc<Registry>,
    number: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.registry.lock().live.remove(&self.number);
    }
}

impl Registry {
    pub(super) fn add(self: &Arc<Self>, peer: Peer, chain: Vec<CertificateDer<'static>>) -> Registered {
        let mut sessions = self.lock();
        let number = sessions.next;
        sessions.next += 1;
        sessions.live.insert(number, Session { peer, chain });
        Registered { registry: Arc::clone(self), number }
    }

    /// Cuts every session with a certificate whose chain is not `good`.
    pub(crate) fn cut_unless_judged(&self, good: impl Fn(&[CertificateDer<'_>]) -> bool) {
        for session in self.lock().live.values() {
            if !session.chain.is_empty() && !good(&session.chain) {
                session.peer.cut();
            }
        }
    }

    /// Cuts every session with a certificate that does not stand.
    pub(crate) fn cut_unless_stands(&self, stands: impl Fn(&Leaf) -> bool) {
        for session in self.lock().live.values() {
            if session.peer.leaf().is_some_and(|leaf| !stands(leaf)) {
                session.peer.cut();
            }
        }
    }

    /// Cuts every session whose certificate has ended by `now`.
    pub(crate) fn cut_expired(&self, now: Timestamp) {
        for session in self.lock().live.values() {
            if has_ended(&session.peer, now) {
                session.peer.cut();
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().live.len()
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        // Nothing panics while it holds the lock, so a poisoned map is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has_ended(peer: &Peer, now: Timestamp) -> bool {
    peer.leaf().is_some_and(|leaf| !leaf.is_valid_at(now))
}
