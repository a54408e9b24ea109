//! The store seam: linearizable reads, all-or-nothing changes with their audit entry, an ordered watch, and content
//! by digest. One contract suite ([`contract`]) says what every store must do.

pub mod audit;
pub mod change;
#[cfg(test)]
pub mod contract;
pub mod error;
pub mod key;
pub mod sqlite;

pub use audit::{Action, Actor, AuditEntry, Audited};
pub use change::{Change, Precondition, Write};
pub use error::{Class, StoreError};
pub use key::{Key, Prefix};

use bytes::Bytes;
use futures::stream::BoxStream;
use policy::digest::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The number of a change. Rises with every commit and every observation; the first is 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// One key as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: Key,
    /// Its value.
    pub value: Bytes,
    /// The change that wrote it last.
    pub revision: Revision,
}

/// One key that changed, as a watch tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The key.
    pub key: Key,
    /// Its newest value; none when it was deleted.
    pub value: Option<Bytes>,
    /// The change that wrote or deleted it last.
    pub revision: Revision,
}

/// Bytes with their digest. The bytes are shared, never copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The SHA-256 of `bytes`.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Bytes,
}

/// Events in the order of their revisions.
pub type Watch = BoxStream<'static, Result<Event, StoreError>>;

/// What the hub keeps, and nothing else keeps anything.
#[async_trait::async_trait]
pub trait Store: Send + Sync + 'static {
    /// The key as it stands after every change that was acknowledged before the call.
    async fn get(&self, key: &Key) -> Result<Option<Row>, StoreError>;

    /// All keys under `prefix`, by key, at one moment.
    async fn list(&self, prefix: &Prefix) -> Result<Vec<Row>, StoreError>;

    /// Carries out `change` and writes `entry` in the same transaction: all or nothing. When it returns, both are
    /// durable.
    async fn commit(&self, change: Change, entry: AuditEntry) -> Result<Revision, StoreError>;

    /// Stores what was observed elsewhere (a report, facts): no audit entry, the latest wins.
    async fn observe(&self, key: Key, value: Bytes) -> Result<Revision, StoreError>;

    /// Every key under `prefix` that changes after `after`: each at least once with its newest value, in the order of
    /// revisions. Values in between may be skipped.
    fn watch(&self, prefix: Prefix, after: Revision) -> Watch;

    /// The newest revision.
    async fn revision(&self) -> Result<Revision, StoreError>;

    /// Audit entries after `after`, oldest first, at most `limit`.
    async fn audit(&self, after: Revision, limit: u32) -> Result<Vec<Audited>, StoreError>;

    /// The newest audit entries, newest first, at most `limit`.
    async fn audit_newest(&self, limit: u32) -> Result<Vec<Audited>, StoreError>;

    /// Puts each blob that is not there yet. Not watched; durable when it returns.
    async fn put_contents(&self, blobs: Vec<Blob>) -> Result<(), StoreError>;

    /// The bytes of a digest.
    async fn content(&self, digest: Digest) -> Result<Option<Bytes>, StoreError>;

    /// Drops all content but `keep`; says how many blobs went.
    async fn collect(&self, keep: BTreeSet<Digest>) -> Result<u64, StoreError>;
}
