//! Heads: made from what is issued, signed in parallel, never stored: the store has all that they say.

use super::standing::Standing;
use crate::error::HubError;
use crate::following::Published;
use crate::hub::Hub;
use crate::records::{self, Fleet, Issued, Kept, LastIssue, Only, PruneRelease};
use crate::store::Store;
use bytes::Bytes;
use certs::key::Signer;
use jiff::{SignedDuration, Timestamp};
use policy::bundle::head::{Head, PAYLOAD_TYPE};
use policy::canonical;
use policy::digest::Digest;
use policy::name::ClusterName;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// What all heads of one issue have in common.
struct Issue {
    at: Timestamp,
    fresh_until: Timestamp,
    hubs: Vec<String>,
    trust: u64,
}

/// The latest issue: times rise even where the wall clock does not, for the later one wins at the spokes.
#[derive(Debug)]
pub(crate) struct Issues(Mutex<Timestamp>);

impl Issues {
    /// Continues after what the store has.
    pub(crate) async fn load(store: &dyn Store) -> Result<Self, HubError> {
        let stored = records::get::<LastIssue>(store, &Only).await?;
        Ok(Self(Mutex::new(stored.map_or(Timestamp::UNIX_EPOCH, |kept| kept.record.at))))
    }

    fn next(&self, wall: Timestamp) -> Timestamp {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = wall.max(later(*last));
        *last
    }

    /// Whether `shown` was later.
    pub(crate) fn raise(&self, shown: Timestamp) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let raised = shown > *last;
        *last = shown.max(*last);
        raised
    }
}

fn later(than: Timestamp) -> Timestamp {
    than.checked_add(SignedDuration::from_micros(1)).unwrap_or(than)
}

/// Signed heads by cluster.
type Signed = BTreeMap<ClusterName, (Head, Bytes)>;

impl Hub {
    /// Signs a head for every cluster whose head in force says something else, and shows it to those who follow.
    pub(super) async fn issue(&self, standing: &mut Standing) -> Result<(), HubError> {
        let prunes = released(&standing.fleet, records::list::<PruneRelease>(self.store.as_ref()).await?);
        let says = |issued: &Issued| (issued.sequence, prunes.get(issued.cluster.name.as_str()).copied());
        let says: BTreeMap<_, _> =
            standing.fleet.clusters.iter().map(|(name, issued)| (name.clone(), says(issued))).collect();
        let changed = says.iter().filter(|(name, says)| standing.signed.get(*name) != Some(says));
        let changed: Vec<ClusterName> = changed.map(|(name, _)| name.clone()).collect();
        if changed.is_empty() {
            self.following.retain(&standing.fleet.clusters);
            standing.signed = says;
            return Ok(());
        }
        let issue = self.next_issue().await?;
        let heads = changed.iter().filter_map(|name| standing.fleet.clusters.get(name));
        let signed = sign(&self.signer, heads.map(|issued| head(issued, &prunes, &issue)).collect()).await?;
        self.following.publish(published(standing, signed));
        self.following.retain(&standing.fleet.clusters);
        standing.signed = says;
        Ok(())
    }

    /// Signs all heads anew, so that an idle hub stays fresh.
    pub(crate) async fn reissue(&self) -> Result<(), HubError> {
        let mut standing = self.standing.lock().await;
        standing.signed.clear();
        self.issue(&mut standing).await
    }

    /// Signs all heads anew, later than a head that a spoke has shown: it would refuse earlier ones.
    pub(crate) async fn issue_after(&self, shown: Timestamp) -> Result<(), HubError> {
        if self.last_issue.raise(shown) { self.reissue().await } else { Ok(()) }
    }

    /// The time of an issue is stored before any head bears it.
    async fn next_issue(&self) -> Result<Issue, HubError> {
        let at = self.last_issue.next(self.clock.wall());
        records::observe(self.store.as_ref(), &Only, &LastIssue { at }).await?;
        let fresh = SignedDuration::try_from(self.settings.fresh.get()).unwrap_or(SignedDuration::MAX);
        let fresh_until = at.checked_add(fresh).unwrap_or(Timestamp::MAX);
        Ok(Issue { at, fresh_until, hubs: self.settings.hubs.clone(), trust: self.trust.version() })
    }
}

/// What each cluster may remove at the sequence that it is at. A release does not outlive its sequence, or the same
/// removal would pass without a person ever after.
fn released(fleet: &Fleet, kept: Vec<Kept<PruneRelease>>) -> BTreeMap<String, Digest> {
    let at =
        |cluster: &str| fleet.clusters.iter().find(|(name, _)| name.as_str() == cluster).map(|(_, at)| at.sequence);
    let holds = |kept: &Kept<PruneRelease>| at(&kept.id) == Some(kept.record.sequence);
    kept.into_iter().filter(holds).map(|kept| (kept.id, kept.record.digest)).collect()
}

fn published(standing: &Standing, signed: Signed) -> BTreeMap<ClusterName, Arc<Published>> {
    let joined = signed.into_iter().filter_map(|(name, (head, envelope))| {
        let listed = standing.listed.get(&name)?;
        let (contents, previous) = (listed.contents.clone(), listed.previous.clone());
        Some((name, Arc::new(Published { head, envelope, contents, previous })))
    });
    joined.collect()
}

async fn sign(signer: &Arc<dyn Signer>, heads: Vec<Head>) -> Result<Signed, HubError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut parts = JoinSet::new();
    for part in heads.chunks(heads.len().div_ceil(threads).max(1)) {
        parts.spawn(sign_part(signer.clone(), part.to_vec()));
    }
    let mut signed = Signed::new();
    while let Some(part) = parts.join_next().await {
        signed.extend(part.map_err(|_| HubError::Stopping)??);
    }
    Ok(signed)
}

async fn sign_part(signer: Arc<dyn Signer>, heads: Vec<Head>) -> Result<Vec<(ClusterName, (Head, Bytes))>, HubError> {
    let mut signed = Vec::with_capacity(heads.len());
    for head in heads {
        let payload = canonical::to_vec(&head)?;
        let envelope = signer.envelope(PAYLOAD_TYPE, &payload).await.map_err(|error| HubError::Sign(error.into()))?;
        signed.push((head.cluster.name.clone(), (head, Bytes::from(envelope.to_bytes()))));
    }
    Ok(signed)
}

fn head(issued: &Issued, prunes: &BTreeMap<String, Digest>, issue: &Issue) -> Head {
    Head {
        cluster: issued.cluster.clone(),
        sequence: issued.sequence,
        contents: issued.contents,
        revision: issued.revision.clone(),
        region_revision: issued.region_revision.clone(),
        issued_at: issue.at,
        fresh_until: issue.fresh_until,
        hubs: issue.hubs.clone(),
        trust: issue.trust,
        prune: prunes.get(issued.cluster.name.as_str()).copied(),
    }
}
