//! Documents: YAML text with a place for every value.
//!
//! [`parse`] reads a file's documents within the [`limits`]; [`schema`] says every way in which one is not what its
//! kind wants; [`decode`](decode::decode) makes typed structs of what remains.

pub mod config;
pub mod decode;
pub mod envelope;
mod limits;
pub mod nearest;
pub mod path;
pub mod pointer;
pub mod schema;
mod tree;

pub use config::config;
pub use limits::{MAX_FILE_BYTES, MAX_VALUES};

use crate::diagnostic::{Code, Diagnostic, Span};
use serde_json::Value;
use tree::{Node, Places};

/// One YAML document: its value as JSON, and where each value and key stands, by JSON pointer (`/spec/scope`).
#[derive(Debug, Clone)]
pub struct Doc {
    /// The file, relative to the catalog's root.
    pub file: String,
    /// The document.
    pub value: Value,
    places: Places,
}

impl Doc {
    /// How many values it holds, those within others too.
    #[must_use]
    pub fn values(&self) -> usize {
        values(&self.value)
    }

    /// Where the value at this JSON pointer stands; the nearest ancestor that stands somewhere, else the document's
    /// start.
    #[must_use]
    pub fn span(&self, pointer: &str) -> Span {
        self.nearest(pointer).0.span
    }

    /// Where the key of this entry stands; as [`Doc::span`] where it has none.
    #[must_use]
    pub fn key_span(&self, pointer: &str) -> Span {
        let (places, exact) = self.nearest(pointer);
        if exact { places.key.unwrap_or(places.span) } else { places.span }
    }

    /// An error about the value at this JSON pointer.
    #[must_use]
    pub fn error(&self, code: Code, pointer: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, &self.file, self.span(pointer), message)
    }

    /// An error about the key at this JSON pointer.
    #[must_use]
    pub fn key_error(&self, code: Code, pointer: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, &self.file, self.key_span(pointer), message)
    }

    /// A warning about the value at this JSON pointer.
    #[must_use]
    pub fn warning(&self, code: Code, pointer: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(code, &self.file, self.span(pointer), message)
    }

    fn nearest(&self, pointer: &str) -> (&Places, bool) {
        let mut places = &self.places;
        for segment in pointer::segments(pointer) {
            match places.child(&segment) {
                Some(child) => places = child,
                None => return (places, false),
            }
        }
        (places, true)
    }
}

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(map) => map.values().map(values).sum(),
        _ => 0,
    }
}

/// The documents of a file, in order; of a file that cannot be read as YAML, none and why.
#[must_use]
pub fn parse(file: &str, text: &str) -> (Vec<Doc>, Vec<Diagnostic>) {
    if let Err(diagnostic) = limits::text_within(file, text) {
        return (Vec::new(), vec![diagnostic]);
    }
    match limits::with_stack(|| serde_yaml::from_multiple_with_options::<Node>(text, limits::options())) {
        Ok(nodes) => (nodes.into_iter().map(|node| doc(file, node)).collect(), Vec::new()),
        Err(error) => (Vec::new(), vec![limits::fault(file, &error)]),
    }
}

fn doc(file: &str, node: Node) -> Doc {
    let (value, places) = node.split();
    Doc { file: file.to_owned(), value, places }
}
