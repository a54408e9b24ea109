//! `writ-spoke join`: from a join string to an identity. May be repeated with the same string.

use super::enroll;
use super::{Files, IdentityProblem, Joined, Trusted};
use certs::ca::Chain;
use certs::enroll::Invitation;
use certs::key::LeafKey;
use service::atomic::{self, Access};
use service::clock::Clock;
use std::path::Path;
use std::sync::Arc;

/// What joining came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joining {
    /// The agent has an identity now.
    Done(Joined),
    /// It had joined with this very string before.
    Before(Joined),
}

/// Joins as `invitation` says, keeping everything under `data`.
///
/// # Errors
/// [`IdentityProblem`] in a sentence; what was done so far is kept and used by the next try.
pub async fn join(invitation: &Invitation, data: &Path, clock: Arc<dyn Clock>) -> Result<Joining, IdentityProblem> {
    let files = Files::under(data);
    let wanted = joined_by(invitation);
    match files.joined()? {
        Some(joined) if joined.token == wanted.token => return Ok(Joining::Before(joined)),
        Some(joined) => return Err(IdentityProblem::JoinedAlready { cluster: joined.cluster.to_string() }),
        None => {}
    }
    atomic::create_folder(data, Access::Owner)?;
    // The key is on disk before anybody hears of it: an answer that is lost is fetched by `Renew`.
    let key = files.key_or_new()?;
    let (trusted, chain) = through_any_hub(invitation, &key, data, &clock).await?;
    let domain = trusted.chain().trust_domain().parse()?;
    files.renewed(&chain, &invitation.cluster, &domain)?;
    files.remember(&wanted)?;
    Ok(Joining::Done(wanted))
}

fn joined_by(invitation: &Invitation) -> Joined {
    let (cluster, hubs) = (invitation.cluster.clone(), invitation.hubs.clone());
    Joined { cluster, hubs, token: invitation.token.digest(), trust: invitation.trust }
}

async fn through_any_hub(
    invitation: &Invitation,
    key: &LeafKey,
    data: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<(Trusted, Chain), IdentityProblem> {
    let mut last = None;
    for hub in &invitation.hubs {
        match through(hub, invitation, key, data, clock).await {
            Err(problem) if problem.is_absence() => last = Some(problem),
            other => return other,
        }
    }
    Err(last.unwrap_or_else(|| IdentityProblem::Unavailable("the join string names no hub".to_owned())))
}

async fn through(
    hub: &str,
    invitation: &Invitation,
    key: &LeafKey,
    data: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<(Trusted, Chain), IdentityProblem> {
    let trusted = Trusted::pinned(data, invitation.trust, hub, Arc::clone(clock)).await?;
    let joined = enroll::join(enroll::session(&trusted, hub, clock).await?, key, &invitation.token).await;
    let refusal = match joined {
        Ok(chain) => return Ok((trusted, chain)),
        Err(IdentityProblem::Refused(why)) => why,
        Err(other) => return Err(other),
    };
    // Perhaps the token was used by us, and its answer lost; then this key is registered.
    match enroll::renew(enroll::session(&trusted, hub, clock).await?, key).await {
        Ok(chain) => Ok((trusted, chain)),
        Err(_) => Err(IdentityProblem::Refused(refusal)),
    }
}
