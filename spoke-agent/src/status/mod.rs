//! What the agent says of itself: the report for the hub, and `Enforcement` for the cluster, made of the same state.

mod since;

use crate::agent::{Agent, Force, Link, Watermark};
use crate::identity::IdentityProblem;
use crate::reconcile::Round;
use crate::target::Target;
use jiff::Timestamp;
use policy::name::ClusterName;
use policy::object::Object;
use policy::outcome::OutcomeCode;
use policy::report::{Condition, ConditionKind, InForce, Report, Truth};
use serde_json::{Value, json};
use service::supervisor::Context;
use since::Since;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// Freshness and the clock change without any event.
const LOOK: Duration = Duration::from_secs(2);
/// Changes come in bursts; the status follows a little later than the objects.
const SETTLE: Duration = Duration::from_millis(20);
/// How many units the status document names in full.
const NAMED: usize = 100;

/// Publishes the status after each change, for ever.
///
/// # Errors
/// None: what goes wrong is told and tried again.
pub async fn run(
    agent: Arc<Agent>,
    target: Arc<dyn Target>,
    told: Option<Object>,
    context: Context,
) -> Result<(), Infallible> {
    let (mut force, mut round, mut link) = (agent.force.subscribe(), agent.round.subscribe(), agent.link.subscribe());
    let mut faults = agent.faults.watch();
    let mut since = Since::of(told.as_ref());
    loop {
        publish(&agent, target.as_ref(), &mut since).await;
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
            () = context.shutdown.cancelled() => return Ok(()),
        }
    }
}

async fn publish(agent: &Agent, target: &dyn Target, since: &mut Since) {
    let Some(round) = agent.round.borrow().clone() else { return };
    let force = agent.force();
    let report = report(agent, &force, &round, since);
    let written = match enforcement(agent, &force, &report) {
        Ok(status) => target.tell(&status).await.err().map(|error| service::exit::chain(&error)),
        Err(error) => Some(error.to_string()),
    };
    agent.faults.put("status", written.map(|why| format!("the status cannot be written: {why}")));
    agent.report.send_if_modified(|last| {
        let news = last.as_deref() != Some(&report);
        if news {
            *last = Some(Arc::new(report));
        }
        news
    });
}

fn report(agent: &Agent, force: &Force, round: &Round, since: &mut Since) -> Report {
    let head = force.bundle.as_ref().map(|bundle| bundle.head());
    let now = agent.time.now().get();
    let report = Report {
        cluster_uid: agent.cluster_uid.clone(),
        head: head.map(|head| InForce {
            sequence: head.sequence,
            contents: head.contents,
            revision: head.revision.clone(),
        }),
        capabilities: round.capabilities.clone(),
        conditions: conditions(agent, force, round, since),
        counts: BTreeMap::new(),
        units: Vec::new(),
        findings: Vec::new(),
        held: round.held.clone(),
    };
    let since = since.of_units(&round.outcomes, now);
    report.with_outcomes(&round.outcomes, |unit| since.get(unit).copied().unwrap_or(now))
}

/// Every condition once.
fn conditions(agent: &Agent, force: &Force, round: &Round, since: &mut Since) -> Vec<Condition> {
    let now = agent.time.now().get();
    let all = [
        (ConditionKind::Connected, connected(agent, since)),
        (ConditionKind::Fresh, fresh(force, now)),
        (ConditionKind::Applied, applied(round)),
        (ConditionKind::Degraded, degraded(agent, round)),
        (ConditionKind::Braked, (Truth::False, "NoBrake".into(), String::new())),
        (ConditionKind::ClockSuspect, suspect(agent)),
    ];
    let condition = |(kind, (status, reason, message)): (ConditionKind, Judged)| Condition {
        kind,
        status,
        reason: reason.into_owned(),
        message,
        last_transition_time: since.of_kind(kind, status, now),
    };
    all.into_iter().map(condition).collect()
}

