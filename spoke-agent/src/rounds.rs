//! When rounds are made: when something changed, when a refusal's wait is over, and slowly besides.

use crate::agent::Agent;
use crate::news;
use crate::reconcile::{Reconciler, Round, RoundError};
use policy::outcome::OutcomeCode;
use service::health::Gate;
use service::supervisor::Context;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// The slow scan of many agents does not fall together.
const JITTER: f64 = 0.2;
/// The task shows progress at least this often.
const BEAT: Duration = Duration::from_secs(20);
/// After a round that could not be made.
const RETRY: Duration = Duration::from_secs(1);
/// After a round that removed something: what is removed is told once, and the next round no longer lists it.
const REMOVED: Duration = Duration::from_millis(500);

/// Makes rounds for ever. `ready` is open while the last one could be made.
///
/// # Errors
/// None: what goes wrong is told and tried again.
pub async fn run(
    agent: Arc<Agent>,
    reconciler: Reconciler,
    slow_scan: Duration,
    ready: Gate,
    context: Context,
) -> Result<(), Infallible> {
    let scan = || agent.time.clock().monotonic() + agent.chance.around(slow_scan, JITTER);
    let mut scan_at = scan();
    let mut reconciler = reconciler.beating(context.heartbeat.clone());
    loop {
        let force = agent.force();
        let began = agent.time.clock().monotonic();
        if began >= scan_at {
            reconciler.doubt().await;
            scan_at = scan();
        }
        let made = reconciler.round(force.bundle.as_deref(), force.mode()).await;
        agent.measures.round(made.is_ok(), agent.time.clock().monotonic().saturating_sub(began));
        let again = after(&agent, made, &reconciler, &ready);
        context.heartbeat.beat();
        let until_scan = scan_at.saturating_sub(agent.time.clock().monotonic());
        tokio::select! {
            () = quiet(&context, again.map_or(until_scan, |again| again.min(until_scan))) => {}
            () = agent.wake.notified() => {}
            () = context.shutdown.cancelled() => return Ok(()),
        }
    }
}

/// Waits, and shows that waiting is all there is to do.
async fn quiet(context: &Context, mut left: Duration) {
    while !left.is_zero() {
        let part = left.min(BEAT);
        tokio::time::sleep(part).await;
        context.heartbeat.beat();
        left = left.saturating_sub(part);
    }
}

/// Publishes what a round came to, and says when to look again.
fn after(agent: &Agent, made: Result<Round, RoundError>, reconciler: &Reconciler, ready: &Gate) -> Option<Duration> {
    let now = agent.time.clock().monotonic();
    match made {
        Ok(round) => {
            agent.faults.clear("target");
            let removed = round.outcomes.values().any(|outcome| outcome.code == OutcomeCode::Removed);
            agent.grounds.send_replace(Some(reconciler.grounds()));
            let news = publish(agent, round);
            ready.open();
            let again = reconciler.again().map(|again| again.saturating_sub(now));
            if removed && news { Some(again.map_or(REMOVED, |again| again.min(REMOVED))) } else { again }
        }
        Err(error) => {
            ready.close();
            agent.faults.put("target", Some(service::exit::chain(&error)));
            Some(RETRY)
        }
    }
}

/// Says whether the round came to something else than the one before.
fn publish(agent: &Agent, round: Round) -> bool {
    agent.capabilities.send_if_modified(|known| {
        let news = *known != round.capabilities;
        if news {
            known.clone_from(&round.capabilities);
        }
        news
    });
    agent.round.send_if_modified(|last| {
        // A fault may be mended by the very next round, so the condition alone would not tell of it.
        news::tell(last.as_deref(), &round);
        let news = last.as_deref() != Some(&round);
        if news {
            *last = Some(Arc::new(round));
        }
        news
    })
}
