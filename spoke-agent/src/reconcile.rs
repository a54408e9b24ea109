//! One round: what is seen, what is wanted of it, what that takes, what became of it.

use crate::apply::{Done, Outcomes, RACES, Refusals, Repairs, Surroundings, Tools, apply};
use crate::brakes::Braking;
use crate::cache::good::{Good, GoodError};
use crate::explain::Grounds;
use crate::guarded::{Guarded, guarded};
use crate::measures::Measures;
use crate::target::{Sight, Target, TargetError};
use crate::time::Time;
use jiff::Timestamp;
use policy::access::Lifeline;
use policy::bundle::verify::Bundle;
use policy::canonical::NotCanonical;
use policy::digest::Digest;
use policy::facts::Capabilities;
use policy::local::Local;
use policy::mode::Mode;
use policy::object::Object;
use policy::outcome::Note;
use policy::plan::prune::{self, Held};
use policy::plan::{Plan, Step, in_question, on_trial, rest};
use policy::resolve::{LIFELINE, Memo, Resolved, Settings, Want, Wants, resolve, without_bundle};
use policy::seen::Seen;
use policy::time::TrustedTime;
use proto::resources::BrakeStatus;
use service::fault::FileError;
use service::health::Heartbeat;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What one round came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Round {
    /// Every unit once.
    pub outcomes: Outcomes,
    /// What else someone may act on, in order.
    pub notes: Vec<Note>,
    /// What the cluster's operators say.
    pub local: Arc<Local>,
    /// The brakes that are set, those that have ended too.
    pub brakes: Vec<BrakeStatus>,
    /// Removals that wait for a person.
    pub held: Option<Held>,
    /// What the cluster can do.
    pub capabilities: Capabilities,
    /// What is wrong with the agent's own surroundings, for people.
    pub faults: BTreeSet<String>,
}

