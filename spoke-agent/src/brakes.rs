//! Brakes as they hold: none for longer than a day from when it was first seen, also over a restart.

use jiff::{SignedDuration, Timestamp};
use policy::local::{Brake, Brakes, Change, Local};
use policy::name::RuleName;
use policy::object::Object;
use proto::resources::BrakeStatus;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest that a brake may hold, without a person's setting it anew.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Which brake: of every rule or of one, the end that was asked for, and when that was.
type Which = (Option<RuleName>, Timestamp, Option<Timestamp>);

/// See the module.
#[derive(Debug, Default)]
pub struct Braking {
    /// Since when each is seen.
    since: BTreeMap<Which, Timestamp>,
    /// Those that were set before this start, as they were told.
    before: Vec<BrakeStatus>,
    /// What was made of what was asked for last.
    cut: Option<(Arc<Local>, Arc<Local>)>,
}

impl Braking {
    /// As the status document has it that was told last.
    #[must_use]
    pub fn of(told: Option<&Object>) -> Self {
        Self { before: braked(told), ..Self::default() }
    }

    /// What the cluster's operators say, no brake of it longer than it may be; and all brakes that are set. One that has
    /// ended is among them for as long as it stands there, so that it does not begin anew after a restart.
    pub fn take(&mut self, asked: &Arc<Local>, now: Timestamp) -> (Arc<Local>, Vec<BrakeStatus>) {
        self.see(&asked.brakes, now);
        let told = |(rule, brake): (Option<&RuleName>, &Brake)| {
            let since = self.since.get(&which(rule, brake)).copied().unwrap_or(now);
            let until = end(brake, since);
            let Brake { asked, reason, .. } = brake.clone();
            BrakeStatus { rule: rule.cloned(), until, asked, over: until <= now, reason, since }
        };
        let told: Vec<BrakeStatus> = asked.brakes.all().map(told).collect();
        (self.with(asked, as_told(&told)), told)
    }

    /// Notes what is new, and forgets what is asked for no longer.
    fn see(&mut self, asked: &Brakes, now: Timestamp) {
        let mut since = BTreeMap::new();
        for (rule, brake) in asked.all() {
            let which = which(rule, brake);
            let known = self.since.get(&which).copied().or_else(|| self.before(rule, brake));
            since.insert(which, known.unwrap_or(now));
        }
        self.since = since;
    }

    /// Since when it was seen before this start.
    fn before(&self, rule: Option<&RuleName>, brake: &Brake) -> Option<Timestamp> {
        let is_it = |told: &&BrakeStatus| is_told(told, rule, brake);
        self.before.iter().find(is_it).map(|told| told.since)
    }

    /// The same as before while nothing changed, so that nothing is made anew of it.
    fn with(&mut self, asked: &Arc<Local>, brakes: Brakes) -> Arc<Local> {
        if asked.brakes == brakes {
            return Arc::clone(asked);
        }
        match &self.cut {
            Some((of, cut)) if Arc::ptr_eq(of, asked) && cut.brakes == brakes => Arc::clone(cut),
            _ => {
                let cut = Arc::new(Local { brakes, ..Local::clone(asked) });
                self.cut = Some((Arc::clone(asked), Arc::clone(&cut)));
                cut
            }
        }
    }
}

/// The brakes that a status document tells.
pub(crate) fn braked(told: Option<&Object>) -> Vec<BrakeStatus> {
    let found = told.and_then(|told| told.tree().pointer("/status/brakes")).cloned();
    found.and_then(|found| serde_json::from_value(found).ok()).unwrap_or_default()
}

fn which(rule: Option<&RuleName>, brake: &Brake) -> Which {
    (rule.cloned(), brake.until, brake.asked)
}

/// Whether this is what was told of the brake, of `rule` or of every one.
pub(crate) fn is_told(told: &BrakeStatus, rule: Option<&RuleName>, brake: &Brake) -> bool {
    told.rule.as_ref() == rule && told.asked == brake.asked && told.until == end(brake, told.since)
}

/// When a brake ends by trusted time that is seen since then. What was asked for as a span is counted from there: the clock
/// of who asked may be wrong.
fn end(brake: &Brake, since: Timestamp) -> Timestamp {
    brake.end(since).min(since.checked_add(LONGEST).unwrap_or(Timestamp::MAX))
}

