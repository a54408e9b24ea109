//! Carrying a plan out: dry-run, claims, writes in order, the way back on refusal. All policy has ended in the plan;
//! here is only what to write.

mod refusals;

pub use refusals::Refusals;

use crate::cache::good::Good;
use crate::measures::Measures;
use crate::target::{Refusal, Target};
use jiff::Timestamp;
use policy::outcome::{Outcome, OutcomeCode, UnitId};
use policy::plan::{Move, Plan, Step, Transaction};
use std::collections::BTreeMap;

/// What became of every unit of the plan: each exactly once.
pub type Outcomes = BTreeMap<UnitId, Outcome>;

/// What carrying out needs beside the plan.
#[derive(Debug)]
pub struct Tools<'a, T: Target + ?Sized> {
    /// Where to write.
    pub target: &'a T,
    /// Where last good copies are kept.
    pub good: &'a Good,
    /// What was refused before.
    pub refusals: &'a mut Refusals,
    /// Where writes are counted.
    pub measures: &'a Measures,
    /// Trusted time.
    pub now: Timestamp,
    /// For waits: time since the agent started.
    pub monotonic: std::time::Duration,
}

/// Carries `plan` out. Whatever happens to one unit, the others proceed.
pub async fn apply<T: Target + ?Sized>(tools: &mut Tools<'_, T>, plan: Plan) -> Outcomes {
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
    if let Err(error) = tools.target.settle().await {
        tracing::error!(error = service::exit::chain(&error), "the inventory is not written");
    }
    outcomes
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
    keep_good(tools.good, transaction)?;
    for step in claims(transaction) {
        let claimed = tools.target.step(&step.step, tools.now).await;
        claimed.map_err(|refusal| refused(tools, id, transaction, &refusal, true))?;
    }
    Ok(())
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
    let mut done: Vec<&Move> = claims(transaction).collect();
    for step in writes(transaction) {
        if let Err(refusal) = tools.target.step(&step.step, tools.now).await {
            let undone = take_back(tools, &done).await;
            return Err(refused(tools, id, transaction, &refusal, undone));
        }
        tools.measures.wrote();
        done.push(step);
    }
    tools.refusals.forget(id);
    Ok(())
}

/// Takes back what was done, last first. Says whether all of it could be.
async fn take_back<T: Target + ?Sized>(tools: &Tools<'_, T>, done: &[&Move]) -> bool {
    let mut whole = true;
    for undo in done.iter().rev().flat_map(|step| &step.undo) {
        if let Err(refusal) = tools.target.undo(undo, tools.now).await {
            tracing::error!(%refusal, "a step cannot be taken back; the next round repairs it");
            whole = false;
        }
    }
    whole
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

#[cfg(test)]
mod tests {
    #[test]
    fn carrying_out_knows_no_policy() {
        let sources = [include_str!("mod.rs"), include_str!("refusals.rs")];
        let names = ["Mode", "Brake", "Exception", "Constraint"];
        let code = |source: &'static str| source.split("#[cfg(test)]").next().unwrap_or_default();
        for line in sources.into_iter().flat_map(|source| code(source).lines()) {
            let imports = line.trim_start().starts_with("use ") || line.contains("policy::");
            assert!(!imports || !names.iter().any(|name| line.contains(name)), "{line}");
        }
    }
}
