//! Kubernetes objects as trees, and what identifies one.

use crate::canonical;
use crate::digest::Digest;
use crate::name::Namespace;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// What a server fills in, in `metadata`: no writer's business, so it is neither compared nor written back.
pub const FILLED_IN: [&str; 8] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// An API group and version: `apps/v1`, or `v1` for the core group (whose name is empty).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct ApiVersion {
    /// The group; empty for core.
    pub group: String,
    /// The version, such as `v1`.
    pub version: String,
}

impl From<String> for ApiVersion {
    fn from(text: String) -> Self {
        match text.split_once('/') {
            Some((group, version)) => Self { group: group.to_owned(), version: version.to_owned() },
            None => Self { group: String::new(), version: text },
        }
    }
}

impl From<ApiVersion> for String {
    fn from(api: ApiVersion) -> Self {
        api.to_string()
    }
}

impl schemars::JsonSchema for ApiVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ApiVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        crate::name::text_schema(
            "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?$",
            "an API as `group/version` (`apps/v1`), or `v1`",
        )
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() { f.write_str(&self.version) } else { write!(f, "{}/{}", self.group, self.version) }
    }
}

/// What identifies an object in one cluster, whatever version it is read in. Maps of many thousand have it as their key:
/// clones share it, and two are compared as one text each.
#[derive(Clone)]
pub struct ObjectId(Arc<Keyed>);

/// The parts of an [`ObjectId`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ObjectId")]
pub struct Identity {
    /// API group; empty for core.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; none for a cluster-scoped object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
    /// Name.
    pub name: String,
}

struct Keyed {
    identity: Identity,
    /// The parts in their order, divided by what is less than any character of theirs.
    key: Box<str>,
}

impl ObjectId {
    /// The namespace that it stands in, or is.
    #[must_use]
    pub fn concerns(&self) -> Option<Namespace> {
        let is_namespace = self.group.is_empty() && self.kind == "Namespace";
        self.namespace.clone().or_else(|| self.name.parse().ok().filter(|_| is_namespace))
    }

    /// Where the parts end in the key: who puts the divider into a name is told apart all the same.
    fn cuts(&self) -> [usize; 3] {
        [self.group.len(), self.kind.len(), self.namespace.as_ref().map_or(0, |name| name.as_str().len())]
    }
}

impl From<Identity> for ObjectId {
    fn from(identity: Identity) -> Self {
        let Identity { group, kind, namespace, name } = &identity;
        let namespace = namespace.as_ref().map_or("", Namespace::as_str);
        let key = [group, kind, namespace, name].join("\0").into_boxed_str();
        Self(Arc::new(Keyed { identity, key }))
    }
}

impl Deref for ObjectId {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.0.identity
    }
}

/// By group, kind, namespace and name.
impl Ord for ObjectId {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        self.0.key.cmp(&other.0.key).then_with(|| self.cuts().cmp(&other.cuts()))
    }
}

impl PartialOrd for ObjectId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ObjectId {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ObjectId {}

impl Hash for ObjectId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key.hash(state);
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Identity::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Identity::deserialize(deserializer).map(Self::from)
    }
}

impl schemars::JsonSchema for ObjectId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Identity::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Identity::json_schema(generator)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " {namespace}/{}", self.name),
            None => write!(f, " {}", self.name),
        }
    }
}

/// A tree that is not an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnObject {
    /// A field that every object has is missing or no text.
    #[error("`{0}` is missing or not a text")]
    Missing(&'static str),
    /// `metadata.namespace` is not a namespace's name.
    #[error("metadata.namespace: {0}")]
    Namespace(#[from] crate::name::NameError),
}

/// A Kubernetes object: a JSON tree with apiVersion, kind and metadata.name. It never changes, so clones share it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub struct Object(Arc<Whole>);

#[derive(Debug)]
struct Whole {
    id: ObjectId,
    api: ApiVersion,
    tree: Value,
    digest: OnceLock<Digest>,
}

impl Object {
    /// What identifies it.
    #[must_use]
    pub fn id(&self) -> &ObjectId {
        &self.0.id
    }

    /// The group and version it is written in.
    #[must_use]
    pub fn api(&self) -> &ApiVersion {
        &self.0.api
    }

    /// The whole tree.
    #[must_use]
    pub fn tree(&self) -> &Value {
        &self.0.tree
    }

    /// The digest of its canonical JSON, as rows and last good copies are named by. Made once.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // A JSON tree always has a canonical form; only types that are no JSON lack one.
        let digest = || canonical::digest(self.tree()).unwrap_or_else(|_| Digest::of(&[]));
        *self.0.digest.get_or_init(digest)
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.tree() == other.tree()
    }
}

impl Eq for Object {}

impl TryFrom<Value> for Object {
    type Error = NotAnObject;

    fn try_from(tree: Value) -> Result<Self, NotAnObject> {
        let text = |pointer: &str, name: &'static str| {
            tree.pointer(pointer).and_then(Value::as_str).filter(|t| !t.is_empty()).ok_or(NotAnObject::Missing(name))
        };
        let api = ApiVersion::from(text("/apiVersion", "apiVersion")?.to_owned());
        let kind = text("/kind", "kind")?.to_owned();
        let name = text("/metadata/name", "metadata.name")?.to_owned();
        let namespace = tree.pointer("/metadata/namespace").and_then(Value::as_str).map(str::parse).transpose()?;
        let id = Identity { group: api.group.clone(), kind, namespace, name }.into();
        Ok(Self(Arc::new(Whole { id, api, tree, digest: OnceLock::new() })))
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Arc::try_unwrap(object.0).map_or_else(|shared| shared.tree.clone(), |whole| whole.tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_identifies_it() {
        let tree =
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}});
        let object = Object::try_from(tree.clone()).unwrap();
        assert_eq!(object.id().to_string(), "Deployment.apps shop/web");
        assert_eq!(object.api().to_string(), "apps/v1");
        assert_eq!(Value::from(object), tree);
    }

    #[test]
    fn identities_are_ordered_part_by_part() {
        let id = |group: &str, kind: &str, namespace: Option<&str>, name: &str| {
            let namespace = namespace.map(|name| name.parse().unwrap());
            ObjectId::from(Identity { group: group.into(), kind: kind.into(), namespace, name: name.into() })
        };
        let in_order = [
            id("", "ConfigMap", None, "z"),
            id("", "ConfigMap", Some("shop"), "a"),
            id("", "ConfigMap", Some("shop"), "a-b"),
            id("", "ConfigMap", Some("shop-b"), "a"),
            id("", "ConfigMaps", None, "a"),
            id("apps", "Deployment", Some("shop"), "a"),
            id("apps.example", "A", None, "a"),
        ];
        assert!(in_order.is_sorted_by(|one, next| one < next));
        assert_eq!(in_order[1], id("", "ConfigMap", Some("shop"), "a"));
        assert_ne!(id("", "a\0b", None, "c"), id("", "a", Some("b"), "\0c"), "whatever divides its parts");
    }

    #[test]
    fn refuses_what_has_no_name() {
        let tree = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}});
        assert_eq!(Object::try_from(tree), Err(NotAnObject::Missing("metadata.name")));
    }
}
