//! What a server-side apply does to an object: our fields as wanted, fields that were ours and are no longer wanted
//! gone, everything else untouched. Lists are taken as a whole, but for finalizers, which are a set. Pure.

use serde_json::{Map, Value};

/// `live` after `wanted` is applied over what was applied `last`.
pub(super) fn apply(live: &Value, last: Option<&Value>, wanted: &Value) -> Value {
    let mut merged = live.clone();
    if let Some(last) = last {
        withdraw(&mut merged, last, wanted);
    }
    overlay(&mut merged, wanted, "");
    merged
}

/// `live` after the fields applied `last` are given up.
pub(super) fn release(live: &Value, last: &Value) -> Value {
    let identity = serde_json::json!({"apiVersion": null, "kind": null, "metadata": {"name": null, "namespace": null}});
    let mut left = live.clone();
    withdraw(&mut left, last, &identity);
    left
}

/// Removes from `live` what `last` says and `wanted` does not, where nobody else has changed it since.
fn withdraw(live: &mut Value, last: &Value, wanted: &Value) {
    let (Value::Object(live), Value::Object(last)) = (live, last) else { return };
    for (key, was) in last {
        let want = wanted.get(key);
        match (live.get_mut(key), want) {
            (Some(Value::Object(inner)), _) if was.is_object() => {
                let mut value = Value::Object(std::mem::take(inner));
                withdraw(&mut value, was, want.unwrap_or(&Value::Null));
                put_back(live, key, value, want.is_some());
            }
            (Some(value), None) if value == was => drop(live.remove(key)),
            _ => {}
        }
    }
}

fn put_back(live: &mut Map<String, Value>, key: &str, value: Value, wanted: bool) {
    let emptied = value.as_object().is_some_and(Map::is_empty);
    if emptied && !wanted {
        live.remove(key);
    } else {
        live.insert(key.to_owned(), value);
    }
}

fn overlay(live: &mut Value, wanted: &Value, key: &str) {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            for (key, value) in wanted {
                overlay(live.entry(key.clone()).or_insert(Value::Null), value, key);
            }
        }
        (Value::Array(live), Value::Array(wanted)) if key == "finalizers" => {
            let missing: Vec<Value> = wanted.iter().filter(|value| !live.contains(value)).cloned().collect();
            live.extend(missing);
        }
        (live, wanted) => *live = wanted.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn inv29_foreign_fields_labels_and_finalizers_are_kept() {
        let live = json!({"metadata": {"name": "a", "labels": {"theirs": "1", "ours": "0", "old": "x"},
            "finalizers": ["their/finalizer"]}, "data": {"k": "v", "gone": "y", "changed": "by them"}});
        let last = json!({"metadata": {"name": "a", "labels": {"ours": "0", "old": "x"}},
            "data": {"gone": "y", "changed": "by us"}});
        let wanted = json!({"metadata": {"name": "a", "labels": {"ours": "1"}, "finalizers": ["our/finalizer"]},
            "data": {"k": "w"}});
        assert_eq!(
            apply(&live, Some(&last), &wanted),
            json!({"metadata": {"name": "a", "labels": {"theirs": "1", "ours": "1"},
                "finalizers": ["their/finalizer", "our/finalizer"]}, "data": {"k": "w", "changed": "by them"}})
        );
    }

    #[test]
    fn applying_twice_changes_nothing() {
        let wanted = json!({"data": {"k": "w"}, "list": [1, 2]});
        let once = apply(&json!({"data": {"x": "y"}}), None, &wanted);
        assert_eq!(apply(&once, Some(&wanted), &wanted), once);
    }

    #[test]
    fn releasing_leaves_what_is_not_ours() {
        let live = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "shop", "labels": {"team": "a", "level": "restricted"}}});
        let last = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "shop", "labels": {"level": "restricted"}}});
        let left = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "shop", "labels": {"team": "a"}}});
        assert_eq!(release(&live, &last), left);
    }
}
