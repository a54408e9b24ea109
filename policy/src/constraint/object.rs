//! An object as Cedar sees it.

use super::shape::{ANY, Kind, Shape};
use crate::authority::entity::Fault;
use crate::object::Object;
use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::str::FromStr;

/// The entity of an object.
pub(super) fn entity(object: &Object) -> Result<Entity, Fault> {
    let (id, api, tree) = (object.id(), object.api(), object.tree());
    let row = Kind::of(&api.group, &api.version, &id.kind);
    let kind = EntityTypeName::from_str(row.as_ref().map_or(ANY, |(_, name)| name))?;
    let uid = EntityUid::from_type_name_and_id(kind, EntityId::new(id.to_string()));
    let mut attributes = HashMap::from([
        ("apiVersion".to_owned(), text(&api.to_string())),
        ("kind".to_owned(), text(&id.kind)),
        ("metadata".to_owned(), metadata(object)?),
    ]);
    if let Some((row, _)) = row {
        attributes.extend(fields(row.fields, tree)?);
        if !row.derived.is_empty() {
            let derived = row.derived.iter().map(|(name, place)| ((*name).to_owned(), gathered(tree, place)));
            attributes.insert("derived".to_owned(), RestrictedExpression::new_record(derived)?);
        }
    }
    Ok(Entity::new(uid, attributes, HashSet::new())?)
}

fn metadata(object: &Object) -> Result<RestrictedExpression, Fault> {
    let (id, tree) = (object.id(), object.tree());
    let of = |field: &str| tree.get("metadata").and_then(|metadata| metadata.get(field)).unwrap_or(&Value::Null);
    let namespace = id.namespace.as_ref().map(|namespace| ("namespace".to_owned(), text(namespace.as_str())));
    let own = [
        ("name".to_owned(), text(&id.name)),
        ("labels".to_owned(), pairs(of("labels"))?),
        ("annotations".to_owned(), pairs(of("annotations"))?),
    ];
    Ok(RestrictedExpression::new_record(own.into_iter().chain(namespace))?)
}

fn fields(known: &[(&str, Shape)], tree: &Value) -> Result<Vec<(String, RestrictedExpression)>, Fault> {
    let field = |(name, shape): &(&str, Shape)| {
        let value = tree.get(name).filter(|value| !value.is_null())?;
        Some(expression(*shape, value).map(|value| ((*name).to_owned(), value)))
    };
    known.iter().filter_map(field).collect()
}

fn expression(shape: Shape, value: &Value) -> Result<RestrictedExpression, Fault> {
    match shape {
        Shape::Text => Ok(text(&word(value).ok_or("a text is expected")?)),
        Shape::Number => Ok(RestrictedExpression::new_long(value.as_i64().ok_or("a whole number is expected")?)),
        Shape::Pairs => pairs(value),
        Shape::Each(item) => {
            let items = value.as_array().ok_or("a list is expected")?.iter().map(|value| expression(*item, value));
            Ok(RestrictedExpression::new_set(items.collect::<Result<Vec<_>, _>>()?))
        }
        Shape::Fields(known) => Ok(RestrictedExpression::new_record(fields(known, value)?)?),
    }
}

fn pairs(value: &Value) -> Result<RestrictedExpression, Fault> {
    let pair = |(key, value): (&String, &Value)| {
        let value = word(value).ok_or("a text is expected")?;
        Ok(RestrictedExpression::new_record([("key".to_owned(), text(key)), ("value".to_owned(), text(&value))])?)
    };
    let pairs = value.as_object().into_iter().flatten().map(pair).collect::<Result<Vec<_>, Fault>>()?;
    Ok(RestrictedExpression::new_set(pairs))
}

/// A text, or what stands where a text may stand too.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The texts at `place`: `*` is every item, and a last `~` every key.
fn gathered(tree: &Value, place: &str) -> RestrictedExpression {
    let mut found = BTreeSet::new();
    gather(tree, place.trim_start_matches('/'), &mut found);
    RestrictedExpression::new_set(found.iter().map(|word| text(word)))
}

fn gather(value: &Value, place: &str, found: &mut BTreeSet<String>) {
    let (segment, rest) = place.split_once('/').unwrap_or((place, ""));
    match (segment, value) {
        ("", value) => found.extend(word(value)),
        ("*", Value::Array(items)) => items.iter().for_each(|item| gather(item, rest, found)),
        ("~", Value::Object(map)) => found.extend(map.keys().cloned()),
        (field, Value::Object(map)) => map.get(field).into_iter().for_each(|value| gather(value, rest, found)),
        _ => {}
    }
}

fn text(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}
