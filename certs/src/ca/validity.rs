//! From when until when a certificate holds.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How far a peer's clock may be behind the issuer's: certificates begin this much earlier.
pub const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A lifetime that leads beyond the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a certificate cannot last that long; configure a shorter lifetime")]
pub struct ValidityError;

/// From when until when a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

impl Validity {
    /// From [`SKEW`] before `now` until `lifetime` after it.
    ///
    /// # Errors
    /// [`ValidityError`] when the end is beyond the calendar.
    pub fn starting(now: Timestamp, lifetime: Duration) -> Result<Self, ValidityError> {
        let lifetime = SignedDuration::try_from(lifetime).map_err(|_| ValidityError)?;
        let not_before = now.checked_sub(SKEW).map_err(|_| ValidityError)?;
        let not_after = now.checked_add(lifetime).map_err(|_| ValidityError)?;
        Ok(Self { not_before, not_after })
    }

    /// The same, but ending no later than `end`.
    #[must_use]
    pub(crate) fn within(self, end: Timestamp) -> Self {
        Self { not_after: self.not_after.min(end), ..self }
    }
}
