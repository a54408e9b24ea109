//! Putting an offer in force, on a thread that may block. It is done as a whole under one lock and by what is in force
//! then, whether anybody waits for it still or not: so of two that come at once the newer one stays (invariant 3).

use crate::accept::{Accepted, Blobs, Grounds, Offer, Refused};
use crate::agent::{Agent, Force, Watermark};
use policy::bundle::chain::Chain;
use policy::bundle::verify::Bundle;
use service::fault::FileError;
use std::sync::{Arc, PoisonError};

/// Why an offer is not in force.
#[derive(Debug)]
pub enum Uncommitted {
    /// It is refused.
    Refused(Refused),
    /// It cannot be stored, such as on a full disk; the old one stays in force.
    Unstored {
        /// Why.
        why: FileError,
        /// What verified of it, for another try.
        blobs: Blobs,
    },
}

/// What an offer is judged by under `force`.
pub(crate) fn grounds<'a>(agent: &'a Agent, force: &'a Force, trust: &'a Chain) -> Grounds<'a> {
    let held = force.bundle.as_ref().map(|bundle| (bundle.head().contents, bundle.contents()));
    let watermark = force.watermark.as_ref().map(|mark| &mark.head);
    Grounds { trust, audience: &agent.cluster, watermark, held }
}

/// Judges the whole of `offer`, stores it, and then puts it in force.
///
/// # Errors
/// [`Uncommitted`]; nothing has changed then.
pub fn commit(agent: &Agent, trust: &Chain, offer: Offer) -> Result<(), Uncommitted> {
    // There is nothing behind the lock that a panic could leave half done.
    let _turn = agent.commits.lock().unwrap_or_else(PoisonError::into_inner);
    let force = agent.force();
    let accepted = offer.accept(grounds(agent, &force, trust)).map_err(Uncommitted::Refused)?;
    let old = force.bundle.as_deref().map(Bundle::head);
    let same = old.is_some_and(|old| old.contents == accepted.bundle.head().contents);
    if let Err(why) = store(agent, &accepted, same) {
        return Err(Uncommitted::Unstored { why, blobs: accepted.into_blobs() });
    }
    let Accepted { head: bytes, bundle, .. } = accepted;
    let head = bundle.head().clone();
    // A head that was only signed anew is no news.
    if same && old.is_some_and(|old| old.sequence == head.sequence) {
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

fn store(agent: &Agent, accepted: &Accepted, same: bool) -> Result<(), FileError> {
    let Accepted { head, contents, entries, bundle } = accepted;
    if same {
        agent.bundles.store_head(head)
    } else {
        agent.bundles.store(head, (bundle.head().contents, contents), entries)
    }
}
