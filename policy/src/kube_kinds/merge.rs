//! How a server merges what several appliers say of one object: field by field, and list items by their keys where their
//! type says so (server-side apply, `x-kubernetes-list-type` and `x-kubernetes-map-type` of Kubernetes' OpenAPI).

use super::{Reach, row};
use crate::document::pointer::join;
use crate::object::ApiVersion;
use serde_json::Value;
use std::borrow::Cow;

/// Lists of items that are told apart by keys. Lists of another meaning have items without the first of them.
const KEYED: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("volumes", &["name"]),
    ("env", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("resourceClaims", &["name"]),
    ("claims", &["name"]),
    ("schedulingGates", &["name"]),
    ("secrets", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("ports", &["containerPort", "protocol"]),
    ("ports", &["port", "protocol"]),
    ("ownerReferences", &["uid"]),
    ("conditions", &["type"]),
];

/// Lists of which every applier has its own items.
const SETS: &[&str] = &["finalizers", "podCIDRs"];

/// Maps that are one field.
const ATOMIC: &[&str] = &[
    "selector",
    "podSelector",
    "namespaceSelector",
    "labelSelector",
    "nodeSelector",
    "scopeSelector",
    "roleRef",
    "secretKeyRef",
    "configMapKeyRef",
    "fieldRef",
    "resourceFieldRef",
    "scaleTargetRef",
];

/// Where a key may be left out, its value.
const DEFAULTS: &[(&str, &str)] = &[("protocol", "TCP")];

/// What names an object is nobody's field.
const NAMING: &[&str] = &["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"];

/// A field of which two appliers say different things.
#[derive(Debug, Clone, PartialEq)]
pub struct Clash<'v> {
    /// JSON pointer to it in the one tree.
    pub at: String,
    /// JSON pointer to it in the other.
    pub other_at: String,
    /// What the one says.
    pub says: &'v Value,
    /// What the other says.
    pub other_says: &'v Value,
}

/// The first field of which two trees of one object say different things. Of kinds that the table does not know, a list is
/// one field: their types are not known here.
#[must_use]
pub fn clash<'v>(one: &'v Value, other: &'v Value) -> Option<Clash<'v>> {
    let text = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
    let group = ApiVersion::from(text("apiVersion").to_owned()).group;
    let known = row(&group, text("kind")).reach != Reach::Unknown;
    within(Side { value: one, at: String::new() }, Side { value: other, at: String::new() }, "", known)
}

/// A value and where it stands.
struct Side<'v> {
    value: &'v Value,
    at: String,
}

impl<'v> Side<'v> {
    fn child(&self, segment: &str) -> Option<Self> {
        let value = match self.value {
            Value::Object(map) => map.get(segment)?,
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
            _ => return None,
        };
        Some(Self { value, at: join(&self.at, segment) })
    }
}

fn within<'v>(one: Side<'v>, other: Side<'v>, field: &str, known: bool) -> Option<Clash<'v>> {
    if one.value == other.value || NAMING.contains(&one.at.as_str()) {
        return None;
    }
    match (one.value, other.value) {
        (Value::Object(map), Value::Object(_)) if !(known && ATOMIC.contains(&field)) => {
            map.keys().find_map(|key| within(one.child(key)?, other.child(key)?, key, known))
        }
        (Value::Array(_), Value::Array(_)) if known && SETS.contains(&field) => None,
        (Value::Array(ones), Value::Array(others)) if known && keys_of(field, ones, others).is_some() => {
            let keys = keys_of(field, ones, others)?;
            let same = |mine: &Value, theirs: &Value| keys.iter().all(|key| key_in(mine, key) == key_in(theirs, key));
            ones.iter().enumerate().find_map(|(index, mine)| {
                let facing = others.iter().position(|theirs| same(mine, theirs))?;
                within(one.child(&index.to_string())?, other.child(&facing.to_string())?, "", known)
            })
        }
        _ => {
            let (Side { value: says, at }, Side { value: other_says, at: other_at }) = (one, other);
            Some(Clash { at, other_at, says, other_says })
        }
    }
}

