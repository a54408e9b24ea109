//! How the server answers of late. One that does not answer is not waited for by each of a thousand requests: a round
//! must end soon all the same. A slow write says nothing of the server, for it may have waited for a webhook.

use super::fault::Fault;
use service::clock::Clock;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest that one request may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest that one may take while the one before was not answered.
pub(super) const PROBE: Duration = Duration::from_secs(2);
/// So many slow writes in a row, and the next ones are given no longer than a probe.
const SLOW_WRITES: u32 = 8;
/// How long a server that left two in a row without an answer is not asked at all.
const AWAY: Duration = Duration::from_secs(1);
/// The longest that a server may put off everything.
const LONGEST: Duration = Duration::from_secs(60);

/// What is known.
pub(super) struct Answers {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many in a row were not answered.
    missed: u32,
    /// How many writes in a row were too slow.
    slow_writes: u32,
    /// Until when nothing is asked, and why.
    until: Duration,
    why: String,
}

impl Answers {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// How long to wait for an answer, that to a write where `writes`.
    ///
    /// # Errors
    /// [`Fault::Away`] while nothing is to be asked.
    pub(super) fn patience(&self, writes: bool) -> Result<Duration, Fault> {
        let (now, state) = (self.clock.monotonic(), self.state());
        if now < state.until {
            return Err(Fault::Away(state.why.clone()));
        }
        let waits_in_vain = state.missed > 0 || (writes && state.slow_writes >= SLOW_WRITES);
        Ok(if waits_in_vain { PROBE } else { PATIENCE })
    }

    /// A write was answered, or was too slow while the server answered other questions.
    pub(super) fn wrote(&self, slow: bool) {
        let mut state = self.state();
        state.slow_writes = if slow { state.slow_writes.saturating_add(1) } else { 0 };
    }

    /// A request came to this: nothing, or a fault. `put_off` says how long the server asks to be left alone.
    pub(super) fn told(&self, fault: Option<&Fault>, put_off: Option<Duration>) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        state.missed = match fault {
            Some(Fault::Unreachable(_) | Fault::Slow) => state.missed.saturating_add(1),
            _ => 0,
        };
        let away = (state.missed > 1).then_some(AWAY).or(put_off.map(|wait| wait.min(LONGEST)));
        if let (Some(away), Some(fault)) = (away, fault) {
            (state.until, state.why) = (now + away, service::exit::chain(fault));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::sync::atomic::{AtomicU64, Ordering};

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

    fn answers() -> (Arc<Hand>, Answers) {
        let hand = Arc::new(Hand::default());
        (Arc::clone(&hand), Answers::new(hand))
    }

    #[test]
    fn one_request_that_is_not_answered_makes_the_next_one_short_and_two_make_all_wait() {
        let (hand, answers) = answers();
        answers.told(Some(&Fault::Slow), None);
        assert_eq!(answers.patience(false).unwrap(), PROBE);
        answers.told(None, None);
        assert_eq!(answers.patience(false).unwrap(), PATIENCE, "it was one request, not the server");
        answers.told(Some(&Fault::Unreachable("refused".into())), None);
        answers.told(Some(&Fault::Unreachable("refused".into())), None);
        assert!(matches!(answers.patience(false), Err(Fault::Away(_))));
        hand.0.store(1_000, Ordering::Relaxed);
        assert_eq!(answers.patience(false).unwrap(), PROBE);
    }

    #[test]
    fn slow_writes_make_the_next_writes_short_and_nothing_else() {
        let (_, answers) = answers();
        (0..SLOW_WRITES).for_each(|_| answers.wrote(true));
        assert_eq!((answers.patience(true).unwrap(), answers.patience(false).unwrap()), (PROBE, PATIENCE));
        answers.wrote(false);
        assert_eq!(answers.patience(true).unwrap(), PATIENCE);
    }

    #[test]
    fn a_server_that_puts_everything_off_for_long_is_left_alone_for_a_minute_at_most() {
        let (hand, answers) = answers();
        let busy = Fault::Nonsense("busy".into());
        answers.told(Some(&busy), Some(Duration::from_secs(7)));
        hand.0.store(6_999, Ordering::Relaxed);
        assert!(matches!(answers.patience(false), Err(Fault::Away(_))));
        hand.0.store(7_000, Ordering::Relaxed);
        assert_eq!(answers.patience(false).unwrap(), PATIENCE);
        answers.told(Some(&busy), Some(Duration::MAX));
        hand.0.store(67_000, Ordering::Relaxed);
        assert!(answers.patience(false).is_ok());
    }
}
