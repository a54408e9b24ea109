//! Typed records over the store: one module per record, JSON values with a version.

mod accepted;
mod facts;
mod hold;
mod identity;
mod issue;
mod pin;
mod prune;
mod published;
mod refusal;
mod report;
mod token;
mod watermark;

pub use accepted::Accepted;
pub use facts::ReportedFacts;
pub use hold::{Hold, HoldKind};
pub use identity::{Identity, KeyId, KeyOwner, Revocation};
pub use issue::LastIssue;
pub use pin::Pin;
pub use prune::PruneRelease;
pub use published::{Fleet, Issued, Pointer};
pub use refusal::Refusal;
pub use report::KeptReport;
pub use token::{JoinToken, TokenHash};
pub use watermark::Watermark;

use crate::store::{Change, Key, Precondition, Prefix, Revision, Row, Store, StoreError};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// The version of every record's JSON.
const VERSION: u32 = 1;

/// A kind of record.
pub trait Record: Serialize + DeserializeOwned + Send + 'static {
    /// The first part of its keys.
    const NAME: &'static str;
    /// What tells one from another; [`Only`] for what exists once.
    type Id: Display + ?Sized;

    /// Its key.
    #[must_use]
    fn key(id: &Self::Id) -> Key {
        Key::of(Self::NAME, &format_args!("{id}"))
    }
}

/// The id of a record that exists once.
#[derive(Debug, Clone, Copy)]
pub struct Only;

impl Display for Only {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("only")
    }
}

/// A record as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<R> {
    /// The record.
    pub record: R,
    /// The last part of its key.
    pub id: String,
    /// The change that wrote it last.
    pub revision: Revision,
}

#[derive(Serialize, Deserialize)]
struct Versioned<R> {
    version: u32,
    record: R,
}

/// The record with this id.
///
/// # Errors
/// When the store fails or the value is not such a record.
pub async fn get<R: Record>(store: &dyn Store, id: &R::Id) -> Result<Option<Kept<R>>, StoreError>
where
    R::Id: Sync,
{
    let key = R::key(id);
    store.get(&key).await?.as_ref().map(read).transpose()
}

/// All records of one kind, by key.
///
/// # Errors
/// When the store fails or a value is not such a record.
pub async fn list<R: Record>(store: &dyn Store) -> Result<Vec<Kept<R>>, StoreError> {
    store.list(&Prefix::of(R::NAME)).await?.iter().map(read).collect()
}

/// Stores an observation: the latest wins.
///
/// # Errors
/// When the store fails.
pub async fn observe<R: Record>(store: &dyn Store, id: &R::Id, record: &R) -> Result<Revision, StoreError>
where
    R::Id: Sync,
{
    let key = R::key(id);
    let value = write(&key, record)?;
    store.observe(key, value).await
}

fn read<R: Record>(row: &Row) -> Result<Kept<R>, StoreError> {
    let unreadable = |source| StoreError::Unreadable { key: row.key.clone(), source };
    let Versioned { version, record } = serde_json::from_slice(&row.value).map_err(unreadable)?;
    if version != VERSION {
        let message = format!("its version is {version}, this writ-hub reads version {VERSION}");
        return Err(unreadable(serde::de::Error::custom(message)));
    }
    let id = row.key.as_str().split_once('/').map_or("", |(_, id)| id).to_owned();
    Ok(Kept { record, id, revision: row.revision })
}

fn write<R: Record>(key: &Key, record: &R) -> Result<Bytes, StoreError> {
    serde_json::to_vec(&Versioned { version: VERSION, record })
        .map(Bytes::from)
        .map_err(|source| StoreError::Unreadable { key: key.clone(), source })
}

/// Typed writes of a change.
pub trait Writes: Sized {
    /// Adds a put of `record`.
    ///
    /// # Errors
    /// When the record has no JSON form.
    fn set<R: Record>(self, id: &R::Id, record: &R, expects: Precondition) -> Result<Self, StoreError>;

    /// Adds a delete.
    #[must_use]
    fn drop<R: Record>(self, id: &R::Id, expects: Precondition) -> Self;
}

impl Writes for Change {
    fn set<R: Record>(self, id: &R::Id, record: &R, expects: Precondition) -> Result<Self, StoreError> {
        let key = R::key(id);
        let value = write(&key, record)?;
        Ok(self.put(key, value, expects))
    }

    fn drop<R: Record>(self, id: &R::Id, expects: Precondition) -> Self {
        self.delete(R::key(id), expects)
    }
}

/// The precondition that nobody has changed what was read.
#[must_use]
pub fn unchanged<R>(kept: Option<&Kept<R>>) -> Precondition {
    kept.map_or(Precondition::DoesNotExist, |kept| Precondition::MatchesRevision(kept.revision))
}
