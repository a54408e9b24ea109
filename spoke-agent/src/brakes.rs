//! Brakes as they hold: none for longer than a day from when it was first seen, also over a restart.

use jiff::{SignedDuration, Timestamp};
use policy::local::{Brake, Brakes, Local};
use policy::name::RuleName;
use policy::object::Object;
use proto::resources::BrakeStatus;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest that a brake may hold, without a person's setting it anew.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Which brake: of every rule or of one, and the end that was asked for.
type Which = (Option<RuleName>, Timestamp);

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
        let brakes = self.shortened(&asked.brakes);
        let told = |(rule, brake): (Option<&RuleName>, &Brake)| {
            let ours = |(of, _): &(&Which, &Timestamp)| of.0.as_ref() == rule;
            let since = self.since.iter().find(ours).map_or(now, |(_, since)| *since);
            BrakeStatus { rule: rule.cloned(), until: brake.until, reason: brake.reason.clone(), since }
        };
        let told = all(&brakes).map(told).collect();
        (self.with(asked, brakes), told)
    }

    /// Notes what is new, and forgets what is asked for no longer.
    fn see(&mut self, asked: &Brakes, now: Timestamp) {
        let mut since = BTreeMap::new();
        for (rule, brake) in all(asked) {
            let which = (rule.cloned(), brake.until);
            let known = self.since.get(&which).copied().or_else(|| self.before(&which));
            since.insert(which, known.unwrap_or(now));
        }
        self.since = since;
    }

    /// Since when it was seen before this start.
    fn before(&self, (rule, until): &Which) -> Option<Timestamp> {
        let is_it = |told: &&BrakeStatus| told.rule == *rule && told.until == *until.min(&at_most(told.since));
        self.before.iter().find(is_it).map(|told| told.since)
    }

    fn shortened(&self, asked: &Brakes) -> Brakes {
        let shorten = |rule: Option<&RuleName>, brake: &Brake| {
            let since = self.since.get(&(rule.cloned(), brake.until));
            Brake { until: since.map_or(brake.until, |since| brake.until.min(at_most(*since))), ..brake.clone() }
        };
        Brakes {
            all: asked.all.as_ref().map(|brake| shorten(None, brake)),
            rules: asked.rules.iter().map(|(rule, brake)| (rule.clone(), shorten(Some(rule), brake))).collect(),
        }
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

fn all(brakes: &Brakes) -> impl Iterator<Item = (Option<&RuleName>, &Brake)> {
    brakes.held(Timestamp::MIN)
}

fn at_most(since: Timestamp) -> Timestamp {
    since.checked_add(LONGEST).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(hour: i64) -> Timestamp {
        "2026-11-21T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hour)
    }

    fn asked(all: Option<i64>, rule: Option<i64>) -> Arc<Local> {
        let brake = |hour| Brake { until: at(hour), reason: "INC-7".to_owned() };
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
}
