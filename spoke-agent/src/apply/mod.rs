//! Carrying a plan out: dry-run, claims, writes in order, the way back on refusal. All policy has ended in the plan;
//! here is only what to write.

mod drift;
mod refusals;
mod repairs;
mod surroundings;

pub use refusals::{RACES, Refusals, Tried};
pub use repairs::Repairs;
pub use surroundings::{Situation, Surroundings};

use crate::cache::good::Good;
use crate::measures::Measures;
use crate::target::{Refusal, Target};
use drift::Drift;
use futures::StreamExt as _;
use jiff::Timestamp;
use policy::digest::Digest;
use policy::object::ObjectId;
use policy::outcome::{Outcome, OutcomeCode, UnitId};
use policy::plan::inventory::Row;
use policy::plan::{Move, Plan, Step, Transaction, Turn, Undo, side_by_side};
use policy::seen::Seen;
use service::health::Heartbeat;
use std::collections::{BTreeMap, BTreeSet};

/// What became of every unit of the plan: each exactly once.
pub type Outcomes = BTreeMap<UnitId, Outcome>;

/// What carrying a plan out came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Done {
    /// What became of every unit.
    pub outcomes: Outcomes,
    /// What is wrong with the target itself, for people.
    pub faults: BTreeSet<String>,
}

/// What carrying out needs beside the plan.
#[derive(Debug)]
pub struct Tools<'a, T: Target + ?Sized> {
    /// Where to write.
    pub target: &'a T,
    /// What the plan was made from.
    pub seen: &'a Seen,
    /// Where last good copies are kept.
    pub good: &'a Good,
    /// What was refused before.
    pub refusals: &'a mut Refusals,
    /// What was repaired before.
    pub repairs: &'a mut Repairs,
    /// Where writes are counted.
    pub measures: &'a Measures,
    /// Trusted time.
    pub now: Timestamp,
    /// For waits: time since the agent started.
    pub monotonic: std::time::Duration,
    /// Where progress is shown: a round of many slow answers is no standstill.
    pub heartbeat: Option<&'a Heartbeat>,
}

impl<T: Target + ?Sized> Tools<'_, T> {
    fn beat(&self) {
        self.heartbeat.into_iter().for_each(Heartbeat::beat);
    }
}

/// How many units are carried out side by side, and how many steps of one.
const AT_ONCE: usize = 8;

/// A unit, and what is to be done for it.
struct Task {
    id: UnitId,
    turn: Option<Turn>,
    transaction: Transaction,
    /// What it gives up by that.
    gives_up: Option<Digest>,
}

/// What a unit came to that was refused.
struct Refused {
    outcome: Outcome,
    tried: Tried,
}

/// Carries `plan` out. Whatever happens to one unit, the others proceed.
pub async fn apply<T: Target + ?Sized>(tools: &mut Tools<'_, T>, plan: Plan) -> Done {
    let mut outcomes: Outcomes = plan.units.iter().map(|(id, unit)| (id.clone(), unit.outcome.clone())).collect();
    let tasks = plan.units.into_iter().filter_map(|(id, unit)| {
        let transaction = unit.transaction?;
        Some(Task { id, turn: transaction.turn(), transaction, gives_up: unit.gives_up })
    });
    // All claims stand before the first write: one write of the inventory covers them.
    let mut ready = prepare(tools, tasks.collect(), &mut outcomes).await;
    ready.sort_by_key(|task| task.turn);
    for turn in ready.chunk_by(|one, next| one.turn == next.turn) {
        let written = all(turn.iter().map(|task| carry_out(tools, task)).collect()).await;
        for (task, written) in turn.iter().zip(written) {
            match written {
                Ok(repaired) => written_as_wanted(tools, task, repaired, &outcomes),
                Err(refused) => refuse(tools, task, refused, &mut outcomes),
            }
        }
    }
    for id in plan.expired {
        // Forgetting a row of a removal that is a day old cannot be refused.
        let _ = tools.target.step(&Step::Forget(id), tools.now).await;
    }
    let unsettled = tools.target.settle().await.err();
    tools.refusals.settled(unsettled.is_none(), tools.monotonic);
    tools.repairs.tell(&mut outcomes, tools.monotonic);
    let why = |error| format!("the inventory cannot be written: {}", service::exit::chain(&error));
    Done { outcomes, faults: unsettled.map(why).into_iter().collect() }
}

