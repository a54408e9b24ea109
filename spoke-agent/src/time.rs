//! Trusted time for the whole agent: one state machine, fed by the clock and by signed heads, kept on disk.

use crate::cache::StoredTime;
use crate::faults::Faults;
use jiff::Timestamp;
use policy::time::{TrustedClock, TrustedTime};
use service::clock::Clock;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How far the wall clock may run ahead of what the monotonic clock and signed time explain.
const SLACK: Duration = Duration::from_secs(300);

/// Trusted time. Clones share one state.
#[derive(Clone)]
pub struct Time {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<TrustedClock>>,
    stored: StoredTime,
    faults: Faults,
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Time").finish_non_exhaustive()
    }
}

impl Time {
    /// Starts from the time stored by an earlier run. A stored time that cannot be read is a fault until time is stored
    /// again; the newest head's issue time still holds it up.
    #[must_use]
    pub fn start(clock: Arc<dyn Clock>, stored: StoredTime, faults: Faults) -> Self {
        let earlier = stored.load().unwrap_or_else(|error| {
            faults.put("time", Some(service::exit::chain(&error)));
            None
        });
        let state = TrustedClock::start(earlier, clock.wall(), clock.monotonic(), SLACK);
        Self { clock, state: Arc::new(Mutex::new(state)), stored, faults }
    }

    /// The trusted time now.
    #[must_use]
    pub fn now(&self) -> TrustedTime {
        self.locked(|state| state.read(self.clock.wall(), self.clock.monotonic()))
    }

    /// Takes in the issue time of a verified head.
    pub fn signed(&self, issued: Timestamp) {
        self.locked(|state| state.signed(issued, self.clock.monotonic()));
    }

    /// Whether the wall clock is not believed.
    #[must_use]
    pub fn suspect(&self) -> bool {
        self.locked(|state| state.suspect())
    }

    /// The clock beneath.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Stores the trusted time, unless the wall clock is suspect. A full disk is a fault and changes nothing.
    pub fn store(&self) {
        let now = self.now();
        if self.suspect() {
            return;
        }
        let stored = self.stored.store(now.get());
        let why = |error| format!("trusted time is not stored: {}", service::exit::chain(&error));
        self.faults.put("time", stored.err().map(why));
    }

    fn locked<T>(&self, work: impl FnOnce(&mut TrustedClock) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