/// A round could not be made; everything stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The target cannot be read.
    #[error("the cluster cannot be looked at")]
    Target(#[from] TargetError),
    /// The rows of a hold have no digest.
    #[error("the plan cannot be judged")]
    Plan(#[from] NotCanonical),
}

/// Makes rounds. Takes no input but what it looks at: whoever wakes it only wakes it.
#[derive(Debug)]
pub struct Reconciler {
    target: Arc<dyn Target>,
    good: Good,
    time: Time,
    settings: Settings,
    braking: Braking,
    refusals: Refusals,
    repairs: Repairs,
    began: Duration,
    /// When the plan changes by itself.
    turns: Option<Duration>,
    measures: Measures,
    lifeline: Lifeline,
    heartbeat: Option<Heartbeat>,
    copies: BTreeMap<Digest, Object>,
    memo: Memo,
    grounds: Arc<Grounds>,
    collected: Option<BTreeSet<Digest>>,
}

impl Reconciler {
    /// A reconciler of one target.
    #[must_use]
    pub fn new(target: Arc<dyn Target>, good: Good, time: Time, settings: Settings) -> Self {
        let (refusals, repairs) = (Refusals::default(), Repairs::new(settings.contested));
        let (began, copies, collected) = (Duration::ZERO, BTreeMap::new(), None);
        let (measures, heartbeat, memo, turns) = (Measures::default(), None, Memo::default(), None);
        let braking = Braking::default();
        Self {
            target,
            good,
            time,
            settings,
            braking,
            refusals,
            repairs,
            began,
            turns,
            measures,
            lifeline: Lifeline::default(),
            heartbeat,
            copies,
            memo,
            grounds: Arc::default(),
            collected,
        }
    }

    /// The same, knowing of the brakes that were set before.
    #[must_use]
    pub fn braked(self, braking: Braking) -> Self {
        Self { braking, ..self }
    }

    /// The same, counting its writes in `measures`.
    #[must_use]
    pub fn measured(self, measures: Measures) -> Self {
        Self { measures, ..self }
    }

    /// The same, never taking cluster-admin from the last of `lifeline`.
    #[must_use]
    pub fn guarding(self, lifeline: Lifeline) -> Self {
        Self { lifeline, ..self }
    }

    /// The same, showing its progress by `heartbeat` also within a round.
    #[must_use]
    pub fn beating(self, heartbeat: Heartbeat) -> Self {
        Self { heartbeat: Some(heartbeat), ..self }
    }

    /// One round under `bundle`; without one, what the inventory lists is kept at its last good version, under the mode
    /// that the newest head gives the cluster.
    ///
    /// # Errors
    /// [`RoundError`] when the target as a whole cannot be read; nothing was changed then.
    pub async fn round(&mut self, bundle: Option<&Bundle>, cluster: Option<Mode>) -> Result<Round, RoundError> {
        // Who writes in the same moment as somebody else looks again. That is told only when it does not end.
        for _ in 0..RACES {
            let round = self.once(bundle, cluster).await?;
            if !self.refusals.raced() {
                return Ok(round);
            }
        }
        self.once(bundle, cluster).await
    }

    async fn once(&mut self, bundle: Option<&Bundle>, cluster: Option<Mode>) -> Result<Round, RoundError> {
        self.began = self.time.clock().monotonic();
        let sight = self.target.observe().await?;
        self.refusals.begin(Surroundings::of(&sight)?, &sight.seen.namespaces, self.began);
        let Sight { mut seen, capabilities, named, oddities, .. } = sight;
        let mut faults: BTreeSet<String> = oddities.iter().map(|odd| format!("{}: {}", odd.place, odd.why)).collect();
        faults.extend(self.add_copies(&mut seen, &named));
        seen.refused = self.refusals.all_standing(self.began);
        let now = self.time.now();
        let (local, brakes) = self.braking.take(&seen.local, now.get());
        seen.local = Arc::clone(&local);
        let Resolved { mut wants, mut decided, overruled, mut notes, regional, again } = match bundle {
            Some(bundle) => resolve(bundle, &seen, &self.settings, now, &mut self.memo),
            None => without_bundle(&seen, cluster, now),
        };
        faults.extend(self.rebuild_copies(&wants, &mut seen));
        let looked = self.target.look(&in_question(&wants, &seen.inventory), &seen).await?;
        self.refusals.looked(looked.unseen.is_empty(), self.began);
        (seen.objects, seen.unseen) = (looked.objects, looked.unseen);
        let released = bundle.and_then(|bundle| bundle.head().prune);
        seen.health = self.target.health(&on_trial(&seen.inventory)).await;
        let Guarded { plan, notes: found, held: cut, fault } =
            guarded(self.target.as_ref(), &self.lifeline, &mut wants, &regional, &seen, &self.settings, now).await;
        faults.extend(fault);
        notes.extend(found);
        for unit in &cut {
            decided.entry(unit.clone()).and_modify(|by| by.row = LIFELINE);
        }
        self.turns = plan.again().into_iter().chain(again).min().map(|at| self.began + until(at, now));
        let mut plan = prune::admit(plan, &seen.inventory, released, now)?;
        let resting = self.repairs.begin(self.began);
        self.repairs.changed(&rest::put_off(&mut plan, &seen, &resting), self.began);
        let held = plan.held.clone();
        faults.extend(self.collect(named).err().map(|error| service::exit::chain(&error)));
        let done = self.carry_out(&seen, plan, now).await;
        faults.extend(done.faults);
        let outcomes = done.outcomes;
        self.grounds = Arc::new(Grounds { wants, decided, overruled, inventory: seen.inventory });
        Ok(Round { outcomes, notes, local, brakes, held, capabilities, faults })
    }

    /// What the last round was made of.
    #[must_use]
    pub fn grounds(&self) -> Arc<Grounds> {
        Arc::clone(&self.grounds)
    }

    /// Looks at everything anew in the next round, whatever was heard.
    pub async fn doubt(&self) {
        self.target.doubt().await;
    }

    /// When to look again because something was refused or repaired, or something's time comes, on the agent's monotonic clock.
    #[must_use]
    pub fn again(&self) -> Option<Duration> {
        let (refused, repaired) = (self.refusals.next(self.began), self.repairs.next(self.began));
        [refused, repaired, self.turns].into_iter().flatten().min()
    }

    async fn carry_out(&mut self, seen: &Seen, plan: Plan, now: TrustedTime) -> Done {
        // What is applied is kept as a last good copy, and need not be read from there again.
        let steps = plan.units.values().flat_map(|unit| &unit.transaction).flat_map(|transaction| &transaction.moves);
        for step in steps {
            if let Step::Apply { object, .. } = &step.step {
                self.copies.insert(object.digest(), object.clone());
            }
        }
        let monotonic = self.began;
        let (target, good, measures) = (self.target.as_ref(), &self.good, &self.measures);
        let (refusals, repairs, heartbeat) = (&mut self.refusals, &mut self.repairs, self.heartbeat.as_ref());
        let now = now.get();
        let mut tools = Tools { target, seen, good, refusals, repairs, measures, now, monotonic, heartbeat };
        apply(&mut tools, plan).await
    }

    /// Adds the last good copies that rows name to what is seen; what is wrong with one is told by its file.
    fn add_copies(&mut self, seen: &mut Seen, named: &BTreeSet<Digest>) -> BTreeSet<String> {
        let mut faults = BTreeSet::new();
        self.copies.retain(|digest, _| named.contains(digest));
        for digest in seen.inventory.values().flat_map(|row| row.copies()) {
            if self.copies.contains_key(&digest) {
                continue;
            }
            match self.good.get(&digest) {
                Ok(object) => drop(self.copies.insert(digest, object)),
                // It may be wanted again as it was: then it is made anew.
                Err(GoodError::Missing(_)) => {}
                Err(error) => drop(faults.insert(service::exit::chain(&error))),
            }
        }
        seen.good = self.copies.clone();
        faults
    }

    /// Makes the last good copies anew that rows name, that are not there (as after joining again with an empty folder),
    /// and that the bundle still wants just so. Tells of those that nobody can make.
    fn rebuild_copies(&mut self, wants: &Wants, seen: &mut Seen) -> BTreeSet<String> {
        let rows = seen.inventory.values().filter(|row| row.live()).map(|row| row.digest);
        let mut missing: BTreeSet<Digest> =
            rows.filter(|digest| !self.copies.contains_key(digest) && self.good.is_missing(digest)).collect();
        if missing.is_empty() {
            return BTreeSet::new();
        }
        let mut faults = BTreeSet::new();
        for object in wants.values().flat_map(Want::desired).map(|desired| &desired.object) {
            let digest = object.digest();
            if missing.contains(&digest) {
                match self.good.put(object) {
                    Ok(_) => {
                        missing.remove(&digest);
                        self.copies.insert(digest, object.clone());
                        seen.good.insert(digest, object.clone());
                    }
                    Err(error) => drop(faults.insert(service::exit::chain(&error))),
                }
            }
        }
        faults
            .extend(missing.iter().filter_map(|digest| self.good.get(digest).err()).map(|e| service::exit::chain(&e)));
        faults
    }

    /// Removes copies that no row names: looked for once, and then when rows no longer name one. Before anything is
    /// written, so that nothing new is lost.
    fn collect(&mut self, named: BTreeSet<Digest>) -> Result<(), FileError> {
        if self.collected.as_ref().is_none_or(|before| !before.is_subset(&named)) {
            self.good.collect(&named)?;
        }
        self.collected = Some(named);
        Ok(())
    }
}

/// How long it is until `at`.
fn until(at: Timestamp, now: TrustedTime) -> Duration {
    Duration::try_from(at.duration_since(now.get())).unwrap_or_default()
}