/// Waits for all, some at once; the results are in the order of `work`.
async fn all<F: Future>(work: Vec<F>) -> Vec<F::Output> {
    futures::stream::iter(work).buffered(AT_ONCE).collect().await
}

/// Dry-runs, last good copies and claims: nothing of the cluster is changed yet. Gives those that may be carried out.
async fn prepare<T: Target + ?Sized>(tools: &mut Tools<'_, T>, tasks: Vec<Task>, outcomes: &mut Outcomes) -> Vec<Task> {
    let (mut tried, mut ready) = (Vec::new(), Vec::new());
    for task in tasks {
        match tools.refusals.standing(&task.id, task.transaction.becomes, tools.monotonic) {
            Some(outcome) => drop(outcomes.insert(task.id, outcome)),
            None => tried.push(task),
        }
    }
    // A copy of what the server does not take is of no use and does no harm: nothing waits for it.
    let dry = all(tried.iter().map(|task| dry_run(tools, task)).collect());
    let kept = all(tried.iter().map(|task| keep_good(tools.good, &task.transaction)).collect());
    let (dry, kept) = futures::join!(dry, kept);
    for (task, judged) in tried.into_iter().zip(dry.into_iter().zip(kept)) {
        let claimed = match judged {
            (Ok(()), Ok(())) => take(tools, Vec::new(), &claims(&task.transaction)).await.map(drop),
            (Err(refusal), _) => Err(told(&refusal, true, false)),
            (Ok(()), Err(outcome)) => Err(Refused { outcome, tried: Tried::Lightly }),
        };
        match claimed {
            Ok(()) => ready.push(task),
            Err(refused) => refuse(tools, &task, refused, outcomes),
        }
    }
    ready
}

async fn dry_run<T: Target + ?Sized>(tools: &Tools<'_, T>, task: &Task) -> Result<(), Refusal> {
    let steps: Vec<Step> = task.transaction.moves.iter().map(|step| step.step.clone()).collect();
    let judged = tools.target.dry_run(&steps).await;
    tools.beat();
    judged
}

fn claims(transaction: &Transaction) -> Vec<&Move> {
    transaction.moves.iter().filter(|step| matches!(step.step, Step::Claim(_))).collect()
}

fn writes(transaction: &Transaction) -> Vec<&Move> {
    transaction.moves.iter().filter(|step| !matches!(step.step, Step::Claim(_))).collect()
}

/// Every object is kept as a last good copy before a row names it.
async fn keep_good(good: &Good, transaction: &Transaction) -> Result<(), Outcome> {
    let objects = transaction.moves.iter().filter_map(|step| match &step.step {
        Step::Apply { object, .. } => Some(good.keep(object)),
        _ => None,
    });
    let unkept = |error| Outcome::new(OutcomeCode::Failed, "Unkept").saying(service::exit::chain(&error));
    all(objects.collect()).await.into_iter().try_for_each(|kept| kept.map(drop).map_err(unkept))
}

async fn carry_out<T: Target + ?Sized>(tools: &Tools<'_, T>, task: &Task) -> Result<Vec<Drift>, Refused> {
    let repaired = take(tools, claims(&task.transaction), &writes(&task.transaction)).await?;
    tools.target.ended(&task.transaction.ends).await;
    Ok(repaired)
}

fn written_as_wanted<T: Target + ?Sized>(
    tools: &mut Tools<'_, T>,
    task: &Task,
    repaired: Vec<Drift>,
    outcomes: &Outcomes,
) {
    for drift in repaired {
        let Drift { object, what, by } = &drift;
        let by = by.as_ref().map(tracing::field::display);
        tracing::info!(%object, what, by, unit = %task.id, "drift is repaired");
        tools.measures.repaired();
        tools.repairs.repaired(&task.id, drift, tools.monotonic, tools.now);
    }
    tools.refusals.forget(&task.id, task.transaction.becomes);
    // What did not work is not tried again at once.
    if let (Some(was), Some(outcome)) = (task.gives_up, outcomes.get(&task.id)) {
        let situation = situation(tools, task);
        tools.refusals.remember(&task.id, was, outcome.clone(), Tried::GivenUp, situation, tools.monotonic);
    }
}

