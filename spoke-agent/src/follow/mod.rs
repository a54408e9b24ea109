//! Following heads: one stream with one hub, reconnected with full jitter; reports go the other way.

mod session;
mod take_up;

pub use session::SessionError;

use crate::agent::{Agent, Link};
use crate::identity::{Files, IdentityProblem, renew};
use certs::tls::Newest;
use service::backoff::Backoff;
use service::supervisor::Context;
use session::{Ended, Line};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

const RETRY: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
/// For a revoked identity: somebody might restore it, but not soon.
const SLOW: Duration = Duration::from_secs(120);
/// A stream that stood this long was a good one.
const GOOD: Duration = Duration::from_secs(30);

/// Follows for ever.
///
/// # Errors
/// None: what goes wrong is told and tried again.
pub async fn run(agent: Arc<Agent>, files: Files, newest: Arc<Newest>, context: Context) -> Result<(), Infallible> {
    let mut failures: u32 = 0;
    let mut next: Option<Line> = None;
    while !context.shutdown.is_cancelled() {
        let began = agent.time.clock().monotonic();
        let line = match next.take() {
            Some(line) => Ok(line),
            None => session::dial(&agent, &newest, failures).await,
        };
        let ended = match line {
            Ok(line) => tokio::select! {
                ended = session::run(&agent, &newest, line) => ended,
                () = context.shutdown.cancelled() => return Ok(()),
            },
            Err(error) => Err(error),
        };
        match ended {
            // Make before break: the new session stands already.
            Ok(Ended::Renewed(line)) => next = Some(*line),
            Err(error) => {
                let lasted = agent.time.clock().monotonic().saturating_sub(began);
                failures = if lasted > GOOD { 1 } else { failures.saturating_add(1) };
                lost(&agent, &error);
                if error.is_turned_away() && asks_why(failures) {
                    revoked(&agent, renew::now(&agent, &files, &newest).await.err());
                }
                pause(&agent, failures, &context).await;
            }
        }
    }
    Ok(())
}

/// The first reason stands until a hub is heard again: an outage is one change, however many tries it sees.
fn lost(agent: &Agent, error: &SessionError) {
    let why = service::exit::chain(error);
    tracing::debug!(error = why, "a try failed");
    let news = agent.link.send_if_modified(|link| {
        let news = !matches!(link, Link::Down { .. } | Link::Revoked);
        if news {
            *link = Link::Down { why: why.clone() };
        }
        news
    });
    if news {
        tracing::warn!(error = why, "no hub is heard; what is in force stays in force");
    }
}

/// A stream that was cut is no reason to ask; a hub that does not want us again is, ever more rarely.
const fn asks_why(failures: u32) -> bool {
    failures > 1 && failures.is_power_of_two()
}

/// A refused handshake does not say why; `Renew` does.
fn revoked(agent: &Agent, problem: Option<IdentityProblem>) {
    let Some(problem @ IdentityProblem::Revoked) = problem else { return };
    let link = agent.link.send_replace(Link::Revoked);
    if link != Link::Revoked {
        tracing::error!(error = service::exit::chain(&problem), "no hub hears this agent; what is in force stays");
    }
}

async fn pause(agent: &Agent, failures: u32, context: &Context) {
    let ceiling = if *agent.link.borrow() == Link::Revoked { SLOW } else { RETRY.ceiling(failures) };
    tokio::select! {
        () = tokio::time::sleep(agent.chance.up_to(ceiling)) => {}
        () = agent.renewed.notified() => {}
        () = context.shutdown.cancelled() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_stream_asks_nothing_and_a_hub_that_turns_us_away_is_asked_ever_more_rarely() {
        let asked: Vec<u32> = (0..=20).filter(|failures| asks_why(*failures)).collect();
        assert_eq!(asked, [2, 4, 8, 16]);
        assert!(SessionError::Closed.is_turned_away() && !SessionError::NoHub.is_turned_away());
    }
}
