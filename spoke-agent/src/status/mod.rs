//! What the agent says of itself: the report for the hub, and for the cluster one `Enforcement` and one `RuleStatus` for
//! each rule, all made of the same state.

mod brakes;
mod changes;
mod conditions;
mod document;
mod since;
mod verdicts;

pub use document::without_watermark;

use crate::agent::{Agent, Force};
use crate::blocking;
use crate::history;
use crate::reconcile::Round;
use crate::remembered;
use crate::target::{Target, Telling};
use conditions::conditions;
use document::enforcement;
use jiff::Timestamp;
use policy::outcome::UnitId;
use policy::report::{Account, InForce, Report};
use serde_json::Value;
use service::supervisor::Context;
use since::Since;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Since when units are as they are.
type Sinces = BTreeMap<UnitId, Timestamp>;

/// Freshness and the clock change without any event.
const LOOK: Duration = Duration::from_secs(2);
/// How often what became of units is written to disk, at most.
const KEEP: Duration = Duration::from_secs(5);
/// Changes come in bursts; the status follows a little later than the objects, with whose writes it would compete.
const SETTLE: Duration = Duration::from_millis(100);

/// Publishes the status after each change, for ever.
///
/// # Errors
/// None: what goes wrong is told and tried again.
pub async fn run(
    agent: Arc<Agent>,
    target: Arc<dyn Target>,
    told: Option<Telling>,
    context: Context,
) -> Result<(), Infallible> {
    let (mut force, mut round, mut link) = (agent.force.subscribe(), agent.round.subscribe(), agent.link.subscribe());
    let mut faults = agent.faults.watch();
    let mut write_at = Duration::ZERO;
    let mut since = Since::of(told.as_ref(), agent.time.now().get());
    loop {
        publish(&agent, target.as_ref(), &mut since).await;
        if agent.time.clock().monotonic() >= write_at {
            keep(&agent).await;
            write_at = agent.time.clock().monotonic() + KEEP;
        }
        context.heartbeat.beat();
        let changed = async {
            tokio::select! {
                _ = force.changed() => {}
                _ = round.changed() => {}
                _ = link.changed() => {}
                _ = faults.changed() => {}
                () = tokio::time::sleep(LOOK) => return,
            }
            tokio::time::sleep(SETTLE).await;
        };
        tokio::select! {
            () = changed => {}
            () = context.shutdown.cancelled() => {
                keep(&agent).await;
                return Ok(());
            }
        }
    }
}

async fn publish(agent: &Arc<Agent>, target: &dyn Target, since: &mut Since) {
    let Some(round) = agent.round.borrow().clone() else { return };
    let force = agent.force();
    let now = agent.time.now().get();
    let news = changes::changes(since, &force, &round, now);
    since.brakes = brakes::held(&round, now);
    agent.history.lock().unwrap_or_else(PoisonError::into_inner).note(&round, now);
    let sinces = since.of_units(&round.outcomes, now);
    let noted = since.of_notes(&round.notes, now);
    let report = report(agent, &force, &round, since).with_outcomes(&round.outcomes, |unit| of(&sinces, unit, now));
    let report = report.with_notes(round.notes.iter().zip(noted));
    let report = accounted(agent, report);
    let written = match document::telling(agent, &force, &round, &report, |unit| of(&sinces, unit, now)) {
        // Another fault says so.
        Ok(_) if force.unread => None,
        Ok(telling) => remembered::tell(agent, target, &telling).await.err(),
        Err(error) => Some(error.to_string()),
    };
    agent.faults.put("status", written.map(|why| format!("the status cannot be written: {why}")));
    if let Err(error) = target.announce(&news).await {
        tracing::warn!(why = service::exit::chain(&error), "what happened cannot be told as Events");
    }
    agent.report.send_if_modified(|last| {
        let news = last.as_deref() != Some(&report);
        if news {
            *last = Some(Arc::new(report));
        }
        news
    });
}

/// With why the units that it names are as they are.
fn accounted(agent: &Agent, report: Report) -> Report {
    let grounds = agent.grounds.borrow().clone().unwrap_or_default();
    let history = agent.history.lock().unwrap_or_else(PoisonError::into_inner);
    report.with_accounts(|unit, most| Account {
        unit: unit.clone(),
        decided: grounds.decided.get(unit).copied().map(Into::into),
        transitions: history.last(unit, most),
    })
}

/// Writes what became of units to disk, where something did.
async fn keep(agent: &Agent) {
    let unwritten = agent.history.lock().unwrap_or_else(PoisonError::into_inner).unwritten();
    let Some((path, bytes)) = unwritten else { return };
    let written = blocking::run(move || history::write(&path, &bytes)).await;
    let why = |error| format!("what became of units is not kept: {}", service::exit::chain(&error));
    agent.faults.put("history", written.err().map(why));
}

fn of(sinces: &Sinces, unit: &UnitId, now: Timestamp) -> Timestamp {
    sinces.get(unit).copied().unwrap_or(now)
}

/// All but what became of the units.
fn report(agent: &Agent, force: &Force, round: &Round, since: &mut Since) -> Report {
    let head = force.bundle.as_ref().map(|bundle| bundle.head());
    Report {
        cluster_uid: agent.cluster_uid.clone(),
        head: head.map(|head| InForce {
            sequence: head.sequence,
            contents: head.contents,
            revision: head.revision.clone(),
        }),
        capabilities: round.capabilities.clone(),
        conditions: conditions(agent, force, round, since),
        counts: BTreeMap::new(),
        notes: BTreeMap::new(),
        units: Vec::new(),
        accounts: Vec::new(),
        findings: Vec::new(),
        held: round.held.clone(),
    }
}

/// The status for people, who have no business with the watermark.
#[must_use]
pub fn told(agent: &Agent, report: &Report) -> Value {
    let round = agent.round.borrow().clone().unwrap_or_default();
    enforcement(agent, &agent.force(), &round, report).map(|status| without_watermark(&status)).unwrap_or_default()
}
