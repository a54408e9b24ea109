//! Documents: YAML text with a place for every value.

use crate::diagnostic::Span;
use serde_json::Value;
use std::collections::BTreeMap;

/// One YAML document: its value as JSON, and where each value stands, by JSON pointer (`/spec/scope`).
/// The key of a mapping entry stands under the entry's pointer with `#` before its last segment's slash kept:
/// see [`Doc::key_span`].
#[derive(Debug, Clone)]
pub struct Doc {
    /// The file, relative to the catalog's root.
    pub file: String,
    /// The document.
    pub value: Value,
    spans: BTreeMap<String, Span>,
    keys: BTreeMap<String, Span>,
}

impl Doc {
    /// Where the value at this JSON pointer stands; the nearest ancestor that stands somewhere, else the file's start.
    #[must_use]
    pub fn span(&self, pointer: &str) -> Span {
        nearest(&self.spans, pointer)
    }

    /// Where the key of this entry stands; as [`Doc::span`] where it has none.
    #[must_use]
    pub fn key_span(&self, pointer: &str) -> Span {
        self.keys.get(pointer).copied().unwrap_or_else(|| self.span(pointer))
    }
}

fn nearest(spans: &BTreeMap<String, Span>, pointer: &str) -> Span {
    let mut pointer = pointer;
    loop {
        if let Some(span) = spans.get(pointer) {
            return *span;
        }
        match pointer.rsplit_once('/') {
            Some((parent, _)) => pointer = parent,
            None => return Span::START,
        }
    }
}
