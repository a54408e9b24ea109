//! How long to wait before another try.

use rand::{Rng, RngExt};
use std::time::Duration;

/// Doubling waits with a ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub first: Duration,
    /// The longest wait of all.
    pub most: Duration,
}

impl Backoff {
    /// Waits of at most `first`, then twice that, and so on, never above `most`.
    #[must_use]
    pub const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most }
    }

    /// The longest wait after this many failures in a row (0 counts as 1).
    #[must_use]
    pub fn ceiling(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.most)
    }

    /// A wait anywhere between nothing and the ceiling (full jitter), so that many who failed at once do not return at
    /// once.
    /// Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    pub fn full_jitter(self, failures: u32, rng: &mut (impl Rng + ?Sized)) -> Duration {
        self.ceiling(failures).mul_f64(rng.random::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

    #[test]
    fn doubles_up_to_its_ceiling() {
        let waits: Vec<u128> = (0..5).map(|failures| BACKOFF.ceiling(failures).as_millis()).collect();
        assert_eq!(waits, [100, 100, 200, 400, 800]);
        assert_eq!(BACKOFF.ceiling(u32::MAX), Duration::from_secs(5));
    }

    #[test]
    fn jitter_spreads_over_the_whole_range() {
        let mut rng = StdRng::seed_from_u64(1);
        let waits: Vec<Duration> = (0..200).map(|_| BACKOFF.full_jitter(4, &mut rng)).collect();
        assert!(waits.iter().all(|wait| *wait <= BACKOFF.ceiling(4)));
        assert!(waits.iter().any(|wait| *wait < BACKOFF.ceiling(4) / 10));
        assert!(waits.iter().any(|wait| *wait > BACKOFF.ceiling(4) * 9 / 10));
    }
}
