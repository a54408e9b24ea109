//! Fields as the API server names them in a conflict: `.spec.template.spec.containers[name="web"].image`.

use serde_json::Value;

/// Whether `tree` has something at `path`. Names of fields may hold dots, so every reading of the path is tried.
pub(super) fn is_in(tree: &Value, path: &str) -> bool {
    if path.is_empty() {
        return true;
    }
    match (tree, path.strip_prefix('.'), path.strip_prefix('[')) {
        (Value::Object(map), Some(rest), _) => map.iter().any(|(key, value)| {
            rest.strip_prefix(key.as_str())
                .filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                .is_some_and(|rest| is_in(value, rest))
        }),
        (Value::Array(items), _, Some(rest)) => {
            rest.split_once(']').is_some_and(|(item, rest)| items.iter().any(|it| is_item(it, item) && is_in(it, rest)))
        }
        _ => false,
    }
}

/// `name="web",port=80`, or `="value"`; a place among others is taken for any.
fn is_item(value: &Value, item: &str) -> bool {
    if item.parse::<usize>().is_ok() {
        return true;
    }
    item.split(',').all(|pair| match pair.split_once('=') {
        Some(("", text)) => says(value, text),
        Some((key, text)) => value.get(key).is_some_and(|value| says(value, text)),
        None => false,
    })
}

fn says(value: &Value, text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|said| said == *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_fields_by_any_reading_of_their_path() {
        let tree = json!({"metadata": {"labels": {"app.kubernetes.io/name": "x"}}, "spec": {"containers": [
            {"name": "web", "image": "v1", "ports": [{"port": 80, "protocol": "TCP"}]}], "args": ["a"]}});
        for there in [
            ".metadata.labels.app.kubernetes.io/name",
            ".spec.containers[name=\"web\"].image",
            ".spec.containers[name=\"web\"].ports[port=80,protocol=\"TCP\"].port",
            ".spec.args[=\"a\"]",
            ".spec.args",
        ] {
            assert!(is_in(&tree, there), "{there}");
        }
        for absent in [".metadata.labels.app", ".spec.containers[name=\"db\"].image", ".spec.replicas", "spec"] {
            assert!(!is_in(&tree, absent), "{absent}");
        }
    }
}
