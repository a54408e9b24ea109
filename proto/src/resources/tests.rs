use super::*;
use serde_json::Value;

/// Every schema in a tree of them.
fn schemas<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(schema);
    let inner = ["properties"].iter().filter_map(|field| schema.get(field)?.as_object()).flat_map(|map| map.values());
    let one = ["items", "additionalProperties"].iter().filter_map(|field| schema.get(field));
    for schema in inner.chain(one).filter(|schema| schema.is_object()) {
        schemas(schema, found);
    }
}

#[test]
fn schemas_are_structural_and_told_in_full() {
    for definition in definitions() {
        let tree = serde_json::to_value(&definition).unwrap();
        let schema = tree.pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap();
        let mut found = Vec::new();
        schemas(schema, &mut found);
        assert!(found.len() > 5, "{}", found.len());
        for schema in found {
            let free = schema.get("x-kubernetes-preserve-unknown-fields").is_some();
            assert!(free || schema.get("type").is_some(), "{schema}");
        }
    }
}

#[test]
fn definitions_read_as_they_are_meant() {
    let all: Vec<_> = definitions().iter().map(|definition| serde_yaml::to_string(definition).unwrap()).collect();
    insta::assert_snapshot!("definitions", all.join("---\n"));
}
