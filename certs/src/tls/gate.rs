//! The gate of one listener: its configuration, swapped live, and the sessions that passed.
//!
//! A session lives only as long as the gate would let it in anew: whenever the configuration, somebody's standing or the time
//! changes, every live session is asked again for what has changed, and cut where the answer has (invariant 11).

use super::server::{Listening, ServerTls, TlsError};
use super::standing::Standing;
use crate::accept::Registry;
use crate::identity::Leaf;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use service::clock::Clock;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// See the module.
pub struct Gate {
    listening: ArcSwap<Listening>,
    standing: Standing,
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    refused: AtomicU64,
}

impl Gate {
    /// A gate with nobody inside.
    ///
    /// # Errors
    /// [`TlsError`] when the configuration is refused.
    pub fn new(settings: ServerTls, standing: Standing, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let listening = Listening::new(settings, standing.clone(), Arc::clone(&clock))?;
        Ok(Self {
            listening: ArcSwap::from_pointee(listening),
            standing,
            registry: Arc::default(),
            clock,
            refused: AtomicU64::new(0),
        })
    }

    /// Replaces the whole configuration. Sessions that it would refuse are cut.
    ///
    /// # Errors
    /// [`TlsError`] when the configuration is refused; the old one stays.
    pub fn swap(&self, settings: ServerTls) -> Result<(), TlsError> {
        let listening = Listening::new(settings, self.standing.clone(), Arc::clone(&self.clock))?;
        self.listening.store(Arc::new(listening));
        self.registry.cut_unless_judged(|chain| self.judge(chain).is_ok());
        Ok(())
    }

    /// Cuts the live sessions of those who no longer stand. To be called when somebody's [`Standing`] has changed:
    /// nothing else has, so no chain is verified again, which for a full house would keep new sessions waiting.
    pub fn review(&self) {
        self.registry.cut_unless_stands(|leaf| self.standing.holds(leaf));
    }

    /// Reviews for ever, each `interval`, so that no session outlives its certificate by more than that.
    pub async fn watch(&self, interval: Duration) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            self.registry.cut_expired(self.clock.wall());
        }
    }

    /// How many sessions are inside.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.registry.len()
    }

    /// How many handshakes did not lead to a session since the start.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(crate) fn count_refusal(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn judge(&self, chain: &[CertificateDer<'_>]) -> Result<Leaf, rustls::Error> {
        self.listening.load().verifier.judge(chain, self.clock.wall())
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.listening.load().config)
    }

    pub(crate) const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("sessions", &self.sessions()).finish_non_exhaustive()
    }
}
