//! What each cluster shall follow: an index under one lock, published through `watch`, so that a slow spoke skips what
//! lies between.

use crate::error::HubError;
use crate::hub::Hub;
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
pub type Newest = Option<Arc<Published>>;

/// The index.
#[derive(Debug, Default)]
pub struct Following {
    clusters: Mutex<BTreeMap<ClusterName, watch::Sender<Newest>>>,
}

impl Following {
    fn with<T>(&self, cluster: &ClusterName, act: impl FnOnce(&watch::Sender<Newest>) -> T) -> T {
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        act(clusters.entry(cluster.clone()).or_insert_with(|| watch::channel(None).0))
    }

    /// Tells every cluster its newest head, and those that are not named that there is none.
    pub fn publish(&self, heads: &BTreeMap<ClusterName, Arc<Published>>) {
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, sender) in clusters.iter().filter(|(name, _)| !heads.contains_key(*name)) {
            tracing::debug!(cluster = %name, "no longer declared: no more heads");
            sender.send_if_modified(|newest| newest.take().is_some());
        }
        for (name, head) in heads {
            let sender = clusters.entry(name.clone()).or_insert_with(|| watch::channel(None).0);
            sender.send_replace(Some(head.clone()));
        }
    }
}

impl Hub {
    /// What `cluster` shall get now, and every change of it. Nothing before its facts are known.
    #[must_use]
    pub fn followed(&self, cluster: &ClusterName) -> watch::Receiver<Option<Arc<Published>>> {
        self.following.with(cluster, watch::Sender::subscribe)
    }

    /// The bytes of contents or an entry. Whether the caller may have them is for the caller's side to say.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn content(&self, digest: Digest) -> Result<Option<Bytes>, HubError> {
        Ok(self.store.content(digest).await?)
    }
}
