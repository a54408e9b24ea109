//! Randomness from one seeded source that is passed in: identifiers and jitter.

use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The one source of randomness of a process; tests seed it.
#[derive(Debug)]
pub struct Chance(Mutex<StdRng>);

impl Chance {
    /// Draws from `rng`.
    #[must_use]
    pub fn new(rng: StdRng) -> Self {
        Self(Mutex::new(rng))
    }

    /// A new identifier in the form of a UUID, version 4.
    pub fn uid(&self) -> String {
        let mut bytes = [0; 16];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        let number = u128::from_be_bytes(bytes);
        let number = (number & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{number:032x}");
        let mut uid = String::with_capacity(36);
        for (at, digit) in hex.chars().enumerate() {
            if matches!(at, 8 | 12 | 16 | 20) {
                uid.push('-');
            }
            uid.push(digit);
        }
        uid
    }

    /// Between nothing and `most`: full jitter.
    pub fn up_to(&self, most: Duration) -> Duration {
        most.mul_f64(self.fraction())
    }

    /// `middle`, give or take `part` of it.
    pub fn around(&self, middle: Duration, part: f64) -> Duration {
        middle.mul_f64(part.mul_add(self.fraction().mul_add(2.0, -1.0), 1.0))
    }

    fn fraction(&self) -> f64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.0..=1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn stays_in_its_bounds() {
        let chance = Chance::new(StdRng::seed_from_u64(7));
        for _ in 0..100 {
            assert!(chance.up_to(Duration::from_secs(4)) <= Duration::from_secs(4));
            let around = chance.around(Duration::from_secs(100), 0.1);
            assert!((Duration::from_secs(90)..=Duration::from_secs(110)).contains(&around), "{around:?}");
        }
    }

    #[test]
    fn uids_are_of_version_4_and_differ() {
        let chance = Chance::new(StdRng::seed_from_u64(7));
        let (one, two) = (chance.uid(), chance.uid());
        assert_ne!(one, two);
        assert_eq!((one.len(), one.as_bytes()[14]), (36, b'4'));
        assert!(b"89ab".contains(&one.as_bytes()[19]));
    }
}
