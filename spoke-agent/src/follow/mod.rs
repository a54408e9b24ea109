//! Following heads: one stream with one hub, reconnected with full jitter; reports go the other way.

mod elsewhere;
mod line;
mod offers;
mod session;
mod take_up;
mod voice;

pub use session::SessionError;
pub(crate) use voice::Voice;

use crate::agent::{Agent, Link};
use crate::identity::{Credentials, IdentityProblem, renew};
use certs::tls::Identity;
use line::{Line, dial};
use service::backoff::Backoff;
use service::supervisor::Context;
use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use voice::GOOD;

const RETRY: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
/// For a revoked identity: somebody might restore it, but not soon.
const SLOW: Duration = Duration::from_secs(120);

/// Tells of newer certificates.
type Newer = watch::Receiver<Option<Arc<Identity>>>;

/// Follows for ever.
///
/// # Errors
/// None: what goes wrong is told and tried again.
pub async fn run(agent: Arc<Agent>, credentials: Credentials, context: Context) -> Result<(), Infallible> {
    tokio::select! {
        () = follow(&agent, &credentials) => {}
        () = context.shutdown.cancelled() => {}
    }
    Ok(())
}

async fn follow(agent: &Arc<Agent>, credentials: &Credentials) {
    let (mut failures, mut turn, mut voice) = (0_u32, 0_usize, Voice::default());
    let mut next: Option<Box<Line>> = None;
    let mut newer = credentials.newest.newer();
    loop {
        newer.mark_unchanged();
        let line = match next.take() {
            Some(line) => Ok(line),
            None => dial(agent, credentials, turn).await.map(Box::new),
        };
        let (began, stood) = (agent.time.clock().monotonic(), line.is_ok());
        let ended = match line {
            Ok(line) => session::run(agent, credentials, *line, &mut voice).await,
            Err(error) => Err(error),
        };
        let error = match ended {
            // Make before break: the new session stands already.
            Ok(line) => {
                next = Some(line);
                continue;
            }
            Err(error) => error,
        };
        // However long it was good: it is the next one's turn.
        turn = turn.wrapping_add(1);
        let lasted = stood.then(|| agent.time.clock().monotonic().saturating_sub(began));
        failures = if lasted.is_some_and(|lasted| lasted > GOOD) { 1 } else { failures.saturating_add(1) };
        lost(agent, &mut voice, &error, lasted);
        if error.is_turned_away() && asks_why(failures) {
            revoked(agent, renew::now(agent, credentials).await.err());
        }
        pause(agent, failures, &mut newer).await;
    }
}

/// The first reason stands until a hub is heard again.
pub(crate) fn lost(agent: &Agent, voice: &mut Voice, error: &(dyn Error + 'static), stood: Option<Duration>) {
    let why = service::exit::chain(error);
    voice.lost(&why, stood);
    agent.link.send_if_modified(|link| {
        let news = !matches!(link, Link::Down { .. } | Link::Revoked);
        if news {
            *link = Link::Down { why };
        }
        news
    });
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

/// A new certificate is worth a try at once.
async fn pause(agent: &Agent, failures: u32, newer: &mut Newer) {
    let revoked = *agent.link.borrow() == Link::Revoked;
    let wait = if revoked { agent.chance.up_to(SLOW) } else { wait(agent, failures) };
    let _ = tokio::time::timeout(wait, newer.changed()).await;
}

/// Between tries to reach any hub.
pub(crate) fn wait(agent: &Agent, failures: u32) -> Duration {
    agent.chance.up_to(RETRY.ceiling(failures))
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