/// Takes `steps`, those of one turn side by side, and gives what of them brought back what somebody else had changed;
/// where one is refused, it and all that were `done` before or beside it are taken back.
async fn take<T: Target + ?Sized>(
    tools: &Tools<'_, T>,
    mut done: Vec<&Move>,
    steps: &[&Move],
) -> Result<Vec<Drift>, Refused> {
    let (mut repaired, mut changed) = (Vec::new(), false);
    for group in side_by_side(steps) {
        let taken = all(group.iter().map(|step| tools.target.step(&step.step, tools.now)).collect()).await;
        tools.beat();
        let mut failed = Vec::new();
        for (step, taken) in group.iter().zip(taken) {
            match taken {
                Ok(wrote) => {
                    changed |= wrote;
                    if wrote {
                        tools.measures.wrote();
                        repaired.extend(drift::brought_back(tools.seen, &step.step));
                    }
                    done.push(step);
                }
                Err(refusal) => failed.push((*step, refusal)),
            }
        }
        if let Some((_, refusal)) = failed.first() {
            let steps: Vec<&Move> = failed.iter().map(|(step, _)| *step).collect();
            let undone = take_back(tools, &steps, &done).await;
            return Err(told(refusal, undone, changed));
        }
    }
    Ok(repaired)
}

/// Takes back the steps that failed and what was done before them, last first. Says whether all of it could be.
async fn take_back<T: Target + ?Sized>(tools: &Tools<'_, T>, failed: &[&Move], done: &[&Move]) -> bool {
    let mut stuck = BTreeSet::new();
    for (step, undo) in way_back(failed, done) {
        if is_needed_still(step, undo, &stuck) {
            continue;
        }
        if let Err(refusal) = tools.target.undo(undo, tools.now).await {
            tracing::warn!(%refusal, "a step cannot be taken back; a later round repairs it");
            stuck.insert(refusal.id().clone());
        }
    }
    stuck.is_empty()
}

/// Each step with what takes it back, in that order. Invariant 35: a step that failed may have written its object all the
/// same. Its row it writes last, so that one stands as it was.
fn way_back<'m>(failed: &[&'m Move], done: &[&'m Move]) -> Vec<(&'m Step, &'m Undo)> {
    let mut way = Vec::new();
    for failed in failed {
        let half_done = failed.undo.iter().filter(|undo| !matches!(undo, Undo::Row(..)));
        way.extend(half_done.map(|undo| (&failed.step, undo)));
    }
    for done in done.iter().rev() {
        way.extend(done.undo.iter().map(|undo| (&done.step, undo)));
    }
    way
}

/// Invariant 35: a row is given up only when its object certainly does not stand as the row meant it. The row before
/// speaks of it too where it was ours already; but not where it was gone, and was claimed to be made anew.
fn is_needed_still(step: &Step, undo: &Undo, stuck: &BTreeSet<ObjectId>) -> bool {
    let Undo::Row(id, before) = undo else { return false };
    let anew = matches!(step, Step::Claim(row) if !row.owned());
    stuck.contains(id) && (anew || !before.as_deref().is_some_and(Row::owned))
}

/// What a refusal comes to: whether all that was done could be taken back, and whether that had changed an object.
fn told(refusal: &Refusal, undone: bool, changed: bool) -> Refused {
    let code = if undone { refusal.code() } else { OutcomeCode::Failed };
    let outcome = Outcome::new(code, refusal.reason()).saying(refusal.to_string()).about(refusal.id());
    let tried = match refusal {
        Refusal::Changed { .. } => Tried::Raced,
        refusal if changed && refusal.is_answer() => Tried::InEarnest,
        _ => Tried::Lightly,
    };
    Refused { outcome, tried }
}

/// The unit came to this, and is not tried again at once.
fn refuse<T: Target + ?Sized>(tools: &mut Tools<'_, T>, task: &Task, refused: Refused, outcomes: &mut Outcomes) {
    let Refused { outcome, tried } = refused;
    let (becomes, situation) = (task.transaction.becomes, situation(tools, task));
    tools.refusals.remember(&task.id, becomes, outcome.clone(), tried, situation, tools.monotonic);
    outcomes.insert(task.id.clone(), outcome);
}

/// The namespaces that the unit is in and writes to, and how it is around there.
fn situation<T: Target + ?Sized>(tools: &Tools<'_, T>, task: &Task) -> Situation {
    let written = task.transaction.moves.iter().filter_map(|step| step.step.id().concerns());
    tools.refusals.situation(&tools.seen.namespaces, task.id.namespace.clone().into_iter().chain(written).collect())
}
