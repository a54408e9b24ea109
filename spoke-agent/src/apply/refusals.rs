//! What was refused is not tried again at once, unless it or its circumstances change.

use super::surroundings::{Situation, Surroundings};
use policy::digest::Digest;
use policy::name::Namespace;
use policy::outcome::{Outcome, UnitId};
use policy::seen::NamespaceSeen;
use service::backoff::Backoff;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const WAITS: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(60));
/// Where objects had been written and were taken back, a try is no light matter. But a quota may be raised, or a webhook
/// mended, and nobody tells.
const COSTLY: Backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(300));
/// A version that did not work takes T_health for each try, and something may be down meanwhile.
const GIVEN_UP: Backoff = Backoff::new(Duration::from_secs(60), Duration::from_secs(1800));
/// So many races in a row are lost before anything is told of it.
pub const RACES: u32 = 3;
/// A refusal that has not been tried again for so long will not be.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// What a try had come to when it was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// Nothing had been written, or it may be otherwise in a moment.
    Lightly,
    /// Objects were changed, and changed back.
    InEarnest,
    /// All of it stood, and did not work.
    GivenUp,
    /// Somebody else wrote in the same moment: it is planned again with what stands then.
    Raced,
}

impl Tried {
    /// How long to wait where something has changed meanwhile that may have mended the cause.
    fn soonest(self) -> Duration {
        match self {
            Self::Lightly | Self::Raced => Duration::ZERO,
            Self::InEarnest | Self::GivenUp => self.waits().ceiling(1),
        }
    }

    /// How long to wait after so many failures in a row. The first races that are lost wait for nothing.
    fn wait(self, failures: u32) -> Duration {
        match failures.checked_sub(self.free()) {
            Some(0) | None => Duration::ZERO,
            Some(failures) => self.waits().ceiling(failures),
        }
    }

    /// So many failures in a row are nobody's business.
    const fn free(self) -> u32 {
        match self {
            Self::Raced => RACES,
            Self::Lightly | Self::InEarnest | Self::GivenUp => 0,
        }
    }

    const fn waits(self) -> Backoff {
        match self {
            Self::Lightly | Self::Raced => WAITS,
            Self::InEarnest => COSTLY,
            Self::GivenUp => GIVEN_UP,
        }
    }
}

#[derive(Debug)]
struct Refused {
    failures: u32,
    until: Duration,
    /// Not before, whatever changes.
    soonest: Duration,
    situation: Situation,
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
    surroundings: Option<Surroundings>,
    /// How often in a row the inventory could not be written.
    unsettled: Option<InARow>,
    /// How often in a row something could not be looked at.
    unseen: Option<InARow>,
    /// Whether the round that began last refused something.
    fresh: bool,
    /// Whether it lost a race, and nothing shall be told of that yet.
    raced: bool,
}

