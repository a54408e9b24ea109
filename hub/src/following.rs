//! What each cluster shall follow: an index under one lock, published through `watch`, so that a slow spoke skips what
//! lies between.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::Issued;
use bytes::Bytes;
use policy::bundle::contents::Contents;
use policy::bundle::head::Head;
use policy::digest::Digest;
use policy::name::ClusterName;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Contents with the digest of their canonical bytes, which the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The digest.
    pub digest: Digest,
    /// The list.
    pub contents: Contents,
}

/// What one cluster shall get now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The head.
    pub head: Head,
    /// The head, signed: DSSE as JSON.
    pub envelope: Bytes,
    /// Its contents.
    pub contents: Arc<Listed>,
    /// The contents before those, which the spoke may still hold or fetch.
    pub previous: Option<Arc<Listed>>,
}

/// The newest head of every cluster; none while it gets no head.
pub(crate) type Newest = Option<Arc<Published>>;

/// The index.
#[derive(Debug, Default)]
pub(crate) struct Following {
    clusters: Mutex<BTreeMap<ClusterName, watch::Sender<Newest>>>,
}

impl Following {
    fn follow(&self, cluster: &ClusterName) -> watch::Receiver<Newest> {
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        clusters.entry(cluster.clone()).or_insert_with(|| watch::channel(None).0).subscribe()
    }

    /// Looks without following, and leaves no trace of clusters that nobody has asked for.
    fn seen<T>(&self, cluster: &ClusterName, see: impl FnOnce(&watch::Sender<Newest>) -> T) -> Option<T> {
        let clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        clusters.get(cluster).map(see)
    }

    /// Shows each cluster of `heads` its newest head.
    pub(crate) fn publish(&self, heads: BTreeMap<ClusterName, Arc<Published>>) {
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, head) in heads {
            clusters.entry(name).or_insert_with(|| watch::channel(None).0).send_replace(Some(head));
        }
    }

    /// No more heads for clusters that are not `issued`: their documents are gone.
    pub(crate) fn retain(&self, issued: &BTreeMap<ClusterName, Issued>) {
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        clusters.retain(|name, sender| {
            let declared = issued.contains_key(name);
            if !declared {
                sender.send_if_modified(|newest| newest.take().is_some());
            }
            declared || sender.receiver_count() > 0
        });
    }
}

impl Hub {
    /// What `cluster` shall get now, and every change of it. Nothing before its facts are known.
    #[must_use]
    pub fn followed(&self, cluster: &ClusterName) -> watch::Receiver<Option<Arc<Published>>> {
        self.following.follow(cluster)
    }

    /// What `cluster` shall get now, for who only looks: whoever takes [`Hub::followed`] counts as its spoke.
    #[must_use]
    pub fn newest(&self, cluster: &ClusterName) -> Option<Arc<Published>> {
        self.following.seen(cluster, |sender| sender.borrow().clone()).flatten()
    }

    /// Whether the cluster's spoke follows at this moment.
    #[must_use]
    pub fn is_following(&self, cluster: &ClusterName) -> bool {
        self.following.seen(cluster, |sender| sender.receiver_count() > 0).unwrap_or(false)
    }

    /// The bytes of contents or an entry. Whether the caller may have them is for the caller's side to say.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn content(&self, digest: Digest) -> Result<Option<Bytes>, HubError> {
        Ok(self.store.content(digest).await?)
    }
}
