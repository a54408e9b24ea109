//! Renewing at half life, give or take a tenth, or at once when the certificate has expired or is of no use. New sessions
//! present the new certificate; the old session lives until a new one stands.

use super::{Credentials, IdentityProblem, enroll};
use crate::agent::Agent;
use certs::identity::Leaf;
use certs::tls::Identity;
use jiff::{SignedDuration, Timestamp};
use service::backoff::Backoff;
use std::sync::Arc;
use std::time::Duration;

const RETRY: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(300));
/// The wall clock may be set while we wait, so waits are short and the time is read again.
const LOOK: Duration = Duration::from_secs(30);
const JITTER: f64 = 0.1;

/// When the certificate is renewed: half of its life, times `jitter` (0.9 to 1.1).
#[must_use]
pub fn due(leaf: &Leaf, jitter: f64) -> Timestamp {
    let life = leaf.not_after().duration_since(leaf.not_before());
    let half = SignedDuration::try_from_secs_f64(life.as_secs_f64() / 2.0 * jitter).unwrap_or(SignedDuration::ZERO);
    leaf.not_before().checked_add(half).unwrap_or(leaf.not_before())
}

/// Renews for ever.
pub async fn run(agent: Arc<Agent>, credentials: Credentials) {
    let mut failures = 0;
    loop {
        let jitter = agent.chance.around(Duration::from_secs(1), JITTER).as_secs_f64();
        wait_until_due(&agent, &credentials, jitter).await;
        match now(&agent, &credentials).await {
            Ok(()) => failures = 0,
            Err(problem) => {
                failures += 1;
                let why = service::exit::chain(&problem);
                agent.faults.put("renewal", Some(format!("the certificate cannot be renewed: {why}")));
                tokio::time::sleep(agent.chance.up_to(RETRY.ceiling(failures))).await;
            }
        }
    }
}

/// Renews at once.
///
/// # Errors
/// [`IdentityProblem::Revoked`] as soon as one hub says so.
pub async fn now(agent: &Agent, credentials: &Credentials) -> Result<(), IdentityProblem> {
    let identity = once(agent, credentials).await?;
    tracing::info!(until = %identity.leaf().not_after(), "the certificate is renewed");
    agent.faults.clear("renewal");
    agent.faults.clear("identity");
    credentials.newest.put(identity);
    Ok(())
}

async fn wait_until_due(agent: &Agent, credentials: &Credentials, jitter: f64) {
    loop {
        let Some(identity) = credentials.newest.get() else { return };
        let now = agent.time.clock().wall();
        let left = due(identity.leaf(), jitter).duration_since(now);
        let Ok(left) = Duration::try_from(left) else { return };
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

async fn once(agent: &Agent, credentials: &Credentials) -> Result<Identity, IdentityProblem> {
    let Credentials { trusted, files, .. } = credentials;
    let key = files.key()?;
    let mut last = IdentityProblem::Unavailable("no hub is known".to_owned());
    for hub in agent.hubs() {
        let session = match enroll::session(trusted, &hub, &agent.time.clock()).await {
            Ok(session) => session,
            Err(problem) => {
                last = problem;
                continue;
            }
        };
        match enroll::renew(session, &key).await {
            Ok(chain) => return files.renewed(&chain, &agent.cluster, &credentials.domain()?),
            // The hub that said it proved who it is.
            Err(IdentityProblem::Revoked) => return Err(IdentityProblem::Revoked),
            Err(problem) => last = problem,
        }
    }
    Err(last)
}
