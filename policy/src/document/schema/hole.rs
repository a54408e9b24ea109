//! Holes: where `{$param: name}` stands for a value that is not known yet.

use crate::document::pointer::join;
use serde_json::Value;

/// The key that makes a mapping a hole.
pub const KEY: &str = "$param";

/// One hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// JSON pointer of the hole, from the document's root.
    pub pointer: String,
    /// The parameter's name; none when the hole is malformed.
    pub name: Option<String>,
}

/// The parameter that `value` stands for, when it is a well-formed hole.
#[must_use]
pub fn name_of(value: &Value) -> Option<&str> {
    let map = value.as_object()?;
    if map.len() == 1 { map.get(KEY)?.as_str().filter(|name| !name.is_empty()) } else { None }
}

/// All holes in `value`, which stands at `at`; in document order of pointers.
#[must_use]
pub fn find(value: &Value, at: &str) -> Vec<Hole> {
    let mut holes = Vec::new();
    collect(value, at.to_owned(), &mut holes);
    holes
}

fn collect(value: &Value, at: String, holes: &mut Vec<Hole>) {
    match value {
        Value::Object(map) if map.contains_key(KEY) => {
            holes.push(Hole { name: name_of(value).map(str::to_owned), pointer: at });
        }
        Value::Object(map) if holds_hole(value) => {
            map.iter().for_each(|(key, value)| collect(value, join(&at, key), holes));
        }
        Value::Array(items) if holds_hole(value) => {
            items.iter().enumerate().for_each(|(index, value)| collect(value, join(&at, &index.to_string()), holes));
        }
        _ => (),
    }
}

/// Asked first, so that paths are only built towards holes: long keys times many values would be much text.
fn holds_hole(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.contains_key(KEY) || map.values().any(holds_hole),
        Value::Array(items) => items.iter().any(holds_hole),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_holes_and_tells_malformed_ones() {
        let value = json!({"a": {"$param": "x"}, "b": [1, {"$param": "y", "z": 1}], "c": {"$param": 3}});
        let found: Vec<_> = find(&value, "/spec").into_iter().map(|hole| (hole.pointer, hole.name)).collect();
        let wanted = [("/spec/a", Some("x")), ("/spec/b/1", None), ("/spec/c", None)];
        assert_eq!(found, wanted.map(|(pointer, name)| (pointer.to_owned(), name.map(str::to_owned))));
    }
}
