//! What is published at this moment, as the one publisher knows it. The store has the same; this spares reading it.

use crate::error::HubError;
use crate::following::Listed;
use crate::records::{self, Accepted, Fleet, Kept, Only, Pointer};
use crate::store::{Store, StoreError};
use policy::bundle::contents::Contents;
use policy::digest::Digest;
use policy::name::ClusterName;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One cluster's newest two contents.
#[derive(Debug, Clone)]
pub(crate) struct Lists {
    /// What it shall get.
    pub(super) contents: Arc<Listed>,
    /// What it got before.
    pub(super) previous: Option<Arc<Listed>>,
}

/// The state of the publisher.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// The pointer in the store.
    pub(super) pointer: Option<Kept<Pointer>>,
    /// The last accepted revision.
    pub(crate) accepted: Option<Kept<Accepted>>,
    /// The fleet that the pointer names.
    pub(super) fleet: Arc<Fleet>,
    /// The contents that the fleet names; equal ones are shared.
    pub(super) listed: BTreeMap<ClusterName, Lists>,
    /// What the heads in force say: the sequence, and the removals that they release.
    pub(super) signed: BTreeMap<ClusterName, (u64, Option<Digest>)>,
    /// Content that the store is known to have.
    pub(super) stored: BTreeSet<Digest>,
}

impl Standing {
    /// Reads it from the store, as after a restart.
    pub(crate) async fn load(store: &dyn Store) -> Result<Self, HubError> {
        let accepted = records::get::<Accepted>(store, &Only).await?;
        let Some(pointer) = records::get::<Pointer>(store, &Only).await? else {
            return Ok(Self { accepted, ..Self::default() });
        };
        let fleet: Fleet = read(store, pointer.record.fleet).await?;
        let listed = load_lists(store, &fleet).await?;
        Ok(Self { pointer: Some(pointer), accepted, fleet: Arc::new(fleet), listed, ..Self::default() })
    }

    /// The fleet that the pointer names.
    pub(crate) fn fleet(&self) -> Arc<Fleet> {
        self.fleet.clone()
    }

    /// The last accepted revision.
    pub(crate) fn accepted(&self) -> Option<Accepted> {
        self.accepted.as_ref().map(|kept| kept.record.clone())
    }

    /// The digests that must not be collected: the fleet, its newest two contents, and their entries.
    pub(super) fn reachable(&self) -> BTreeSet<Digest> {
        let lists = self.listed.values().flat_map(|lists| std::iter::once(&lists.contents).chain(&lists.previous));
        let named = lists
            .flat_map(|list| std::iter::once(list.digest).chain(list.contents.entries.iter().map(|line| line.digest)));
        named.chain(self.pointer.iter().map(|pointer| pointer.record.fleet)).collect()
    }
}

async fn load_lists(store: &dyn Store, fleet: &Fleet) -> Result<BTreeMap<ClusterName, Lists>, HubError> {
    let mut known: BTreeMap<Digest, Arc<Listed>> = BTreeMap::new();
    let mut listed = BTreeMap::new();
    for (name, issued) in &fleet.clusters {
        let contents = load_list(store, &mut known, issued.contents).await?;
        let previous = match issued.previous {
            Some(digest) => Some(load_list(store, &mut known, digest).await?),
            None => None,
        };
        listed.insert(name.clone(), Lists { contents, previous });
    }
    Ok(listed)
}

async fn load_list(
    store: &dyn Store,
    known: &mut BTreeMap<Digest, Arc<Listed>>,
    digest: Digest,
) -> Result<Arc<Listed>, HubError> {
    if let Some(list) = known.get(&digest) {
        return Ok(list.clone());
    }
    let contents: Contents = read(store, digest).await?;
    let list = Arc::new(Listed { digest, contents });
    known.insert(digest, list.clone());
    Ok(list)
}

async fn read<T: serde::de::DeserializeOwned>(store: &dyn Store, digest: Digest) -> Result<T, HubError> {
    let bytes = store.content(digest).await?.ok_or(StoreError::Content(digest))?;
    serde_json::from_slice(&bytes).map_err(|_| StoreError::Content(digest).into())
}