/// The keys by which the items of two lists are told apart; none: such a list is one field.
fn keys_of(field: &str, ones: &[Value], others: &[Value]) -> Option<&'static [&'static str]> {
    let has =
        |keys: &[&str]| ones.iter().chain(others).all(|item| keys.first().is_some_and(|key| item.get(key).is_some()));
    KEYED.iter().find(|(name, keys)| *name == field && has(keys)).map(|(_, keys)| *keys)
}

fn key_in<'v>(item: &'v Value, key: &str) -> Option<Cow<'v, str>> {
    match item.get(key) {
        None => DEFAULTS.iter().find(|(name, _)| *name == key).map(|(_, value)| Cow::Borrowed(*value)),
        Some(Value::String(text)) => Some(Cow::Borrowed(text)),
        Some(value) => Some(Cow::Owned(value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where two trees of a kind clash, in the one and in the other.
    fn clashes(kind: &str, one: &str, other: &str) -> Option<(String, String)> {
        let tree = |fields: &str| -> Value {
            serde_yaml::from_str(&format!("{{{kind}, metadata: {{name: a}}, {fields}}}")).unwrap()
        };
        let (one, other) = (tree(one), tree(other));
        let found = clash(&one, &other);
        assert_eq!(found.is_some(), clash(&other, &one).is_some());
        found.map(|clash| (clash.at, clash.other_at))
    }

    #[test]
    fn fields_clash_one_by_one_and_items_by_their_keys() {
        let (pods, service, unknown) = (
            "apiVersion: apps/v1, kind: Deployment",
            "apiVersion: v1, kind: Service",
            "apiVersion: x.io/v1, kind: Thing",
        );
        for (kind, one, other, at) in [
            (service, "a: {x: 1}", "a: {y: 2}", None),
            (service, "a: {x: 1, z: 0}", "a: {x: 1, y: 2}", None),
            (service, "a: {x: 1}", "a: {x: 2}", Some(("/a/x", "/a/x"))),
            (service, "a: {x: 1}", "a: 1", Some(("/a", "/a"))),
            (service, "a: {x/y: 1}", "a: {x/y: 2}", Some(("/a/x~1y", "/a/x~1y"))),
            (service, "list: [1]", "list: [1, 2]", Some(("/list", "/list"))),
            (
                service,
                "spec: {selector: {a: b}}",
                "spec: {selector: {c: d}}",
                Some(("/spec/selector", "/spec/selector")),
            ),
            (service, "spec: {ports: [{port: 80, name: a}]}", "spec: {ports: [{port: 81, name: b}]}", None),
            (
                service,
                "spec: {ports: [{port: 80, name: a}]}",
                "spec: {ports: [{port: 81}, {port: 80, protocol: TCP, name: b}]}",
                Some(("/spec/ports/0/name", "/spec/ports/1/name")),
            ),
            (
                service,
                "spec: {ports: [{port: 80, protocol: UDP, name: a}]}",
                "spec: {ports: [{port: 80, name: b}]}",
                None,
            ),
            (pods, "containers: [{name: a, image: x}]", "containers: [{name: b, image: y}]", None),
            (
                pods,
                "containers: [{name: a, env: [{name: X, value: '1'}]}]",
                "containers: [{name: b}, {name: a, env: [{name: Y, value: '3'}, {name: X, value: '2'}]}]",
                Some(("/containers/0/env/0/value", "/containers/1/env/1/value")),
            ),
            (pods, "m: {finalizers: [a]}", "m: {finalizers: [b]}", None),
            (unknown, "containers: [{name: a}]", "containers: [{name: b}]", Some(("/containers", "/containers"))),
        ] {
            let at = at.map(|(one, other)| (one.to_owned(), other.to_owned()));
            assert_eq!(clashes(kind, one, other), at, "{one} {other}");
        }
    }
}
