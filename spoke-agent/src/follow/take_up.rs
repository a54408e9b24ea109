//! Taking up an offer: the I/O around [`crate::accept`].

use super::session::{Client, SessionError, answered};
use crate::accept::{Blobs, Offer, Refused};
use crate::agent::Agent;
use crate::blocking;
use crate::commit::{Uncommitted, commit, grounds};
use crate::identity::Trusted;
use policy::bundle::chain::Chain;
use policy::bundle::contents::Line;
use policy::bundle::verify::{MAX_BUNDLE, MAX_CONTENTS};
use policy::digest::Digest;
use proto::grpc::{FetchRequest, FollowResponse};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Digests in one request.
const AT_ONCE: usize = 512;

/// Judges an offer, fetches what it lacks, stores it and puts it in force. What is refused is told, and changes nothing.
/// `kept` is what verified in a try before; where this one comes to nothing, it keeps that and what was added.
pub(super) async fn offer(
    agent: &Arc<Agent>,
    trusted: &Trusted,
    client: &mut Client,
    message: &FollowResponse,
    kept: &mut Blobs,
) -> Result<(), SessionError> {
    let taken = match take_up(agent, trusted.chain(), client, message, kept).await {
        Err(SessionError::Refused(Refused::Trust { wanted, held })) => {
            newer_trust(agent, trusted, wanted, held).await?;
            take_up(agent, trusted.chain(), client, message, kept).await
        }
        other => other,
    };
    if let Err(SessionError::Refused(refused)) = &taken {
        agent.measures.refused(refused.reason());
    }
    agent.faults.put("offer", taken.as_ref().err().and_then(fault));
    taken
}

/// What of an error is worth a condition: refusals and full disks, not hubs that went away.
fn fault(error: &SessionError) -> Option<String> {
    match error {
        SessionError::Refused(refused) => Some(format!("{}: {}", refused.reason(), service::exit::chain(refused))),
        SessionError::Store(_) | SessionError::Fetch => Some(service::exit::chain(error)),
        _ => None,
    }
}

async fn newer_trust(agent: &Agent, trusted: &Trusted, wanted: u64, held: u64) -> Result<(), SessionError> {
    for hub in agent.hubs() {
        if matches!(trusted.refresh(&hub, agent.time.clock()).await, Ok(true)) {
            return Ok(());
        }
    }
    Err(Refused::Trust { wanted, held }.into())
}

async fn take_up(
    agent: &Arc<Agent>,
    trust: Arc<Chain>,
    client: &mut Client,
    message: &FollowResponse,
    kept: &mut Blobs,
) -> Result<(), SessionError> {
    let mut offer = Offer::judge(grounds(agent, &agent.force(), &trust), message)?;
    if let Some(digest) = offer.lacks_contents() {
        let contents = match kept.remove(&digest) {
            Some(contents) => contents,
            None => fetch(agent, client, &[digest], MAX_CONTENTS).await?.remove(&digest).ok_or(SessionError::Fetch)?,
        };
        offer.contents(contents)?;
    }
    let (mut offer, lacking) = gather(agent, offer, std::mem::take(kept)).await;
    if let Err(error) = fetch_entries(agent, client, &mut offer, &lacking).await {
        *kept = offer.into_blobs();
        return Err(error);
    }
    let shared = Arc::clone(agent);
    match blocking::run(move || commit(&shared, &trust, offer)).await {
        Ok(()) => Ok(()),
        Err(Uncommitted::Refused(refused)) => Err(refused.into()),
        Err(Uncommitted::Unstored { why, blobs }) => {
            *kept = blobs;
            Err(why.into())
        }
    }
}

/// What is here already of an offer: kept from a try before, or in the cache. Gives what is not.
async fn gather(agent: &Agent, mut offer: Offer, mut kept: Blobs) -> (Offer, Vec<Line>) {
    let bundles = agent.bundles.clone();
    let gathered = blocking::run(move || {
        let lacking = offer.lacks_entries(|digest| kept.remove(digest).or_else(|| bundles.entry(digest)));
        (offer, lacking)
    });
    gathered.await
}

async fn fetch_entries(
    agent: &Agent,
    client: &mut Client,
    offer: &mut Offer,
    lacking: &[Line],
) -> Result<(), SessionError> {
    for lines in lacking.chunks(AT_ONCE) {
        let digests: Vec<Digest> = lines.iter().map(|line| line.digest).collect();
        let mut given = fetch(agent, client, &digests, MAX_BUNDLE).await?;
        for line in lines {
            offer.entry(line, given.remove(&line.digest).ok_or(SessionError::Fetch)?)?;
        }
    }
    Ok(())
}

/// Fetches blobs by digest. Nothing is believed here but the limit; each blob is judged by who asked.
async fn fetch(
    agent: &Agent,
    client: &mut Client,
    digests: &[Digest],
    limit: usize,
) -> Result<BTreeMap<Digest, Vec<u8>>, SessionError> {
    let request = FetchRequest { digests: digests.iter().map(ToString::to_string).collect() };
    let mut stream = answered(agent, client.fetch(request)).await?.into_inner();
    let (mut blobs, mut total) = (BTreeMap::<Digest, Vec<u8>>::new(), 0_usize);
    while let Some(part) = answered(agent, stream.message()).await? {
        let digest: Digest = part.digest.parse().map_err(|_| SessionError::Fetch)?;
        total = total.saturating_add(part.data.len());
        if total > limit || !digests.contains(&digest) {
            return Err(SessionError::Fetch);
        }
        blobs.entry(digest).or_default().extend_from_slice(&part.data);
    }
    Ok(blobs)
}
