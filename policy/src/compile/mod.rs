//! Compiling: from a checked catalog and one cluster's facts to its contents. Pure and total.

pub mod slot;

use crate::digest::Digest;
use crate::name::RuleName;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a rendering was made from. Two renderings with equal `rule` and `view` and another `translator` differ by
/// an upgrade of Writ alone, which is held until a person releases it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// Digest of the rule with defaults, parameters, regional overrides, effective mode and scope filled in.
    pub rule: Digest,
    /// Digest of the facts that its kind read.
    pub view: Digest,
    /// Version of the kind's translator.
    pub translator: u32,
}

/// An entry in its one byte form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// `Kind/name`.
    pub name: RuleName,
    /// SHA-256 of `bytes`.
    pub digest: Digest,
    /// Canonical JSON of [`crate::bundle::entry::Entry`].
    pub bytes: Vec<u8>,
    /// Canonical JSON of its [`Line`](crate::bundle::contents::Line), so that contents are joined and not serialized.
    pub line: String,
    /// What it was made from.
    pub provenance: Provenance,
}

/// Remembers renderings between compilations; the hub's is a bounded cache, tests use none.
pub trait Memo: Sync {
    /// The rendering made from `key`, or what `make` makes of it.
    fn rendered(&self, key: &Provenance, make: &dyn Fn() -> Rendered) -> Arc<Rendered>;
}

/// Remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMemo;

impl Memo for NoMemo {
    fn rendered(&self, _: &Provenance, make: &dyn Fn() -> Rendered) -> Arc<Rendered> {
        Arc::new(make())
    }
}

/// What one cluster shall get.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// Canonical bytes of [`Contents`](crate::bundle::contents::Contents).
    pub bytes: Arc<[u8]>,
    /// The digest of those.
    pub digest: Digest,
    /// Its entries, sorted by name, each name once.
    pub entries: Vec<Arc<Rendered>>,
}