impl Refusals {
    /// Begins a round. Where something has changed around a unit that was refused, its cause may be mended: it is tried
    /// at once, or, where a try is no light matter, after the wait of a first refusal.
    pub fn begin(
        &mut self,
        surroundings: Surroundings,
        namespaces: &BTreeMap<Namespace, NamespaceSeen>,
        now: Duration,
    ) {
        (self.fresh, self.raced) = (false, false);
        for refused in self.units.values_mut().flat_map(BTreeMap::values_mut) {
            let around = surroundings.around(namespaces, &refused.situation.places);
            if around != refused.situation.around {
                refused.situation.around = around;
                refused.until = refused.until.min(refused.soonest.max(now));
            }
        }
        self.surroundings = Some(surroundings);
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

    /// How it is around these places in the round that has begun.
    #[must_use]
    pub fn situation(&self, namespaces: &BTreeMap<Namespace, NamespaceSeen>, places: BTreeSet<Namespace>) -> Situation {
        let around = self.surroundings.as_ref().map(|surroundings| surroundings.around(namespaces, &places));
        Situation { around: around.unwrap_or_else(|| Digest::of(&[])), places }
    }

    /// Remembers a refusal: each one of the same digest waits longer.
    pub fn remember(
        &mut self,
        unit: &UnitId,
        becomes: Digest,
        outcome: Outcome,
        tried: Tried,
        situation: Situation,
        now: Duration,
    ) {
        self.fresh = true;
        let unit = self.units.entry(unit.clone()).or_default();
        let failures = unit.get(&becomes).map_or(1, |refused| refused.failures.saturating_add(1));
        self.raced |= failures <= tried.free();
        let (until, soonest) = (now + tried.wait(failures), now + tried.soonest());
        unit.insert(becomes, Refused { failures, until, soonest, situation, outcome });
    }

    /// Whether the round that began last is to be made again at once, and nothing told of it: it lost a race.
    #[must_use]
    pub const fn raced(&self) -> bool {
        self.raced
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

    fn namespaces(team: &str) -> BTreeMap<Namespace, NamespaceSeen> {
        let labels = [("team".to_owned(), team.to_owned())].into_iter().collect();
        [("shop".parse().unwrap(), NamespaceSeen { labels, terminating: false })].into()
    }

    fn surroundings(elsewhere: &str) -> Surroundings {
        Surroundings::new(
            Digest::of(b"capabilities"),
            [(Some("other".parse().unwrap()), Digest::of(elsewhere.as_bytes()))].into(),
        )
    }

    fn begin(refusals: &mut Refusals, team: &str, now: Duration) {
        refusals.begin(surroundings("1"), &namespaces(team), now);
    }

    fn refuse(refusals: &mut Refusals, becomes: Digest, tried: Tried, now: Duration) {
        let situation = refusals.situation(&namespaces("web"), ["shop".parse().unwrap()].into());
        refusals.remember(&unit(), becomes, outcome(), tried, situation, now);
    }

    fn outcome() -> Outcome {
        Outcome::new(OutcomeCode::RolledBack, "NotServed")
    }

    #[test]
    fn a_refused_digest_waits_longer_each_time_and_another_does_not() {
        let (mut refusals, one, two) = (Refusals::default(), Digest::of(b"1"), Digest::of(b"2"));
        refuse(&mut refusals, one, Tried::Lightly, START);
        assert_eq!(refusals.standing(&unit(), one, Duration::from_millis(249)), Some(outcome()));
        assert_eq!(refusals.standing(&unit(), one, Duration::from_millis(250)), None);
        assert_eq!(refusals.standing(&unit(), two, START), None);
        refuse(&mut refusals, one, Tried::Lightly, Duration::from_secs(1));
        begin(&mut refusals, "db", Duration::from_secs(1));
        assert_eq!(refusals.standing(&unit(), one, Duration::from_secs(1)), None, "other circumstances");
        refuse(&mut refusals, one, Tried::Lightly, Duration::from_secs(1));
        begin(&mut refusals, "web", Duration::from_secs(1));
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
    fn what_changed_objects_is_not_tried_again_at_once_whatever_changes_around_it() {
        let (mut refusals, digest) = (Refusals::default(), Digest::of(b"1"));
        begin(&mut refusals, "web", START);
        for _ in 0..9 {
            refuse(&mut refusals, digest, Tried::InEarnest, START);
        }
        let stands =
            |refusals: &Refusals, at: u64| refusals.standing(&unit(), digest, Duration::from_secs(at)).is_some();
        assert!(stands(&refusals, 299) && !stands(&refusals, 300), "minutes, not hours");
        begin(&mut refusals, "db", Duration::from_secs(3));
        assert!(stands(&refusals, 9) && !stands(&refusals, 10), "as after a first refusal");
        refuse(&mut refusals, digest, Tried::InEarnest, Duration::from_secs(10));
        assert!(stands(&refusals, 309), "and each try waits longer all the same");
        begin(&mut refusals, "db", Duration::from_secs(200));
        assert!(!stands(&refusals, 200));
    }

    #[test]
    fn what_happens_in_other_namespaces_mends_nothing() {
        let (mut refusals, digest) = (Refusals::default(), Digest::of(b"1"));
        begin(&mut refusals, "web", START);
        refuse(&mut refusals, digest, Tried::GivenUp, START);
        let mut namespaces = namespaces("web");
        namespaces.insert("ci-4711".parse().unwrap(), namespaces.values().next().unwrap().clone());
        refusals.begin(surroundings("3"), &namespaces, Duration::from_secs(59));
        assert!(refusals.standing(&unit(), digest, Duration::from_secs(59)).is_some());
        let mut gone = namespaces;
        gone.remove(&"shop".parse().unwrap());
        refuse(&mut refusals, digest, Tried::GivenUp, START);
        refusals.begin(surroundings("3"), &gone, Duration::from_secs(60));
        assert!(refusals.standing(&unit(), digest, Duration::from_secs(60)).is_none(), "its own is another matter");
    }

    #[test]
    fn a_race_that_is_lost_now_and_then_is_no_finding_and_one_that_is_lost_always_is() {
        let (mut refusals, digest) = (Refusals::default(), Digest::of(b"1"));
        for _ in 0..RACES {
            begin(&mut refusals, "web", START);
            refuse(&mut refusals, digest, Tried::Raced, START);
            assert!(refusals.raced() && refusals.standing(&unit(), digest, START).is_none());
        }
        begin(&mut refusals, "web", START);
        assert!(!refusals.raced());
        refuse(&mut refusals, digest, Tried::Raced, START);
        assert!(!refusals.raced());
        assert_eq!(refusals.standing(&unit(), digest, START), Some(outcome()));
    }

    #[test]
    fn inv26_a_repair_of_the_version_before_does_not_forget_what_was_refused() {
        let (mut refusals, good, refused) = (Refusals::default(), Digest::of(b"1"), Digest::of(b"2"));
        refuse(&mut refusals, refused, Tried::Lightly, START);
        refuse(&mut refusals, good, Tried::Lightly, START);
        refusals.forget(&unit(), good);
        assert!(refusals.all_standing(START)[&unit()].keys().eq([&refused]));
    }

    #[test]
    fn after_a_refusal_the_next_round_is_at_once_and_a_wait_that_nobody_waits_for_wakes_nobody() {
        let (mut refusals, digest) = (Refusals::default(), Digest::of(b"1"));
        begin(&mut refusals, "web", START);
        refuse(&mut refusals, digest, Tried::Lightly, START);
        assert_eq!(refusals.next(START), Some(START));
        begin(&mut refusals, "web", START);
        assert_eq!(refusals.next(START), Some(Duration::from_millis(250)));
        begin(&mut refusals, "web", Duration::from_secs(1));
        assert_eq!(refusals.next(Duration::from_secs(1)), None);
    }
}
