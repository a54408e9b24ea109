//! Whether the process makes progress (alive) and whether it can serve (ready).

use crate::clock::Clock;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What `/livez` and `/readyz` ask. Clones share one state.
#[derive(Clone)]
pub struct Health {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    beats: BTreeMap<&'static str, (Arc<AtomicU64>, Duration)>,
    gates: BTreeMap<&'static str, Arc<AtomicBool>>,
}

/// A task that has made no progress for longer than it said it would need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stalled {
    /// The task.
    pub name: &'static str,
    /// Since when it has been silent.
    pub silent: Duration,
    /// The longest silence that it declared.
    pub limit: Duration,
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (silent, limit) = (self.silent.as_secs(), self.limit.as_secs());
        write!(f, "task `{}` has made no progress for {silent} s (at most {limit} s expected)", self.name)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("stalled", &self.stalled()).field("waiting", &self.waiting()).finish()
    }
}

impl Health {
    /// Nothing is watched yet: alive and ready.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Arc::default() }
    }

    /// Watches a task that shall beat at least once within `limit`. It counts as having beaten now.
    #[must_use]
    pub fn heartbeat(&self, name: &'static str, limit: Duration) -> Heartbeat {
        let beat = Heartbeat { clock: self.clock.clone(), at: Arc::default() };
        beat.beat();
        self.lock().beats.insert(name, (beat.at.clone(), limit));
        beat
    }

    /// No longer watches the task.
    pub fn forget(&self, name: &'static str) {
        self.lock().beats.remove(name);
    }

    /// A condition without which the process is not ready. Closed at first.
    #[must_use]
    pub fn gate(&self, name: &'static str) -> Gate {
        let open = self.lock().gates.entry(name).or_default().clone();
        Gate { open }
    }

    /// Tasks that are silent for too long. Not empty: not alive.
    #[must_use]
    pub fn stalled(&self) -> Vec<Stalled> {
        let now = milliseconds(self.clock.monotonic());
        let judge = |(name, (at, limit)): (&&'static str, &(Arc<AtomicU64>, Duration))| {
            let silent = Duration::from_millis(now.saturating_sub(at.load(Ordering::Relaxed)));
            (silent > *limit).then_some(Stalled { name, silent, limit: *limit })
        };
        self.lock().beats.iter().filter_map(judge).collect()
    }

    /// Gates that are closed. Not empty: not ready.
    #[must_use]
    pub fn waiting(&self) -> Vec<&'static str> {
        let state = self.lock();
        state.gates.iter().filter(|(_, open)| !open.load(Ordering::Relaxed)).map(|(name, _)| *name).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A task's sign of progress: to be given after each round of work, not by a timer beside it.
#[derive(Clone)]
pub struct Heartbeat {
    clock: Arc<dyn Clock>,
    at: Arc<AtomicU64>,
}

impl Heartbeat {
    /// Progress was made.
    pub fn beat(&self) {
        self.at.store(milliseconds(self.clock.monotonic()), Ordering::Relaxed);
    }
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat").finish_non_exhaustive()
    }
}

/// One condition of being ready.
#[derive(Debug, Clone)]
pub struct Gate {
    open: Arc<AtomicBool>,
}

impl Gate {
    /// The condition holds.
    pub fn open(&self) {
        self.open.store(true, Ordering::Relaxed);
    }

    /// The condition holds no longer.
    pub fn close(&self) {
        self.open.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[derive(Default)]
    struct Hand(AtomicU64);

    impl Clock for Hand {
        fn wall(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_silent_task_is_not_alive() {
        let clock = Arc::new(Hand::default());
        let health = Health::new(clock.clone());
        let beat = health.heartbeat("sync", Duration::from_secs(5));
        clock.0.store(5_000, Ordering::Relaxed);
        assert_eq!(health.stalled(), []);
        clock.0.store(5_001, Ordering::Relaxed);
        assert_eq!(health.stalled().first().map(|stalled| stalled.name), Some("sync"));
        beat.beat();
        assert_eq!(health.stalled(), []);
    }

    #[test]
    fn ready_when_every_gate_is_open() {
        let health = Health::new(Arc::new(Hand::default()));
        let (store, head) = (health.gate("store"), health.gate("head"));
        store.open();
        assert_eq!(health.waiting(), ["head"]);
        head.open();
        assert!(health.waiting().is_empty());
        store.close();
        assert_eq!(health.waiting(), ["store"]);
    }
}
