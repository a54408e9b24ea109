//! What was refused is not tried again at once, unless it or its circumstances change.

use policy::digest::Digest;
use policy::outcome::{Outcome, UnitId};
use service::backoff::Backoff;
use std::collections::BTreeMap;
use std::time::Duration;

const WAITS: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(300));

#[derive(Debug)]
struct Refused {
    becomes: Digest,
    failures: u32,
    until: Duration,
    outcome: Outcome,
}

/// Refusals by unit, each of one digest.
#[derive(Debug, Default)]
pub struct Refusals {
    units: BTreeMap<UnitId, Refused>,
    circumstances: Option<Digest>,
}

impl Refusals {
    /// Forgets everything when what a refusal may depend on has changed: served APIs, namespaces.
    pub fn under(&mut self, circumstances: Digest) {
        if self.circumstances != Some(circumstances) {
            self.units.clear();
            self.circumstances = Some(circumstances);
        }
    }

    /// The outcome that still stands, where this very digest was refused and its wait is not over.
    #[must_use]
    pub fn standing(&self, unit: &UnitId, becomes: Digest, now: Duration) -> Option<Outcome> {
        let refused = self.units.get(unit).filter(|refused| refused.becomes == becomes && now < refused.until)?;
        Some(refused.outcome.clone())
    }

    /// Remembers a refusal: each one of the same digest waits longer.
    pub fn remember(&mut self, unit: &UnitId, becomes: Digest, outcome: Outcome, now: Duration) {
        let before = self.units.get(unit).filter(|refused| refused.becomes == becomes);
        let failures = before.map_or(1, |refused| refused.failures + 1);
        let until = now + WAITS.ceiling(failures);
        self.units.insert(unit.clone(), Refused { becomes, failures, until, outcome });
    }

    /// The unit went well.
    pub fn forget(&mut self, unit: &UnitId) {
        self.units.remove(unit);
    }

    /// When the next wait is over.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        self.units.values().map(|refused| refused.until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::outcome::OutcomeCode;

    #[test]
    fn a_refused_digest_waits_longer_each_time_and_another_does_not() {
        let mut refusals = Refusals::default();
        let unit = UnitId { rule: "ConfigTemplate/a".parse().unwrap(), namespace: None };
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let outcome = Outcome::new(OutcomeCode::RolledBack, "NotServed");
        refusals.remember(&unit, one, outcome.clone(), Duration::ZERO);
        assert_eq!(refusals.standing(&unit, one, Duration::from_millis(249)), Some(outcome.clone()));
        assert_eq!(refusals.standing(&unit, one, Duration::from_millis(250)), None);
        assert_eq!(refusals.standing(&unit, two, Duration::ZERO), None);
        refusals.remember(&unit, one, outcome, Duration::from_secs(1));
        assert_eq!(refusals.next(), Some(Duration::from_millis(1500)));
        refusals.under(Digest::of(b"circumstances"));
        assert_eq!(refusals.next(), None);
    }
}
