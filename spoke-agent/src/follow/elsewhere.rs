//! A hub may hold its sessions and yet have stalled. When its heads stay away for too long, another one is tried; the
//! session at hand goes on until one with another hub stands.

use super::line::{Line, dial};
use crate::agent::{Agent, Link};
use crate::identity::Credentials;

/// A session with another hub than `hub`, once what is in force is no longer fresh.
pub(super) async fn elsewhere(agent: &Agent, credentials: &Credentials, hub: &str) -> Line {
    let mut force = agent.force.subscribe();
    let mut at = agent.hubs().iter().position(|known| known == hub).unwrap_or_default();
    loop {
        let news = tokio::time::timeout(agent.patience.head, force.changed()).await;
        if news.is_ok() || !is_stale(agent) {
            continue;
        }
        let hubs = agent.hubs();
        at = at.saturating_add(1).checked_rem(hubs.len()).unwrap_or_default();
        if hubs.get(at).is_none_or(|next| next == hub) {
            continue;
        }
        match dial(agent, credentials, at).await {
            Ok(line) => {
                tracing::warn!(hub, next = line.hub, "no newer head came in time; another hub is followed");
                return line;
            }
            Err(error) => tracing::debug!(error = service::exit::chain(&error), "another hub cannot be followed"),
        }
    }
}

/// Whether a newer head is overdue. A hub whose catalog declares this cluster no longer has none to give.
fn is_stale(agent: &Agent) -> bool {
    let undeclared = matches!(*agent.link.borrow(), Link::Up { undeclared: true, .. });
    let end = agent.force().watermark.as_ref().map(|mark| mark.head.fresh_until);
    !undeclared && end.is_some_and(|end| agent.time.now().get() >= end)
}
