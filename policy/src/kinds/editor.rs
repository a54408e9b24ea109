//! JSON Schemas as editors want them: a parameter may stand wherever a document may have one.

use super::{Row, TABLE, governance};
use crate::document::schema::hole;
use serde_json::{Map, Value, json};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

impl Row {
    /// The schema of a whole document of this kind, for editors.
    #[must_use]
    pub fn schema_for_editors(&self) -> Value {
        let mut schema = self.schema().json().clone();
        if self.parameters
            && let Some(Value::Object(fields)) = schema.pointer_mut("/properties/spec/properties")
        {
            let own = fields.iter_mut().filter(|(name, _)| !governance::FIELDS.contains(&name.as_str()));
            own.for_each(|(_, field)| *field = or_parameter(field.take()));
        }
        titled(self.name, schema)
    }
}

/// One schema of all kinds: what a document of a catalog can be.
#[must_use]
pub fn schema_of_all() -> Value {
    let kinds: Vec<Value> = TABLE.iter().map(|row| without_dialect(row.schema_for_editors())).collect();
    titled("A document of a Writ catalog", json!({"type": "object", "anyOf": kinds}))
}

fn titled(title: &str, schema: Value) -> Value {
    let mut whole = Map::from_iter([("$schema".to_owned(), json!(DIALECT)), ("title".to_owned(), json!(title))]);
    if let Value::Object(schema) = schema {
        whole.extend(schema.into_iter().filter(|(word, _)| word != "$schema" && word != "title"));
    }
    Value::Object(whole)
}

fn without_dialect(mut schema: Value) -> Value {
    schema.as_object_mut().and_then(|map| map.remove("$schema"));
    schema
}

/// What `schema` says, or `{$param: name}` in its place; so too for all that is in it.
fn or_parameter(schema: Value) -> Value {
    let mut schema = schema;
    let map = schema.as_object_mut();
    let description = map.and_then(|map| {
        within(map);
        map.remove("description")
    });
    let parameter = json!({
        "type": "object", "properties": {(hole::KEY): {"type": "string"}}, "required": [hole::KEY],
        "additionalProperties": false, "description": "a parameter's value",
    });
    let mut either = Map::from_iter([("anyOf".to_owned(), json!([schema, parameter]))]);
    either.extend(description.map(|text| ("description".to_owned(), text)));
    Value::Object(either)
}

/// The values in a mapping or a list, and in each form of a union.
fn within(schema: &mut Map<String, Value>) {
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        fields.values_mut().for_each(|field| *field = or_parameter(field.take()));
    }
    for word in ["items", "additionalProperties"] {
        if let Some(value) = schema.get_mut(word).filter(|value| value.is_object()) {
            *value = or_parameter(value.take());
        }
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        let forms = schema.get_mut(word).and_then(Value::as_array_mut);
        forms.into_iter().flatten().filter_map(Value::as_object_mut).for_each(within);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(schema: &Value, text: &str) -> bool {
        let (docs, found) = crate::document::parse("a.yaml", text);
        assert!(found.is_empty(), "{found:?}");
        docs.iter().all(|doc| jsonschema::options().build(schema).unwrap().is_valid(&doc.value))
    }

    const QUOTA: &str = "apiVersion: writ.dev/v1alpha1
kind: ResourceGuard
metadata: {name: quota}
spec:
  rationale: One team must not starve the others.
  risk: medium
  mode: enforce
  scope: {clusters: {}}
  quota: {pods: {$param: pods}}
  containers: {$param: containers}
";

    #[test]
    fn a_parameter_stands_where_a_document_may_have_one_and_nowhere_else() {
        for schema in [super::super::row("ResourceGuard").unwrap().schema_for_editors(), schema_of_all()] {
            assert!(accepts(&schema, QUOTA));
            assert!(!accepts(&schema, &QUOTA.replace("medium", "{$param: risk}")));
            assert!(!accepts(&schema, &QUOTA.replace("risk: medium", "risk: enormous")));
            assert!(!accepts(&schema, &QUOTA.replace("{$param: pods}", "{$param: pods, and: more}")));
            assert!(!accepts(&schema, &QUOTA.replace("rationale", "rationle")));
        }
        let cluster = super::super::row("Cluster").unwrap().schema_for_editors();
        let text =
            "apiVersion: writ.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\nspec: {region: {$param: r}}\n";
        assert!(!accepts(&cluster, text) && accepts(&cluster, &text.replace("{$param: r}", "eu")));
    }

    #[test]
    fn every_kind_has_one_under_its_name() {
        for row in TABLE {
            let schema = row.schema_for_editors();
            assert_eq!((&schema["title"], &schema["$schema"]), (&json!(row.name), &json!(DIALECT)));
        }
        assert_eq!(schema_of_all()["anyOf"].as_array().unwrap().len(), TABLE.len());
    }
}
