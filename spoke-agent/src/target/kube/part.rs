//! Our part of an object: what `managedFields` says is ours, with the values that it has.
//!
//! Format of the sets: structured-merge-diff's FieldsV1 (KEP-555). `f:name` is a field, `k:{…}` a list item by its keys,
//! `v:…` an item of a set by its value, `i:…` an item by its place, `.` the thing itself.

use policy::canonical;
use policy::digest::Digest;
use serde_json::{Map, Value};

/// The digest of what `manager` applied of `object`: which fields, and their values. None where it applied nothing.
pub(super) fn digest(object: &Value, manager: &str) -> Option<Digest> {
    let fields = applied_fields(object, manager)?;
    canonical::digest(&part(object, fields)).ok()
}

/// Whether the object was made by `manager`'s apply: nobody else had a part in it when it came to be. Times count in
/// seconds, so somebody else's write in that same second makes it somebody else's. But nothing is made by writing to a
/// subresource: a controller may tell the status of what we made at once.
pub(super) fn was_made_by(object: &Value, manager: &str) -> bool {
    let made = object.pointer("/metadata/creationTimestamp").and_then(Value::as_str).unwrap_or_default();
    let first = |entry: &&Value| text(entry, "time") <= made && text(entry, "subresource").is_empty();
    let mut first = entries(object).filter(first).peekable();
    first.peek().is_some() && first.all(|entry| is_apply_of(entry, manager))
}

pub(super) fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn is_apply_of(entry: &Value, manager: &str) -> bool {
    text(entry, "manager") == manager && text(entry, "operation") == "Apply" && text(entry, "subresource").is_empty()
}

pub(super) fn applied_fields<'a>(object: &'a Value, manager: &str) -> Option<&'a Map<String, Value>> {
    entries(object).find(|entry| is_apply_of(entry, manager))?.get("fieldsV1")?.as_object()
}

/// The values of `fields` in `tree`, under the names that the set gives them; null where the tree lacks one.
fn part(tree: &Value, fields: &Map<String, Value>) -> Value {
    let values = fields.iter().filter(|(name, _)| *name != ".");
    Value::Object(values.map(|(name, inner)| (name.clone(), part_at(child(tree, name), inner))).collect())
}

fn part_at(value: Option<&Value>, inner: &Value) -> Value {
    match (value, inner.as_object().filter(|inner| !inner.is_empty())) {
        (Some(value), Some(inner)) => part(value, inner),
        (Some(value), None) => value.clone(),
        (None, _) => Value::Null,
    }
}

fn child<'a>(tree: &'a Value, name: &str) -> Option<&'a Value> {
    let (kind, name) = name.split_once(':')?;
    match kind {
        "f" => tree.get(name),
        "i" => tree.get(name.parse::<usize>().ok()?),
        "k" => {
            let keys: Map<String, Value> = serde_json::from_str(name).ok()?;
            tree.as_array()?.iter().find(|item| keys.iter().all(|(key, value)| item.get(key) == Some(value)))
        }
        "v" => {
            let value: Value = serde_json::from_str(name).ok()?;
            tree.as_array()?.iter().find(|item| **item == value)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(image: &str, replicas: u32) -> Value {
        json!({"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [
            {"manager": "writ", "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": {
                "f:metadata": {"f:labels": {"f:team": {}}, "f:finalizers": {".": {}, "v:\"a\"": {}}},
                "f:spec": {"f:template": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}, "f:name": {}}}},
                    "f:gone": {}}}},
            {"manager": "hpa", "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kcm", "operation": "Update", "subresource": "status", "time": "2026-01-03T00:00:00Z"}],
            "labels": {"team": "web", "foreign": "x"}, "finalizers": ["b", "a"]},
            "spec": {"replicas": replicas, "template": {"containers": [{"name": "sidecar", "image": "s"},
                {"name": "web", "image": image, "pull": "Always"}]}}})
    }

    #[test]
    fn holds_our_fields_with_their_values_and_nothing_of_others() {
        let object = deployment("v1", 3);
        let ours = part(&object, applied_fields(&object, "writ").unwrap());
        let web = json!({"f:image": "v1", "f:name": "web"});
        assert_eq!(
            ours,
            json!({"f:metadata": {"f:labels": {"f:team": "web"}, "f:finalizers": {"v:\"a\"": "a"}},
                "f:spec": {"f:template": {"f:containers": {"k:{\"name\":\"web\"}": web}}, "f:gone": null}})
        );
        assert_eq!(digest(&object, "writ"), digest(&deployment("v1", 9), "writ"));
        assert_ne!(digest(&object, "writ"), digest(&deployment("v2", 3), "writ"));
        assert_eq!(digest(&object, "someone"), None);
    }

    #[test]
    fn a_field_that_another_manager_took_changes_our_part() {
        let (before, mut after) = (deployment("v1", 3), deployment("v1", 3));
        let fields = after.pointer_mut("/metadata/managedFields/0/fieldsV1/f:metadata").unwrap();
        fields.as_object_mut().unwrap().remove("f:labels");
        assert_ne!(digest(&before, "writ"), digest(&after, "writ"));
    }

    #[test]
    fn what_somebody_else_made_first_is_not_made_by_us() {
        let mut object = deployment("v1", 3);
        assert!(was_made_by(&object, "writ") && !was_made_by(&object, "hpa"));
        object["metadata"]["managedFields"][1]["time"] = json!("2026-01-01T00:00:00Z");
        assert!(!was_made_by(&object, "writ"));
    }

    #[test]
    fn inv35_what_a_controller_tells_at_once_of_our_object_does_not_make_it_somebody_elses() {
        let mut object = deployment("v1", 3);
        object["metadata"]["managedFields"][2]["time"] = json!("2026-01-01T00:00:00Z");
        assert!(was_made_by(&object, "writ"));
        object["metadata"]["managedFields"][0]["time"] = json!("2026-01-01T00:00:01Z");
        assert!(!was_made_by(&object, "writ"), "a status alone tells of nobody who made it");
    }
}
