//! Typed structs from checked documents; what a schema cannot say is found here, in its place.

use super::Doc;
use super::pointer::join;
use crate::diagnostic::{Code, Diagnostic};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// Decodes `value`, which stands (or stood, before parameters were filled in) at `at` of `doc`.
///
/// # Errors
/// One diagnostic: serde stops at the first fault, which is why the schema is asked first.
pub fn decode<T: DeserializeOwned>(doc: &Doc, at: &str, value: &Value) -> Result<T, Diagnostic> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let place = pointer_of(at, error.path());
        doc.error(Code::InvalidValue, &place, error.into_inner().to_string())
    })
}

fn pointer_of(at: &str, path: &Path) -> String {
    path.iter().fold(at.to_owned(), |pointer, segment| match segment {
        Segment::Seq { index } => join(&pointer, &index.to_string()),
        Segment::Map { key } => join(&pointer, key),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}
