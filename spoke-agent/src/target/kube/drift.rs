//! Who changed our part of an object, and which fields of it, as `managedFields` tells: a field whose value somebody
//! else changes passes to them (KEP-555), so what we applied and no longer have is what they changed.

use super::part::{applied_fields, entries, is_apply_of, text};
use policy::seen::{Drifted, Writer};
use serde_json::{Map, Value};

/// A set of fields, as `managedFields` writes it.
type Set = Map<String, Value>;

/// One step down into an object.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Field(&'a str),
    Item(usize, &'a Value),
}

/// What became of our part: `good` is what `manager` applied last.
pub(super) fn of(good: &Value, object: &Value, manager: &str) -> Drifted {
    let mut lost = Vec::new();
    let none = Set::new();
    let ours = applied_fields(object, manager).unwrap_or(&none);
    lost_below(good, ours, &mut Vec::new(), &mut lost);
    let mut fields: Vec<String> = lost.iter().map(|path| shown(path)).collect();
    fields.sort();
    Drifted { fields, by: who(object, manager, &lost) }
}

/// The fields of `good` that are not in `ours`.
fn lost_below<'a>(good: &'a Value, ours: &Set, path: &mut Vec<Part<'a>>, lost: &mut Vec<Vec<Part<'a>>>) {
    for (part, value) in parts(good) {
        if is_nobodys(path, part) || value.is_null() {
            continue;
        }
        path.push(part);
        match child(ours, part) {
            None => lost.push(path.clone()),
            // A set without fields below it stands for all of the value.
            Some(inner) if inner.is_empty() => {}
            Some(inner) => lost_below(value, inner, path, lost),
        }
        path.pop();
    }
}

fn parts(value: &Value) -> Vec<(Part<'_>, &Value)> {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (Part::Field(key), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (Part::Item(at, item), item)).collect(),
        _ => Vec::new(),
    }
}

