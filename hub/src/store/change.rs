//! A change: at most 64 writes, all or none.

use super::{Key, Revision};
use bytes::Bytes;

/// The most writes of one change.
pub const MOST: usize = 64;

/// What must hold of a key for a write to it to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// There is no such key.
    DoesNotExist,
    /// The key was last written by this change.
    MatchesRevision(Revision),
    /// Nothing: only where the newest word always wins.
    Unconditional,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which key.
    pub key: Key,
    /// The new value; none deletes.
    pub value: Option<Bytes>,
    /// What must hold.
    pub expects: Precondition,
}

/// Writes that happen together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    writes: Vec<Write>,
}

impl Change {
    /// A change without writes: its audit entry alone is kept.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a put.
    #[must_use]
    pub fn put(mut self, key: Key, value: Bytes, expects: Precondition) -> Self {
        self.writes.push(Write { key, value: Some(value), expects });
        self
    }

    /// Adds a delete.
    #[must_use]
    pub fn delete(mut self, key: Key, expects: Precondition) -> Self {
        self.writes.push(Write { key, value: None, expects });
        self
    }

    /// The writes, in order.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }
}