/// Status, reason and message.
type Judged = (Truth, Cow<'static, str>, String);

/// Until a hub is heard or missed, what was told before stands: a restart alone is no news.
fn connected(agent: &Agent, since: &Since) -> Judged {
    match &*agent.link.borrow() {
        Link::Revoked => {
            let ask = format!(
                "unless another agent is to be {0}, ask for `writ cluster invite {0} --replace`",
                agent.cluster
            );
            (Truth::False, "Revoked".into(), format!("{}; {ask}", IdentityProblem::Revoked))
        }
        Link::Pending => since.connected.clone().unwrap_or((Truth::Unknown, "Starting".into(), String::new())),
        Link::Up { undeclared: true, .. } => (Truth::True, "Undeclared".into(), undeclared(&agent.cluster)),
        Link::Up { .. } => (Truth::True, "Following".into(), String::new()),
        Link::Down { why } => (Truth::False, "NoHub".into(), why.clone()),
    }
}

fn undeclared(cluster: &ClusterName) -> String {
    format!(
        "the catalog declares this cluster no longer, so no new rules come; what is in force stays, and is repaired; \
         declare it again, or end its identity with `writ cluster revoke {cluster}`"
    )
}

/// Fresh while trusted time is below the signed freshUntil.
fn fresh(force: &Force, now: Timestamp) -> Judged {
    match force.bundle.as_ref().map(|bundle| bundle.head().fresh_until) {
        None => (Truth::False, "NoBundle".into(), "no bundle is in force".to_owned()),
        Some(until) if now < until => (Truth::True, "Fresh".into(), String::new()),
        Some(until) => (Truth::False, "Stale".into(), format!("no newer head came since {until}")),
    }
}

fn applied(round: &Round) -> Judged {
    // A unit whose objects were removed is as it should be.
    let done = |code: OutcomeCode| matches!(code, OutcomeCode::Applied | OutcomeCode::Removed);
    let open = round.outcomes.values().filter(|outcome| !done(outcome.code)).count();
    match open {
        0 => (Truth::True, "AllApplied".into(), String::new()),
        open => {
            (Truth::False, "NotAllApplied".into(), format!("{open} of {} units are not applied", round.outcomes.len()))
        }
    }
}

fn degraded(agent: &Agent, round: &Round) -> Judged {
    let faults = agent.faults.watch().borrow().clone();
    let all: Vec<String> = faults.into_values().chain(round.faults.iter().cloned()).collect();
    if all.is_empty() {
        (Truth::False, "AsExpected".into(), String::new())
    } else {
        (Truth::True, "Faults".into(), all.join("; "))
    }
}

fn suspect(agent: &Agent) -> Judged {
    if agent.time.suspect() {
        (
            Truth::True,
            "Jumped".into(),
            "the wall clock ran ahead further than anything explains, and is not believed".to_owned(),
        )
    } else {
        (Truth::False, "AsExpected".into(), String::new())
    }
}

/// The status document: kind Enforcement.
fn enforcement(agent: &Agent, force: &Force, report: &Report) -> Result<Object, policy::object::NotAnObject> {
    let units: Vec<_> = report.units.iter().take(NAMED).collect();
    let mut status = json!({
        "cluster": agent.cluster,
        "counts": report.counts,
        "conditions": report.conditions,
        "units": units,
    });
    if let (Some(bundle), Some(status)) = (&force.bundle, status.as_object_mut()) {
        let head = bundle.head();
        status.insert("revision".to_owned(), json!(head.revision));
        status.insert("sequence".to_owned(), json!(head.sequence));
        status.insert("freshUntil".to_owned(), json!(head.fresh_until));
    }
    if let (Some(held), Some(status)) = (&report.held, status.as_object_mut()) {
        status.insert("held".to_owned(), json!({"digest": held.digest, "total": held.total}));
    }
    let envelope = |mark: &Watermark| serde_json::from_slice(&mark.bytes).unwrap_or_default();
    // What is not judged yet may be the newer one.
    let watermark = force.unjudged.clone().or_else(|| force.watermark.as_ref().map(envelope));
    if let (Some(watermark), Some(status)) = (watermark, status.as_object_mut()) {
        status.insert("watermark".to_owned(), watermark);
    }
    Object::try_from(json!({
        "apiVersion": "writ.dev/v1alpha1",
        "kind": "Enforcement",
        "metadata": {"name": "writ", "uid": agent.cluster_uid},
        "status": status,
    }))
}

/// The status for people, who have no business with the watermark.
#[must_use]
pub fn told(agent: &Agent, report: &Report) -> Value {
    enforcement(agent, &agent.force(), report).map(|status| without_watermark(&status)).unwrap_or_default()
}

/// A status document without its watermark.
#[must_use]
pub fn without_watermark(status: &Object) -> Value {
    let mut tree = status.tree().clone();
    if let Some(status) = tree.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("watermark");
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::outcome::{Outcome, UnitId};

    #[test]
    fn what_was_removed_is_done_and_what_is_being_removed_is_not() {
        let judged = |code| {
            let unit = UnitId { rule: "ConfigTemplate/otel".parse().unwrap(), namespace: None };
            let outcomes = BTreeMap::from([(unit, Outcome::new(code, "Word"))]);
            applied(&Round { outcomes, held: None, capabilities: Default::default(), faults: Default::default() }).0
        };
        assert_eq!([OutcomeCode::Applied, OutcomeCode::Removed].map(judged), [Truth::True; 2]);
        assert_eq!([OutcomeCode::Removing, OutcomeCode::Held].map(judged), [Truth::False; 2]);
    }
}