/// What names an object belongs to no manager.
fn is_nobodys(path: &[Part<'_>], part: Part<'_>) -> bool {
    match (path, part) {
        ([], Part::Field(name)) => matches!(name, "apiVersion" | "kind"),
        ([Part::Field("metadata")], Part::Field(name)) => matches!(name, "name" | "namespace"),
        _ => false,
    }
}

/// The set below one part of what `set` stands for.
fn child<'s>(set: &'s Set, part: Part<'_>) -> Option<&'s Set> {
    let found = match part {
        Part::Field(name) => set.get(&format!("f:{name}")),
        Part::Item(at, item) => set.iter().find(|(name, _)| names_item(name, at, item)).map(|(_, inner)| inner),
    };
    found?.as_object()
}

fn names_item(name: &str, at: usize, item: &Value) -> bool {
    match name.split_once(':') {
        Some(("i", place)) => place.parse() == Ok(at),
        Some(("v", value)) => serde_json::from_str::<Value>(value).is_ok_and(|value| value == *item),
        Some(("k", keys)) => serde_json::from_str::<Set>(keys)
            .is_ok_and(|keys| keys.iter().all(|(key, value)| item.get(key).is_none_or(|item| item == value))),
        _ => false,
    }
}

/// Who has one of the `lost` fields now. A server does not note who removed one: then nobody is named, for anybody else
/// who wrote since may have had nothing to do with it.
fn who(object: &Value, manager: &str, lost: &[Vec<Part<'_>>]) -> Option<Writer> {
    let others = entries(object).filter(|entry| !is_apply_of(entry, manager) && text(entry, "subresource") != "status");
    let took = |entry: &&Value| {
        let fields = entry.get("fieldsV1").and_then(Value::as_object);
        fields.is_some_and(|fields| lost.iter().any(|path| holds(fields, path)))
    };
    others.filter(took).max_by_key(|entry| text(entry, "time").to_owned()).map(writer)
}

/// Whether a set has the field at `path`, or all of something above it.
fn holds(set: &Set, path: &[Part<'_>]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    child(set, *first).is_some_and(|inner| inner.is_empty() || holds(inner, rest))
}

fn writer(entry: &Value) -> Writer {
    let operation = match text(entry, "subresource") {
        "" => text(entry, "operation").to_owned(),
        subresource => format!("{} of {subresource}", text(entry, "operation")),
    };
    Writer { manager: text(entry, "manager").to_owned(), operation, at: text(entry, "time").to_owned() }
}

/// A field path: `spec.template.spec.containers[web].image`, `metadata.labels[writ.dev/owned]`, `spec.args[#0]`.
fn shown(path: &[Part<'_>]) -> String {
    let mut text = String::new();
    for part in path {
        text.push_str(&match part {
            Part::Field(name) if !is_plain(name) => format!("[{name}]"),
            Part::Field(name) if text.is_empty() => (*name).to_owned(),
            Part::Field(name) => format!(".{name}"),
            Part::Item(at, item) => match item.get("name").and_then(Value::as_str) {
                Some(name) => format!("[{name}]"),
                None => format!("[#{at}]"),
            },
        });
    }
    text
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"writ.dev/owned": "true"}},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "web", "image": "v1", "args": ["a"]}]}}}})
    }

    fn container(fields: &Value) -> Value {
        json!({"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": fields}}}})
    }

    /// What stands after our apply at noon, less the fields that `others` took.
    fn object(ours: &Value, others: &[(&str, &str, &str, Value)]) -> Value {
        let mut entries = vec![json!({"manager": "writ", "operation": "Apply", "time": "2026-01-01T12:00:00Z",
            "fieldsV1": {"f:metadata": {"f:labels": {"f:writ.dev/owned": {}}}, "f:spec": ours}})];
        for (manager, subresource, time, fields) in others {
            entries.push(json!({"manager": manager, "operation": "Update", "subresource": subresource, "time": time,
                "fieldsV1": {"f:spec": fields}}));
        }
        json!({"metadata": {"managedFields": entries}})
    }

    fn told(object: &Value) -> (Vec<String>, Option<String>) {
        let Drifted { fields, by } = of(&good(), object, "writ");
        (fields, by.map(|by| by.to_string()))
    }

    #[test]
    fn who_holds_a_field_that_was_ours_took_it() {
        let (image, rest) = (json!({"f:image": {}}), json!({".": {}, "f:args": {}, "f:name": {}}));
        let mut ours = container(&rest);
        ours["f:replicas"] = json!({});
        let later = "2026-01-01T14:00:00Z";
        let seen = object(
            &ours,
            &[
                ("kubectl-edit", "", "2026-01-01T13:00:00Z", container(&image)),
                ("kcm", "", later, json!({"f:paused": {}})),
                ("kubelet", "status", later, container(&image)),
            ],
        );
        let image = "spec.template.spec.containers[web].image".to_owned();
        assert_eq!(told(&seen), (vec![image], Some("kubectl-edit (Update)".to_owned())));
    }

    #[test]
    fn a_subresource_is_named() {
        let ours = container(&json!({".": {}, "f:image": {}, "f:args": {}, "f:name": {}}));
        let seen = object(&ours, &[("kubectl", "scale", "2026-01-01T13:00:00Z", json!({"f:replicas": {}}))]);
        assert_eq!(told(&seen), (vec!["spec.replicas".to_owned()], Some("kubectl (Update of scale)".to_owned())));
    }

    #[test]
    fn who_removed_a_field_is_not_guessed() {
        let paused = json!({"f:paused": {}});
        let seen = object(&json!({"f:replicas": {}}), &[("kubectl-edit", "", "2026-01-01T13:00:00Z", paused)]);
        assert_eq!(told(&seen), (vec!["spec.template".to_owned()], None));
    }

    #[test]
    fn paths_read_as_in_the_catalog() {
        let ours = json!({"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {}}}});
        let mut seen = object(&ours, &[]);
        seen["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"] = json!({"f:labels": {"f:x": {}}});
        assert_eq!(told(&seen), (vec!["metadata.labels[writ.dev/owned]".to_owned()], None));
    }
}