/// The brakes as they hold: all moments are trusted time.
fn as_told(told: &[BrakeStatus]) -> Brakes {
    let mut brakes = Brakes::default();
    for BrakeStatus { rule, until, reason, .. } in told {
        let brake = Brake { until: *until, asked: None, reason: reason.clone() };
        brakes = brakes.after(&Change::Set(rule.clone(), brake));
    }
    brakes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(hour: i64) -> Timestamp {
        "2026-11-21T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hour)
    }

    fn asked(all: Option<i64>, rule: Option<i64>) -> Arc<Local> {
        let brake = |hour| Brake { until: at(hour), asked: None, reason: "INC-7".to_owned() };
        let rules = rule.map(|hour| ("ResourceGuard/quota".parse().unwrap(), brake(hour)));
        let brakes = Brakes { all: all.map(brake), rules: rules.into_iter().collect() };
        Arc::new(Local { brakes, ..Local::default() })
    }

    fn ends(held: &[BrakeStatus]) -> Vec<(bool, Timestamp, Timestamp)> {
        held.iter().map(|brake| (brake.rule.is_some(), brake.since, brake.until)).collect()
    }

    #[test]
    fn inv30_no_brake_holds_longer_than_a_day_from_when_it_was_first_seen() {
        let mut braking = Braking::default();
        let (long, short) = (asked(Some(100), Some(30)), asked(Some(20), None));
        let (local, held) = braking.take(&long, at(1));
        assert_eq!(ends(&held), [(false, at(1), at(25)), (true, at(1), at(25))]);
        assert_eq!(local.brakes.all.as_ref().map(|brake| brake.until), Some(at(25)));
        let (again, _) = braking.take(&long, at(2));
        assert!(Arc::ptr_eq(&local, &again), "nothing changed");
        assert_eq!(braking.take(&long, at(25)).0.brakes.held(at(25)).count(), 0, "it is over, and stands there still");
        let (local, held) = braking.take(&short, at(2));
        assert!(Arc::ptr_eq(&local, &short));
        assert_eq!(ends(&held), [(false, at(2), at(20))]);
        assert_eq!(ends(&braking.take(&long, at(26)).1).len(), 2, "set anew by a person");
    }

    #[test]
    fn inv30_a_restart_makes_no_brake_longer() {
        let (_, told) = Braking::default().take(&asked(Some(100), Some(3)), at(1));
        let told = json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement", "metadata": {"name": "writ"},
            "status": {"brakes": told}});
        let told = Object::try_from(told).unwrap();
        for now in [at(2), at(30)] {
            let (_, set) = Braking::of(Some(&told)).take(&asked(Some(100), Some(3)), now);
            assert_eq!(ends(&set), [(false, at(1), at(25)), (true, at(1), at(3))]);
        }
        let (_, held) = Braking::of(Some(&told)).take(&asked(Some(20), None), at(2));
        assert_eq!(ends(&held), [(false, at(2), at(20))], "another one");
    }

    /// Two hours, of every rule and of one, as somebody asks for them whose clock says that hour.
    fn lasting(hour: i64) -> Arc<Local> {
        let brake = Brake::lasting("2h".parse().unwrap(), at(hour), "INC-7".to_owned());
        let rules = BTreeMap::from([("ResourceGuard/quota".parse().unwrap(), brake.clone())]);
        Arc::new(Local { brakes: Brakes { all: Some(brake), rules }, ..Local::default() })
    }

    #[test]
    fn inv30_a_brake_lasts_its_span_by_trusted_time_whatever_the_clock_of_who_set_it_says() {
        for theirs in [-50, 10, 70] {
            let (asked, mut braking) = (lasting(theirs), Braking::default());
            let (local, told) = braking.take(&asked, at(10));
            assert_eq!(ends(&told), [(false, at(10), at(12)), (true, at(10), at(12))], "{theirs}");
            assert_eq!(local.brakes.ends().collect::<Vec<_>>(), [at(12), at(12)]);
            assert_eq!(local.brakes.held(at(11)).count(), 2, "{theirs}");
            assert!(told.iter().all(|brake| !brake.over));
            // Over a restart, and while it stands there longer.
            let told = json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement", "metadata": {"name": "writ"},
                "status": {"brakes": told}});
            let mut again = Braking::of(Some(&Object::try_from(told).unwrap()));
            let (local, told) = again.take(&asked, at(12));
            assert_eq!(local.brakes.held(at(12)).count(), 0);
            assert_eq!(ends(&told), [(false, at(10), at(12)), (true, at(10), at(12))]);
            assert!(told.iter().all(|brake| brake.over), "{told:?}");
            // Asked for once more.
            assert_eq!(again.take(&lasting(theirs + 1), at(13)).0.brakes.held(at(14)).count(), 2);
        }
    }
}
