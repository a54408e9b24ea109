//! What was refused is not tried again at once, unless it or its circumstances change.

use policy::digest::Digest;
use policy::outcome::{Outcome, UnitId};
use service::backoff::Backoff;
use std::collections::BTreeMap;
use std::time::Duration;

const WAITS: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(300));
/// Where objects had been written and were taken back, a try is no light matter.
const COSTLY: Backoff = Backoff::new(Duration::from_secs(60), Duration::from_secs(3600));
/// A refusal that has not been tried again for so long will not be.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// What a try had come to when it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// Nothing had been written, or it may be otherwise in a moment.
    Lightly,
    /// Objects were changed, and changed back.
    InEarnest,
}

#[derive(Debug)]
struct Refused {
    failures: u32,
    until: Duration,
    outcome: Outcome,
}

/// Failures in a row, and until when to wait.
#[derive(Debug, Clone, Copy)]
struct InARow {
    failures: u32,
    until: Duration,
}

impl InARow {
    fn after(before: Option<Self>, now: Duration) -> Self {
        let failures = before.map_or(1, |before| before.failures.saturating_add(1));
        Self { failures, until: now + WAITS.ceiling(failures) }
    }
}

/// Refusals by unit and by the digest of what the unit would have become.
#[derive(Debug, Default)]
pub struct Refusals {
    units: BTreeMap<UnitId, BTreeMap<Digest, Refused>>,
    circumstances: Option<Digest>,
    /// How often in a row the inventory could not be written.
    unsettled: Option<InARow>,
    /// How often in a row something could not be looked at.
    unseen: Option<InARow>,
    /// Whether the round that began last refused something.
    fresh: bool,
}

impl Refusals {
    /// Begins a round. Where what a refusal may depend on has changed, nothing waits any longer: its cause may be mended.
    pub fn begin(&mut self, circumstances: Digest, now: Duration) {
        self.fresh = false;
        if self.circumstances.replace(circumstances) != Some(circumstances) {
            self.units.values_mut().flat_map(BTreeMap::values_mut).for_each(|refused| refused.until = now);
        }
        self.units.retain(|_, refused| {
            refused.retain(|_, refused| now < refused.until + FORGOTTEN);
            !refused.is_empty()
        });
    }

    /// All outcomes that still stand.
    #[must_use]
    pub fn all_standing(&self, now: Duration) -> BTreeMap<UnitId, BTreeMap<Digest, Outcome>> {
        let standing = |refused: &BTreeMap<Digest, Refused>| {
            let standing = refused.iter().filter(|(_, refused)| now < refused.until);
            standing.map(|(digest, refused)| (*digest, refused.outcome.clone())).collect()
        };
        self.units.iter().map(|(unit, refused)| (unit.clone(), standing(refused))).collect()
    }

    /// The outcome that still stands, where this very digest was refused and its wait is not over.
    #[must_use]
    pub fn standing(&self, unit: &UnitId, becomes: Digest, now: Duration) -> Option<Outcome> {
        let refused = self.units.get(unit)?.get(&becomes).filter(|refused| now < refused.until)?;
        Some(refused.outcome.clone())
    }

    /// Remembers a refusal: each one of the same digest waits longer.
    pub fn remember(&mut self, unit: &UnitId, becomes: Digest, outcome: Outcome, tried: Tried, now: Duration) {
        self.fresh = true;
        let unit = self.units.entry(unit.clone()).or_default();
        let failures = unit.get(&becomes).map_or(1, |refused| refused.failures.saturating_add(1));
        let waits = if tried == Tried::InEarnest { COSTLY } else { WAITS };
        let until = now + waits.ceiling(failures);
        unit.insert(becomes, Refused { failures, until, outcome });
    }

    /// The unit became this.
    pub fn forget(&mut self, unit: &UnitId, becomes: Digest) {
        if let Some(refused) = self.units.get_mut(unit) {
            refused.remove(&becomes);
        }
    }

    /// The inventory was written, or could not be: each time in a row waits longer.
    pub fn settled(&mut self, well: bool, now: Duration) {
        self.unsettled = (!well).then(|| InARow::after(self.unsettled, now));
    }

    /// Everything in question was looked at, or something could not be: each time in a row waits longer.
    pub fn looked(&mut self, well: bool, now: Duration) {
        self.unseen = (!well).then(|| InARow::after(self.unseen, now));
    }

