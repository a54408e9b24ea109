//! Taking up an offer: the I/O around [`crate::accept`].

use super::session::{Client, SessionError};
use crate::accept::{Accepted, Grounds, Offer, Refused};
use crate::agent::{Agent, Force, Watermark};
use crate::blocking;
use crate::identity::Trusted;
use policy::bundle::chain::Chain;
use policy::bundle::verify::{MAX_BUNDLE, MAX_CONTENTS};
use policy::digest::Digest;
use proto::grpc::{FetchRequest, FollowResponse};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Digests in one request.
const AT_ONCE: usize = 512;

/// Judges an offer, fetches what it lacks, stores it and puts it in force. What is refused is told, and changes nothing.
pub(super) async fn offer(
    agent: &Arc<Agent>,
    trusted: &Trusted,
    client: &mut Client,
    message: &FollowResponse,
) -> Result<(), SessionError> {
    let taken = match take_up(agent, &trusted.chain(), client, message).await {
        Err(SessionError::Refused(Refused::Trust { wanted, held })) => {
            newer_trust(agent, trusted, wanted, held).await?;
            take_up(agent, &trusted.chain(), client, message).await
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
    trust: &Chain,
    client: &mut Client,
    message: &FollowResponse,
) -> Result<(), SessionError> {
    let force = agent.force();
    let grounds = grounds(agent, &force, trust);
    let mut offer = Offer::judge(grounds, message)?;
    if let Some(digest) = offer.lacks_contents() {
        let mut given = fetch(client, &[digest], MAX_CONTENTS).await?;
        offer.contents(given.remove(&digest).ok_or(SessionError::Fetch)?)?;
    }
    let lacking = offer.lacks_entries(|digest| agent.bundles.entry(digest));
    for lines in lacking.chunks(AT_ONCE) {
        let digests: Vec<Digest> = lines.iter().map(|line| line.digest).collect();
        let mut given = fetch(client, &digests, MAX_BUNDLE).await?;
        for line in lines {
            offer.entry(line, given.remove(&line.digest).ok_or(SessionError::Fetch)?)?;
        }
    }
    let accepted = offer.accept(grounds)?;
    put_in_force(agent, &force, accepted).await
}

fn grounds<'a>(agent: &'a Agent, force: &'a Force, trust: &'a Chain) -> Grounds<'a> {
    let held = force.bundle.as_ref().map(|bundle| (bundle.head().contents, bundle.contents()));
    let watermark = force.watermark.as_ref().map(|mark| &mark.head);
    Grounds { trust, audience: &agent.cluster, watermark, held }
}

/// Stores first; then it is in force. A full disk leaves the old one in force.
async fn put_in_force(agent: &Arc<Agent>, force: &Force, accepted: Accepted) -> Result<(), SessionError> {
    let same = force.bundle.as_ref().is_some_and(|old| old.head().contents == accepted.bundle.head().contents);
    let bundles = agent.bundles.clone();
    let stored = blocking::run(move || {
        let Accepted { head, contents, entries, bundle } = accepted;
        if same {
            bundles.store_head(&head)?;
        } else {
            bundles.store(&head, (bundle.head().contents, &contents), &entries)?;
        }
        Ok((head, bundle))
    });
    let (bytes, bundle) = stored.await.map_err(SessionError::Store)?;
    let head = bundle.head().clone();
    // A head that was only signed anew is no news.
    if same && force.bundle.as_ref().is_some_and(|old| old.head().sequence == head.sequence) {
        tracing::debug!(sequence = head.sequence, "the head was signed anew");
    } else {
        tracing::info!(sequence = head.sequence, revision = head.revision, "a bundle is in force");
    }
    let bundle = Arc::new(bundle);
    agent.take_up(Arc::clone(&bundle), Watermark { head, bytes });
    agent.time.store();
    if !same {
        agent.faults.put("collect", agent.bundles.collect(&bundle).err().map(|error| service::exit::chain(&error)));
    }
    Ok(())
}

/// Fetches blobs by digest. Nothing is believed here but the limit; each blob is judged by who asked.
async fn fetch(
    client: &mut Client,
    digests: &[Digest],
    limit: usize,
) -> Result<BTreeMap<Digest, Vec<u8>>, SessionError> {
    let request = FetchRequest { digests: digests.iter().map(ToString::to_string).collect() };
    let mut stream = client.fetch(request).await?.into_inner();
    let (mut blobs, mut total) = (BTreeMap::<Digest, Vec<u8>>::new(), 0_usize);
    while let Some(part) = stream.message().await? {
        let digest: Digest = part.digest.parse().map_err(|_| SessionError::Fetch)?;
        total = total.saturating_add(part.data.len());
        if total > limit || !digests.contains(&digest) {
            return Err(SessionError::Fetch);
        }
        blobs.entry(digest).or_default().extend_from_slice(&part.data);
    }
    Ok(blobs)
}
