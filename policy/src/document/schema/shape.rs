//! JSON Schemas as we want them: closed, inlined, without null, enums of texts as `enum`.

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// The schema of `T`.
#[must_use]
pub fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    tidy(&mut schema);
    schema.to_value()
}

/// The schema of a document of `kind` whose spec is `spec`.
#[must_use]
pub fn document(kind: &str, spec: Value) -> Value {
    let (metadata, spec) = (part(of::<super::super::envelope::Metadata>()), part(spec));
    json!({
        "type": "object",
        "properties": {
            "apiVersion": {"const": super::super::envelope::API_VERSION},
            "kind": {"const": kind},
            "metadata": metadata,
            "spec": spec,
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
    })
}

/// A schema as a part of another: only the whole names its dialect and itself.
fn part(mut schema: Value) -> Value {
    if let Some(map) = schema.as_object_mut() {
        map.remove("$schema");
        map.remove("title");
    }
    schema
}

/// One object schema of the fields of both.
#[must_use]
pub fn merge(mut one: Value, other: &Value) -> Value {
    for word in ["properties", "required"] {
        let Some(more) = other.get(word) else { continue };
        match (one.get_mut(word), more) {
            (Some(Value::Object(mine)), Value::Object(more)) => mine.extend(more.clone()),
            (Some(Value::Array(mine)), Value::Array(more)) => mine.extend(more.iter().cloned()),
            (_, more) => {
                one.as_object_mut().and_then(|map| map.insert(word.to_owned(), more.clone()));
            }
        }
    }
    one
}

fn tidy(schema: &mut Schema) {
    transform_subschemas(&mut tidy, schema);
    if let Some(map) = schema.as_object_mut() {
        drop_null(map);
        texts_as_enum(map);
        close(map);
    }
}

/// A mapping with named fields takes no others.
fn close(map: &mut Map<String, Value>) {
    if map.contains_key("properties") {
        map.remove("unevaluatedProperties");
        if map.get("additionalProperties").is_none_or(Value::is_boolean) {
            map.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
    }
}

/// `null` is what YAML reads where a value was forgotten; a field that is not wanted is left out.
fn drop_null(map: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    let is_null = |schema: &Value| schema.get("type").is_some_and(|name| name == "null");
    if let Some(Value::Array(branches)) = map.get_mut("anyOf") {
        branches.retain(|branch| !is_null(branch));
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            map.remove("anyOf");
            for (key, value) in only {
                map.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(options)) = map.get_mut("enum") {
        options.retain(|option| !option.is_null());
    }
    map.remove("default");
}

/// schemars writes an enum with documented variants as `oneOf` constants.
fn texts_as_enum(map: &mut Map<String, Value>) {
    let texts = |branch: &Value| match (branch.get("const"), branch.get("enum")) {
        (Some(text @ Value::String(_)), _) => Some(vec![text.clone()]),
        (_, Some(Value::Array(texts))) if texts.iter().all(Value::is_string) => Some(texts.clone()),
        _ => None,
    };
    let Some(Value::Array(branches)) = map.get("oneOf") else { return };
    let Some(all) = branches.iter().map(texts).collect::<Option<Vec<_>>>() else { return };
    map.remove("oneOf");
    map.insert("type".to_owned(), json!("string"));
    map.insert("enum".to_owned(), Value::Array(all.concat()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;
    use crate::selector::ClusterSelector;

    #[test]
    fn enums_list_their_words() {
        assert_eq!(of::<Mode>().get("enum"), Some(&json!(["audit", "warn", "enforce"])));
    }

    #[test]
    fn selectors_are_closed_and_hold_no_null() {
        let schema = of::<ClusterSelector>();
        assert_eq!(schema.get("additionalProperties"), Some(&Value::Bool(false)));
        assert!(schema.pointer("/properties/matchLabels").is_some());
        assert_eq!(schema.pointer("/properties/regions/type"), Some(&json!("array")));
        assert!(!schema.to_string().contains("null"));
    }
}
