//! Writ's own marks on what it owns as a whole: for people and tools to see; only the inventory decides.

use crate::name::RuleName;
use serde_json::{Map, Value};

/// The label of every object that Writ owns as a whole.
pub const LABEL: &str = "writ.dev/owned";
/// The annotation that names the rule.
pub const ANNOTATION: &str = "writ.dev/rule";
/// The annotation of a binding whose role nobody else may hold where it stands: any other binding of that role there is
/// foreign, whoever wrote it.
pub const EXCLUSIVE: &str = "writ.dev/exclusive";
/// The annotation of an object whose rule asks for something that nothing of Writ enforces: what.
pub const UNENFORCED: &str = "writ.dev/unenforced";

/// Puts the marks on an object.
pub fn put(tree: &mut Value, rule: &RuleName) {
    let Some(metadata) = map_in(tree, "metadata") else { return };
    for (field, mark, value) in [("labels", LABEL, "true".to_owned()), ("annotations", ANNOTATION, rule.to_string())] {
        let marks = metadata.entry(field).or_insert_with(|| Value::Object(Map::new()));
        if let Some(marks) = marks.as_object_mut() {
            marks.insert(mark.to_owned(), Value::String(value));
        }
    }
}

/// Takes the marks off, and the maps that are empty without them.
pub fn take(metadata: &mut Map<String, Value>) {
    for (field, mark) in [("labels", LABEL), ("annotations", ANNOTATION)] {
        if let Some(marks) = metadata.get_mut(field).and_then(Value::as_object_mut) {
            marks.remove(mark);
        }
        if metadata.get(field).and_then(Value::as_object).is_some_and(Map::is_empty) {
            metadata.remove(field);
        }
    }
}

/// The map at `field`, made where there is none.
pub(crate) fn map_in<'a>(tree: &'a mut Value, field: &str) -> Option<&'a mut Map<String, Value>> {
    tree.as_object_mut()?.entry(field).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}
