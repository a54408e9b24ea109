//! Objects of which Writ owns only some fields: a partial tree that is laid over what others own.
//! A list is one field.

use serde_json::{Map, Value};

/// What names an object is nobody's field.
const NAMING: [&str; 2] = ["name", "namespace"];

/// Whether every field of `fields` has its value in `tree`.
#[must_use]
pub fn stand_in(tree: &Value, fields: &Value) -> bool {
    match (tree, fields) {
        (Value::Object(tree), Value::Object(fields)) => {
            fields.iter().all(|(key, field)| tree.get(key).is_some_and(|value| stand_in(value, field)))
        }
        _ => tree == fields,
    }
}

/// `tree` with every field of `fields` laid over it.
#[must_use]
pub fn laid_over(tree: &Value, fields: &Value) -> Value {
    let (Value::Object(below), Value::Object(above)) = (tree, fields) else { return fields.clone() };
    let mut merged = below.clone();
    for (key, field) in above {
        let value = below.get(key).map_or_else(|| field.clone(), |value| laid_over(value, field));
        merged.insert(key.clone(), value);
    }
    Value::Object(merged)
}

/// `tree` without the fields of `fields`, and without the maps that are empty then. Names and kinds stay.
#[must_use]
pub fn taken_from(tree: &Value, fields: &Value) -> Value {
    let mut left = tree.clone();
    let (Some(object), Some(fields)) = (left.as_object_mut(), fields.as_object()) else { return left };
    for (key, field) in fields {
        match (key.as_str(), field.as_object()) {
            ("apiVersion" | "kind", _) => {}
            ("metadata", Some(metadata)) => {
                let mine = metadata.iter().filter(|(key, _)| !NAMING.contains(&key.as_str()));
                take(object, key, &mine.map(|(key, field)| (key.clone(), field.clone())).collect());
            }
            (_, Some(inner)) => take(object, key, inner),
            (_, None) => drop(object.remove(key)),
        }
    }
    left
}

fn take(object: &mut Map<String, Value>, key: &str, fields: &Map<String, Value>) {
    let Some(inner) = object.get_mut(key).and_then(Value::as_object_mut) else { return };
    for (key, field) in fields {
        match field.as_object() {
            Some(deeper) => take(inner, key, deeper),
            None => drop(inner.remove(key)),
        }
    }
    if inner.is_empty() {
        object.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_laid_over_stands_and_can_be_taken_away_again() {
        let tree = json!({"kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "web"}}});
        let fields =
            json!({"kind": "Namespace", "metadata": {"name": "shop", "labels": {"tier": "core"}}, "spec": {"a": [1]}});
        assert!(!stand_in(&tree, &fields));
        let merged = laid_over(&tree, &fields);
        assert!(stand_in(&merged, &fields) && stand_in(&merged, &tree));
        assert_eq!(taken_from(&merged, &fields), tree);
    }
}