    /// When to look again after the round that began at `began`: at once where something was refused in it, so that the
    /// version before is repaired; else when the next wait is over.
    #[must_use]
    pub fn next(&self, began: Duration) -> Option<Duration> {
        let waits = self.units.values().flat_map(BTreeMap::values).map(|refused| refused.until);
        let waits = waits.chain([self.unsettled, self.unseen].into_iter().flatten().map(|failed| failed.until));
        let next = waits.filter(|until| *until > began).min();
        if self.fresh { Some(began) } else { next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::outcome::OutcomeCode;

    const START: Duration = Duration::ZERO;

    fn unit() -> UnitId {
        UnitId { rule: "ConfigTemplate/a".parse().unwrap(), namespace: None }
    }

    fn outcome() -> Outcome {
        Outcome::new(OutcomeCode::RolledBack, "NotServed")
    }

    #[test]
    fn a_refused_digest_waits_longer_each_time_and_another_does_not() {
        let (mut refusals, one, two) = (Refusals::default(), Digest::of(b"1"), Digest::of(b"2"));
        refusals.remember(&unit(), one, outcome(), Tried::Lightly, START);
        assert_eq!(refusals.standing(&unit(), one, Duration::from_millis(249)), Some(outcome()));
        assert_eq!(refusals.standing(&unit(), one, Duration::from_millis(250)), None);
        assert_eq!(refusals.standing(&unit(), two, START), None);
        refusals.remember(&unit(), one, outcome(), Tried::Lightly, Duration::from_secs(1));
        refusals.begin(Digest::of(b"circumstances"), Duration::from_secs(1));
        assert_eq!(refusals.standing(&unit(), one, Duration::from_secs(1)), None, "other circumstances");
        refusals.remember(&unit(), one, outcome(), Tried::Lightly, Duration::from_secs(1));
        refusals.begin(Digest::of(b"circumstances"), Duration::from_secs(1));
        assert_eq!(refusals.next(Duration::from_secs(1)), Some(Duration::from_secs(2)), "a third failure");
    }

    #[test]
    fn what_cannot_be_looked_at_is_looked_at_again_soon_and_then_less_often() {
        let mut refusals = Refusals::default();
        refusals.looked(false, START);
        assert_eq!(refusals.next(START), Some(Duration::from_millis(250)));
        refusals.looked(false, START);
        assert_eq!(refusals.next(START), Some(Duration::from_millis(500)));
        refusals.looked(true, START);
        assert_eq!(refusals.next(START), None);
    }

    #[test]
    fn an_inventory_that_cannot_be_written_waits_longer_each_time_until_it_can() {
        let mut refusals = Refusals::default();
        refusals.settled(false, START);
        assert_eq!(refusals.next(START), Some(Duration::from_millis(250)));
        refusals.settled(false, START);
        assert_eq!(refusals.next(START), Some(Duration::from_millis(500)));
        refusals.settled(true, START);
        assert_eq!(refusals.next(START), None);
    }

    #[test]
    fn what_changed_objects_is_not_tried_again_soon_unless_its_circumstances_change() {
        let (mut refusals, digest) = (Refusals::default(), Digest::of(b"1"));
        refusals.begin(digest, START);
        refusals.remember(&unit(), digest, outcome(), Tried::InEarnest, START);
        refusals.begin(digest, Duration::from_secs(59));
        assert_eq!(refusals.standing(&unit(), digest, Duration::from_secs(59)), Some(outcome()));
        refusals.begin(Digest::of(b"2"), Duration::from_secs(59));
        assert_eq!(refusals.standing(&unit(), digest, Duration::from_secs(59)), None);
        refusals.remember(&unit(), digest, outcome(), Tried::InEarnest, START);
        assert_eq!(refusals.standing(&unit(), digest, Duration::from_secs(119)), Some(outcome()), "twice as long");
    }

    #[test]
    fn inv26_a_repair_of_the_version_before_does_not_forget_what_was_refused() {
        let (mut refusals, good, refused) = (Refusals::default(), Digest::of(b"1"), Digest::of(b"2"));
        refusals.remember(&unit(), refused, outcome(), Tried::Lightly, START);
        refusals.remember(&unit(), good, outcome(), Tried::Lightly, START);
        refusals.forget(&unit(), good);
        assert!(refusals.all_standing(START)[&unit()].keys().eq([&refused]));
    }

    #[test]
    fn after_a_refusal_the_next_round_is_at_once_and_a_wait_that_nobody_waits_for_wakes_nobody() {
        let (mut refusals, digest) = (Refusals::default(), Digest::of(b"1"));
        refusals.begin(digest, START);
        refusals.remember(&unit(), digest, outcome(), Tried::Lightly, START);
        assert_eq!(refusals.next(START), Some(START));
        refusals.begin(digest, START);
        assert_eq!(refusals.next(START), Some(Duration::from_millis(250)));
        refusals.begin(digest, Duration::from_secs(1));
        assert_eq!(refusals.next(Duration::from_secs(1)), None);
    }
}
