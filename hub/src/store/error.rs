//! What can go wrong in a store, and whether trying again can help.

use super::Key;

/// Whether the same call can succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Read again and try again.
    Retryable,
    /// Trying again is of no use.
    Terminal,
}

/// Why a store did not do what it was asked. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A precondition did not hold: somebody else was first.
    #[error("`{key}` was changed by somebody else meanwhile; read it again")]
    Conflict {
        /// The key whose precondition failed.
        key: Key,
    },
    /// More than 64 writes.
    #[error("a change of {0} writes is larger than the store's limit of {limit}", limit = super::change::MOST)]
    TooManyWrites(usize),
    /// The disk is full.
    #[error("the disk that holds {place} is full; nothing was changed. Free some space and try again")]
    Full {
        /// The database file.
        place: String,
    },
    /// Another process has it.
    #[error("{place} is in use by another writ-hub; stop that one first, or give this one its own `data` folder")]
    InUse {
        /// The database file.
        place: String,
    },
    /// The file was written by another version.
    #[error("{place} has format {found}, this writ-hub reads format {known}; run the version that wrote it")]
    Format {
        /// The database file.
        place: String,
        /// What it says.
        found: u32,
        /// What we know.
        known: u32,
    },
    /// A value that is not what its key says.
    #[error("the record `{key}` cannot be read; restore a backup or run the version that wrote it")]
    Unreadable {
        /// The key.
        key: Key,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Content that is not there though something names it, or whose bytes do not match.
    #[error("the content {0} is missing or damaged; restore a backup, or remove writ.db and publish again")]
    Content(policy::digest::Digest),
    /// The store's thread has ended.
    #[error("the store is closed")]
    Closed,
    /// Anything else that the database says.
    #[error("the database {place} refused {what}")]
    Database {
        /// The database file.
        place: String,
        /// What was attempted.
        what: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether trying again can help.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Conflict { .. } | Self::Full { .. } | Self::InUse { .. } => Class::Retryable,
            _ => Class::Terminal,
        }
    }

    /// The metric label.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "conflict",
            Self::TooManyWrites(_) => "too_many_writes",
            Self::Full { .. } => "full",
            Self::InUse { .. } => "in_use",
            Self::Format { .. } => "format",
            Self::Unreadable { .. } => "unreadable",
            Self::Content(_) => "content",
            Self::Closed => "closed",
            Self::Database { .. } => "database",
        }
    }
}
