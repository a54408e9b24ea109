//! The store on SQLite: the embedded default. One connection on a thread of its own, behind a channel.

mod contents;
mod fault;
mod number;
mod records;
mod schema;
#[cfg(test)]
mod tests;

use super::{AuditEntry, Audited, Blob, Change, Event, Key, Prefix, Revision, Row, Store, StoreError, Watch};
use bytes::Bytes;
use fault::Place;
use futures::StreamExt as _;
use policy::digest::Digest;
use rusqlite::Connection;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// How many calls may wait for the thread.
const QUEUE: usize = 1_024;

/// A store in one SQLite file, or in memory.
#[derive(Clone)]
pub struct SqliteStore {
    jobs: mpsc::Sender<Job>,
    newest: Arc<watch::Sender<Revision>>,
    place: Place,
}

impl SqliteStore {
    /// Opens or makes the file `path`.
    ///
    /// # Errors
    /// When the file cannot be made, is in use by another hub, or was written by another version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let place = Place::new(path);
        let connection = Connection::open(path).map_err(|e| place.fault("to open", e))?;
        Self::start(connection, place)
    }

    /// A store that lives as long as this process.
    ///
    /// # Errors
    /// When SQLite cannot make one.
    pub fn in_memory() -> Result<Self, StoreError> {
        let place = Place::new(Path::new(":memory:"));
        let connection = Connection::open_in_memory().map_err(|e| place.fault("to open", e))?;
        Self::start(connection, place)
    }

    fn start(mut connection: Connection, place: Place) -> Result<Self, StoreError> {
        // The lock is held for as long as a hub runs, so there is nothing to wait for.
        connection.busy_timeout(std::time::Duration::ZERO).map_err(|e| place.fault("to be set up", e))?;
        let revision = schema::prepare(&mut connection, &place)?;
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        let (newest, _) = watch::channel(revision);
        // The thread ends when the last clone of the store drops its sender.
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                while let Some(job) = queue.blocking_recv() {
                    job(&mut connection);
                }
            })
            .map_err(|_| StoreError::Closed)?;
        Ok(Self { jobs, newest: Arc::new(newest), place })
    }

    async fn run<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection, &Place) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let place = self.place.clone();
        let job: Job = Box::new(move |connection| {
            // A caller that has gone away no longer wants the answer; the work is done all the same.
            let _ = answer.send(job(connection, &place));
        });
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Wakes the watches once the change is durable.
    fn moved(&self, revision: Revision) -> Revision {
        self.newest.send_if_modified(|newest| {
            let rises = revision > *newest;
            *newest = revision.max(*newest);
            rises
        });
        revision
    }
}

#[async_trait::async_trait]
impl Store for SqliteStore {
    async fn get(&self, key: &Key) -> Result<Option<Row>, StoreError> {
        let key = key.clone();
        self.run(move |connection, place| records::get(connection, place, &key)).await
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Row>, StoreError> {
        let prefix = prefix.clone();
        self.run(move |connection, place| records::list(connection, place, &prefix)).await
    }

    async fn commit(&self, change: Change, entry: AuditEntry) -> Result<Revision, StoreError> {
        let revision = self.run(move |connection, place| records::commit(connection, place, &change, &entry)).await?;
        Ok(self.moved(revision))
    }

    async fn observe(&self, key: Key, value: Bytes) -> Result<Revision, StoreError> {
        let revision = self.run(move |connection, place| records::observe(connection, place, &key, &value)).await?;
        Ok(self.moved(revision))
    }

    fn watch(&self, prefix: Prefix, after: Revision) -> Watch {
        let state =
            Watching { store: self.clone(), newest: self.newest.subscribe(), prefix, after, ready: VecDeque::new() };
        futures::stream::unfold(state, |mut state| async move {
            let next = state.next().await?;
            Some((next, state))
        })
        .boxed()
    }

    async fn revision(&self) -> Result<Revision, StoreError> {
        self.run(|connection, place| records::revision(connection, place)).await
    }

    async fn audit(&self, after: Revision, limit: u32) -> Result<Vec<Audited>, StoreError> {
        self.run(move |connection, place| records::audit(connection, place, after, limit)).await
    }

    async fn audit_newest(&self, limit: u32) -> Result<Vec<Audited>, StoreError> {
        self.run(move |connection, place| records::audit_newest(connection, place, limit)).await
    }

    async fn put_contents(&self, blobs: Vec<Blob>) -> Result<(), StoreError> {
        self.run(move |connection, place| contents::put(connection, place, &blobs)).await
    }

    async fn content(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        self.run(move |connection, place| contents::get(connection, place, digest)).await
    }

    async fn collect(&self, keep: BTreeSet<Digest>) -> Result<u64, StoreError> {
        self.run(move |connection, place| contents::collect(connection, place, &keep)).await
    }
}

/// One watch: what it has read and not told yet, and how far it has read.
struct Watching {
    store: SqliteStore,
    newest: watch::Receiver<Revision>,
    prefix: Prefix,
    after: Revision,
    ready: VecDeque<Event>,
}

impl Watching {
    async fn next(&mut self) -> Option<Result<Event, StoreError>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.after = event.revision;
                return Some(Ok(event));
            }
            // Marked as seen before reading, so that a change during the read wakes the watch again.
            self.newest.borrow_and_update();
            let (prefix, after) = (self.prefix.clone(), self.after);
            match self.store.run(move |connection, place| records::after(connection, place, &prefix, after)).await {
                Ok(events) if events.is_empty() => self.newest.changed().await.ok()?,
                Ok(events) => self.ready = events.into(),
                Err(StoreError::Closed) => return None,
                Err(fault) => return Some(Err(fault)),
            }
        }
    }
}
