//! Carrying a plan out: dry-run, claims, writes in order, the way back on refusal. All policy has ended in the plan;
//! here is only what to write.

mod drift;
mod refusals;
mod repairs;

pub use refusals::Refusals;
pub use repairs::Repairs;

use crate::cache::good::Good;
use crate::measures::Measures;
use crate::target::{Refusal, Target};
use drift::Drift;
use jiff::Timestamp;
use policy::object::ObjectId;
use policy::outcome::{Outcome, OutcomeCode, UnitId};
use policy::plan::inventory::Row;
use policy::plan::{Move, Plan, Step, Transaction, Undo};
use policy::seen::Seen;
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
}

/// Carries `plan` out. Whatever happens to one unit, the others proceed.
pub async fn apply<T: Target + ?Sized>(tools: &mut Tools<'_, T>, plan: Plan) -> Done {
    let mut outcomes: Outcomes = plan.units.iter().map(|(id, unit)| (id.clone(), unit.outcome.clone())).collect();
    let mut ready = Vec::new();
    for (id, unit) in plan.units {
        let Some(transaction) = unit.transaction else { continue };
        match prepare(tools, &id, &transaction).await {
            Ok(()) => ready.push((id, transaction)),
            Err(outcome) => drop(outcomes.insert(id, outcome)),
        }
    }
    // All claims stand before the first write: one write of the inventory covers them.
    for (id, transaction) in ready {
        if let Err(outcome) = carry_out(tools, &id, &transaction).await {
            outcomes.insert(id, outcome);
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

/// Last good copies, the dry-run and the claims: nothing of the cluster is changed yet.
async fn prepare<T: Target + ?Sized>(
    tools: &mut Tools<'_, T>,
    id: &UnitId,
    transaction: &Transaction,
) -> Result<(), Outcome> {
    if let Some(outcome) = tools.refusals.standing(id, transaction.becomes, tools.monotonic) {
        return Err(outcome);
    }
    let steps: Vec<Step> = transaction.moves.iter().map(|step| step.step.clone()).collect();
    let dry = tools.target.dry_run(&steps).await;
    dry.map_err(|refusal| refused(tools, id, transaction, &refusal, true))?;
    if let Err(outcome) = keep_good(tools.good, transaction) {
        tools.refusals.remember(id, transaction.becomes, outcome.clone(), tools.monotonic);
        return Err(outcome);
    }
    take(tools, id, transaction, Vec::new(), claims(transaction)).await.map(drop)
}

fn claims(transaction: &Transaction) -> impl Iterator<Item = &Move> {
    transaction.moves.iter().filter(|step| matches!(step.step, Step::Claim(_)))
}

fn writes(transaction: &Transaction) -> impl Iterator<Item = &Move> {
    transaction.moves.iter().filter(|step| !matches!(step.step, Step::Claim(_)))
}

/// Every object is kept as a last good copy before a row names it.
fn keep_good(good: &Good, transaction: &Transaction) -> Result<(), Outcome> {
    for step in &transaction.moves {
        if let Step::Apply { object, .. } = &step.step {
            let kept = good.put(object);
            kept.map_err(|error| Outcome::new(OutcomeCode::Failed, "Unkept").saying(service::exit::chain(&error)))?;
        }
    }
    Ok(())
}

async fn carry_out<T: Target + ?Sized>(
    tools: &mut Tools<'_, T>,
    id: &UnitId,
    transaction: &Transaction,
) -> Result<(), Outcome> {
    let repaired = take(tools, id, transaction, claims(transaction).collect(), writes(transaction)).await?;
    for drift in repaired {
        let Drift { object, what, by } = &drift;
        let by = by.as_ref().map(tracing::field::display);
        tracing::info!(%object, what, by, unit = %id, "drift is repaired");
        tools.measures.repaired();
        tools.repairs.repaired(id, drift, tools.monotonic, tools.now);
    }
    tools.refusals.forget(id, transaction.becomes);
    Ok(())
}

/// Takes `steps`, and gives what of them brought back what somebody else had changed; where one is refused, it and all
/// that were `done` before are taken back.
async fn take<'t, T: Target + ?Sized>(
    tools: &mut Tools<'_, T>,
    id: &UnitId,
    transaction: &'t Transaction,
    mut done: Vec<&'t Move>,
    steps: impl Iterator<Item = &'t Move>,
) -> Result<Vec<Drift>, Outcome> {
    let mut repaired = Vec::new();
    for step in steps {
        match tools.target.step(&step.step, tools.now).await {
            Ok(true) => {
                tools.measures.wrote();
                repaired.extend(drift::brought_back(tools.seen, &step.step));
            }
            Ok(false) => {}
            Err(refusal) => {
                let undone = take_back(tools, step, &done).await;
                return Err(refused(tools, id, transaction, &refusal, undone));
            }
        }
        done.push(step);
    }
    Ok(repaired)
}

/// Takes back the step that failed and what was done before it, last first. Says whether all of it could be.
async fn take_back<T: Target + ?Sized>(tools: &Tools<'_, T>, failed: &Move, done: &[&Move]) -> bool {
    let mut stuck = BTreeSet::new();
    for undo in half_done(failed).chain(done.iter().rev().flat_map(|step| &step.undo)) {
        if is_needed_still(undo, &stuck) {
            continue;
        }
        if let Err(refusal) = tools.target.undo(undo, tools.now).await {
            tracing::warn!(%refusal, "a step cannot be taken back; a later round repairs it");
            stuck.insert(refusal.id().clone());
        }
    }
    stuck.is_empty()
}

/// Invariant 35: a step that failed may have written its object all the same. Its row it writes last, so that one stands
/// as it was.
fn half_done(failed: &Move) -> impl Iterator<Item = &Undo> {
    failed.undo.iter().filter(|undo| !matches!(undo, Undo::Row(..)))
}

/// Invariant 35: a row is given up only when its object certainly does not stand as the row meant it.
fn is_needed_still(undo: &Undo, stuck: &BTreeSet<ObjectId>) -> bool {
    matches!(undo, Undo::Row(id, before) if stuck.contains(id) && !before.as_deref().is_some_and(Row::owned))
}

fn refused<T: Target + ?Sized>(
    tools: &mut Tools<'_, T>,
    id: &UnitId,
    transaction: &Transaction,
    refusal: &Refusal,
    undone: bool,
) -> Outcome {
    let code = if undone { refusal.code() } else { OutcomeCode::Failed };
    let outcome = Outcome::new(code, refusal.reason()).saying(refusal.to_string()).about(refusal.id());
    tools.refusals.remember(id, transaction.becomes, outcome.clone(), tools.monotonic);
    outcome
}
