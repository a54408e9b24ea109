//! A store that a test can stop in the middle of a publish, have fail, or have take commits all at once.

use crate::store::sqlite::SqliteStore;
use crate::store::{AuditEntry, Audited, Blob, Change, Key, Prefix, Revision, Row, Store, StoreError, Watch};
use bytes::Bytes;
use policy::digest::Digest;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::sync::{Barrier, oneshot};

pub(super) struct Steered {
    store: SqliteStore,
    pause: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
    fault: Mutex<Option<StoreError>>,
    together: Mutex<Vec<Arc<Barrier>>>,
}

/// A publish that has compiled and has yet to move the pointer.
pub(super) struct Paused {
    reached: oneshot::Receiver<()>,
    go: oneshot::Sender<()>,
}

impl Paused {
    /// Waits until it is there, lets `meanwhile` happen, and lets it go on.
    pub(super) async fn meanwhile<T>(self, meanwhile: impl Future<Output = T>) -> T {
        self.reached.await.unwrap();
        let done = meanwhile.await;
        self.go.send(()).unwrap();
        done
    }
}

impl Steered {
    pub(super) const fn new(store: SqliteStore) -> Self {
        Self { store, pause: Mutex::new(None), fault: Mutex::new(None), together: Mutex::new(Vec::new()) }
    }

    /// The next so many commits wait for one another: whoever makes them has read what stood before any of them.
    pub(super) fn together(&self, commits: usize) {
        let all = Arc::new(Barrier::new(commits));
        *self.together.lock().unwrap() = std::iter::repeat_n(all, commits).collect();
    }

    /// Stops the next publish that moves the pointer.
    pub(super) fn pause(&self) -> Paused {
        let ((at, reached), (go, gone_on)) = (oneshot::channel(), oneshot::channel());
        *self.pause.lock().unwrap() = Some((at, gone_on));
        Paused { reached, go }
    }

    /// Fails the next commit.
    pub(super) fn fail(&self, fault: StoreError) {
        *self.fault.lock().unwrap() = Some(fault);
    }
}

#[async_trait::async_trait]
impl Store for Steered {
    async fn get(&self, key: &Key) -> Result<Option<Row>, StoreError> {
        self.store.get(key).await
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Row>, StoreError> {
        self.store.list(prefix).await
    }

    async fn commit(&self, change: Change, entry: AuditEntry) -> Result<Revision, StoreError> {
        let others = self.together.lock().unwrap().pop();
        if let Some(others) = others {
            others.wait().await;
        }
        let fault = self.fault.lock().unwrap().take();
        match fault {
            Some(fault) => Err(fault),
            None => self.store.commit(change, entry).await,
        }
    }

    async fn observe(&self, key: Key, value: Bytes) -> Result<Revision, StoreError> {
        self.store.observe(key, value).await
    }

    fn watch(&self, prefix: Prefix, after: Revision) -> Watch {
        self.store.watch(prefix, after)
    }

    async fn revision(&self) -> Result<Revision, StoreError> {
        self.store.revision().await
    }

    async fn audit(&self, after: Revision, limit: u32) -> Result<Vec<Audited>, StoreError> {
        self.store.audit(after, limit).await
    }

    async fn audit_newest(&self, limit: u32) -> Result<Vec<Audited>, StoreError> {
        self.store.audit_newest(limit).await
    }

    async fn put_contents(&self, blobs: Vec<Blob>) -> Result<(), StoreError> {
        let pause = self.pause.lock().unwrap().take();
        if let Some((at, gone_on)) = pause {
            at.send(()).unwrap();
            gone_on.await.unwrap();
        }
        self.store.put_contents(blobs).await
    }

    async fn content(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        self.store.content(digest).await
    }

    async fn collect(&self, keep: BTreeSet<Digest>) -> Result<u64, StoreError> {
        self.store.collect(keep).await
    }
}
