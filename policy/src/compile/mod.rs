//! Compiling: from a checked catalog and one cluster's facts to its contents. Pure and total.
//!
//! [`prepare`] a revision once, then [`Prepared::compile`] each cluster: a rule's *choice* there (the rule sets and
//! parameter values by which it holds) is digested without filling anything in, and only a choice and view that the
//! memo does not hold are rendered.

mod assign;
mod check;
mod choice;
mod companions;
#[cfg(test)]
pub(crate) mod fixture;
mod levels;
mod manifests;
mod prepare;
mod render;
pub mod slot;
#[cfg(test)]
mod tests;

pub(crate) use check::check;
pub use manifests::render_manifests;
pub use prepare::{Prepared, prepare};

use crate::bundle::companion;
use crate::bundle::contents::FORMAT;
use crate::catalog::Catalog;
use crate::digest::Digest;
use crate::facts::Facts;
use crate::kinds::translator::Sight;
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

impl Rendered {
    /// Whether it is a rule, and no entry that only has a say over rules.
    #[must_use]
    pub fn is_rule(&self) -> bool {
        !companion::KINDS.contains(&self.name.kind())
    }
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

/// What the cluster of these facts shall get. For many clusters, [`prepare`] once.
#[must_use]
pub fn compile(catalog: &Catalog, facts: &Facts, memo: &dyn Memo) -> Compiled {
    prepare(catalog).compile(facts, memo)
}

impl Prepared<'_> {
    /// What the cluster of these facts shall get.
    #[must_use]
    pub fn compile(&self, facts: &Facts, memo: &dyn Memo) -> Compiled {
        let entry = |choice: choice::Choice<'_, '_>| {
            let rule = choice.rule;
            let provenance = Provenance {
                rule: choice.digest(),
                view: rule.lens.digest(facts),
                translator: rule.translator.version(),
            };
            memo.rendered(&provenance, &|| choice.rendered(Sight::Facts(facts), provenance.clone()))
        };
        let mut entries: Vec<_> = self.choices(&facts.declared).map(entry).collect();
        entries.extend(self.companions.of_region(&facts.declared.region));
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        let bytes = contents(&entries);
        Compiled { digest: Digest::of(&bytes), bytes: bytes.into(), entries }
    }
}

/// Canonical JSON of the contents, joined from the entries' lines.
fn contents(entries: &[Arc<Rendered>]) -> Vec<u8> {
    let length: usize = entries.iter().map(|entry| entry.line.len() + 1).sum();
    let mut json = String::with_capacity(length + 32);
    json.push_str(r#"{"entries":["#);
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(&entry.line);
    }
    json.push_str(&format!(r#"],"format":{FORMAT}}}"#));
    json.into_bytes()
}
