//! How often each object is repaired. The first repair is made at once; each further one waits twice as long as the one
//! before, and the wait decays while the object is left alone. So a fight with somebody else costs few writes, and it is
//! recognised by a wait that has grown long: the unit is Contested.

use super::Outcomes;
use super::drift::Drift;
use jiff::Timestamp;
use policy::object::ObjectId;
use policy::outcome::{Outcome, OutcomeCode, REPAIRED, UnitId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The wait after the first repair.
const FIRST: Duration = Duration::from_millis(100);
/// A wait grows to so many times what counts as contested.
const MOST: u32 = 5;
/// In what counts as contested, a wait is halved so often.
const HALVINGS: u32 = 6;
/// So long a repair is told of.
const TOLD: Duration = Duration::from_secs(600);

/// What is remembered of one object.
#[derive(Debug)]
struct Repaired {
    unit: UnitId,
    drift: Drift,
    at: Timestamp,
    /// When it was repaired last, on the monotonic clock.
    last: Duration,
    /// The wait as of `calm`.
    wait: Duration,
    /// Since when nobody has changed it; none: somebody has, and it is not repaired yet.
    calm: Option<Duration>,
}

/// The repairs of all objects.
#[derive(Debug)]
pub struct Repairs {
    contested: Duration,
    objects: BTreeMap<ObjectId, Repaired>,
}

impl Repairs {
    /// None yet; a unit is Contested while an object's wait is longer than `contested`.
    #[must_use]
    pub const fn new(contested: Duration) -> Self {
        Self { contested, objects: BTreeMap::new() }
    }

    /// Begins a round: the objects that are not to be repaired in it.
    pub fn begin(&mut self, now: Duration) -> BTreeSet<ObjectId> {
        let decays = self.decays();
        self.objects.retain(|_, object| now < object.last + TOLD || object.wait_at(now, decays) > FIRST);
        let resting = self.objects.iter().filter(|(_, object)| now < object.last + object.wait_at(now, decays));
        resting.map(|(id, _)| id.clone()).collect()
    }

    /// Of the objects that rest, `changed` would have been repaired: their waits do not decay meanwhile.
    pub fn changed(&mut self, changed: &BTreeSet<ObjectId>, now: Duration) {
        let decays = self.decays();
        for (id, object) in &mut self.objects {
            if changed.contains(id) {
                (object.wait, object.calm) = (object.wait_at(now, decays), None);
            } else if object.calm.is_none() {
                object.calm = Some(now);
            }
        }
    }

    /// An object was brought back.
    pub(super) fn repaired(&mut self, unit: &UnitId, drift: Drift, now: Duration, at: Timestamp) {
        let decays = self.decays();
        let before = self.objects.get(&drift.object).map_or(Duration::ZERO, |object| object.wait_at(now, decays));
        let wait = before.saturating_mul(2).clamp(FIRST, self.contested.saturating_mul(MOST).max(FIRST));
        let repaired = Repaired { unit: unit.clone(), at, last: now, wait, calm: Some(now), drift };
        self.objects.insert(repaired.drift.object.clone(), repaired);
    }

    /// Says of units that are applied what of them was repaired lately, and which are contested: of each, the object that
    /// was repaired most often.
    pub(super) fn tell(&self, outcomes: &mut Outcomes, now: Duration) {
        let decays = self.decays();
        let mut objects: Vec<_> = self.objects.values().map(|object| (object.wait_at(now, decays), object)).collect();
        objects.sort_by_key(|(wait, object)| (*wait, object.last));
        for (wait, object) in objects {
            let applied = outcomes
                .get_mut(&object.unit)
                .filter(|outcome| matches!(outcome.code, OutcomeCode::Applied | OutcomeCode::Contested));
            if let Some(outcome) = applied {
                *outcome = object.outcome(wait > self.contested);
            }
        }
    }

    /// When something of this changes by itself.
    #[must_use]
    pub fn next(&self, now: Duration) -> Option<Duration> {
        let decays = self.decays();
        self.objects
            .values()
            .flat_map(|object| object.turns(self.contested, decays))
            .flatten()
            .filter(|at| *at > now)
            .min()
    }

    /// How long it takes a wait to be halved.
    fn decays(&self) -> Duration {
        (self.contested / HALVINGS).max(FIRST)
    }
}

impl Repaired {
    /// How long after the last repair the next may be made.
    fn wait_at(&self, now: Duration, decays: Duration) -> Duration {
        let calm = self.calm.map_or(Duration::ZERO, |calm| now.saturating_sub(calm));
        let halvings = calm.as_millis().checked_div(decays.as_millis()).unwrap_or_default();
        let halvings = u32::try_from(halvings).unwrap_or(u32::MAX).min(31);
        self.wait / (1 << halvings)
    }

    /// The moments at which it is repaired, is no longer contested, or is forgotten.
    fn turns(&self, contested: Duration, decays: Duration) -> [Option<Duration>; 3] {
        let mut halvings = 0;
        while self.wait / (1 << halvings) > contested && halvings < 31 {
            halvings += 1;
        }
        let ends = self.calm.filter(|_| halvings > 0).map(|calm| calm + decays * halvings);
        let repair = self.calm.is_none().then_some(self.last + self.wait);
        [repair, ends, Some(self.last + TOLD)]
    }

    fn outcome(&self, contested: bool) -> Outcome {
        let Drift { object, what, by } = &self.drift;
        let since = by.as_ref().map(|by| format!(" since {}", by.at)).unwrap_or_default();
        let (code, reason, message) = if contested {
            let others = by.as_ref().map_or("somebody else", |by| by.manager.as_str());
            let message = format!(
                "{object} is changed back again and again by {others}, so it is repaired ever more seldom; last: \
                 {what}{since}"
            );
            (OutcomeCode::Contested, "Fought", message)
        } else {
            let author = by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
            let message = format!("{object} was repaired at {:.0}: {what}{since}{author}", self.at);
            (OutcomeCode::Applied, REPAIRED, message)
        };
        Outcome::new(code, reason).saying(message).about(object).caused_by(by.as_ref().map(ToString::to_string))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::object::Identity;
    use policy::seen::Writer;

    const MINUTE: Duration = Duration::from_secs(60);

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn id() -> ObjectId {
        ObjectId::from(Identity {
            group: String::new(),
            kind: "ConfigMap".into(),
            namespace: None,
            name: "otel".into(),
        })
    }

    fn unit() -> UnitId {
        UnitId { rule: "ConfigTemplate/a".parse().unwrap(), namespace: None }
    }

    fn drift() -> Drift {
        let by = Writer { manager: "hpa".into(), operation: "Update".into(), at: "2026-11-21T03:00:00Z".into() };
        Drift { object: id(), what: "data.k differed".into(), by: Some(by) }
    }

    /// A round at `now` in which the object was found changed; whether it was repaired.
    fn round(repairs: &mut Repairs, changed: bool, now: Duration) -> bool {
        let resting = repairs.begin(now);
        let waits = if changed { resting.clone() } else { BTreeSet::new() };
        repairs.changed(&waits, now);
        let repaired = changed && resting.is_empty();
        if repaired {
            repairs.repaired(&unit(), drift(), now, Timestamp::UNIX_EPOCH);
        }
        repaired
    }

    fn told(repairs: &Repairs, code: OutcomeCode, now: Duration) -> Outcome {
        let mut outcomes = Outcomes::from([(unit(), Outcome::new(code, "AsWanted"))]);
        repairs.tell(&mut outcomes, now);
        outcomes.remove(&unit()).unwrap()
    }

    /// Somebody changes the object back at once, always, until `end`: how often it was repaired, and when it was first
    /// contested.
    fn fight(repairs: &mut Repairs, end: Duration) -> (usize, Option<Duration>) {
        let (mut now, mut count, mut first) = (Duration::ZERO, 0, None);
        while now < end {
            count += usize::from(round(repairs, true, now));
            if told(repairs, OutcomeCode::Applied, now).code == OutcomeCode::Contested {
                first = first.or(Some(now));
            }
            // The object was changed back; a round sees that, and says when to look again.
            now += Duration::from_millis(1);
            count += usize::from(round(repairs, true, now));
            now = repairs.next(now).unwrap();
        }
        (count, first)
    }

    #[test]
    fn a_fight_costs_few_writes_is_recognised_and_ends() {
        let mut repairs = Repairs::new(MINUTE);
        let (count, first) = fight(&mut repairs, seconds(3600));
        assert!((11..=30).contains(&count), "{count} repairs in an hour");
        assert!(first.is_some_and(|first| first < seconds(120)), "{first:?}");
        let said = told(&repairs, OutcomeCode::Applied, seconds(3600));
        assert_eq!((said.code, said.by.as_deref()), (OutcomeCode::Contested, Some("hpa (Update)")));
        assert!(said.message.contains("data.k differed since 2026-11-21T03:00:00Z"), "{}", said.message);
        // Now the other stops: it is repaired once more, and the fight is forgotten.
        let mut now = repairs.next(seconds(3600)).unwrap().max(seconds(3600)) + seconds(300);
        assert!(round(&mut repairs, true, now), "the last repair");
        assert_eq!(told(&repairs, OutcomeCode::Applied, now).code, OutcomeCode::Contested);
        now = repairs.next(now).unwrap();
        assert!(!round(&mut repairs, false, now));
        let said = told(&repairs, OutcomeCode::Applied, now);
        assert_eq!((said.code, said.reason.as_str()), (OutcomeCode::Applied, REPAIRED));
        now = repairs.next(now).unwrap();
        round(&mut repairs, false, now);
        assert_eq!(told(&repairs, OutcomeCode::Applied, now), Outcome::new(OutcomeCode::Applied, "AsWanted"));
        assert_eq!(repairs.next(now), None);
    }

    #[test]
    fn what_is_changed_now_and_then_is_repaired_at_once() {
        let mut repairs = Repairs::new(MINUTE);
        for edit in 0..100 {
            assert!(round(&mut repairs, true, seconds(20 * edit)));
        }
        let now = seconds(20 * 99);
        assert_eq!(told(&repairs, OutcomeCode::Applied, now).reason, REPAIRED);
        assert_eq!(told(&repairs, OutcomeCode::RolledBack, now).code, OutcomeCode::RolledBack, "worse is told instead");
    }

    #[test]
    fn inv28_what_is_told_of_a_repair_does_not_change_from_round_to_round() {
        let mut repairs = Repairs::new(MINUTE);
        round(&mut repairs, true, seconds(0));
        let said = told(&repairs, OutcomeCode::Applied, seconds(0));
        assert!(said.message.ends_with(
            "repaired at 1970-01-01T00:00:00Z: data.k differed since 2026-11-21T03:00:00Z, by hpa (Update)"
        ));
        round(&mut repairs, false, seconds(300));
        assert_eq!(told(&repairs, OutcomeCode::Applied, seconds(300)), said);
    }

    #[test]
    fn a_change_that_its_author_takes_back_ends_the_fight_too() {
        let mut repairs = Repairs::new(MINUTE);
        fight(&mut repairs, seconds(600));
        round(&mut repairs, true, seconds(600));
        round(&mut repairs, false, seconds(601));
        assert_eq!(told(&repairs, OutcomeCode::Applied, seconds(601)).code, OutcomeCode::Contested);
        assert_eq!(told(&repairs, OutcomeCode::Applied, seconds(640)).code, OutcomeCode::Applied);
    }
}
