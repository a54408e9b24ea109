//! What a document says.

use crate::bundle::entry::Own;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Manifests and the parameters that fill them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spec {
    /// The parameters, each declared once.
    #[serde(default)]
    pub(super) parameters: Vec<Parameter>,
    /// The objects.
    #[schemars(length(min = 1))]
    pub(super) objects: Vec<Manifest>,
}

/// One declared parameter.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Parameter {
    /// Its name, as Parameters documents give values to it.
    #[schemars(length(min = 1))]
    pub(super) name: String,
    /// What values it takes.
    pub(super) r#type: Type,
    /// Its value where no level gives one.
    #[serde(default)]
    pub(super) default: Option<Value>,
}

/// What values a parameter takes: the types of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Type {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    Array,
    /// A map.
    Object,
}

/// One object.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Manifest {
    /// Whether Writ owns the whole object or only the fields given.
    #[serde(default)]
    pub(super) own: Own,
    /// Whether an object that exists already is taken over.
    #[serde(default)]
    pub(super) adopt: bool,
    /// The object.
    #[schemars(with = "BTreeMap<String, Value>")]
    pub(super) manifest: Value,
}

impl Spec {
    /// The parameters' values, as far as they have any.
    pub(super) fn values(&self) -> BTreeMap<&str, &Value> {
        self.parameters.iter().filter_map(|one| Some((one.name.as_str(), one.default.as_ref()?))).collect()
    }
}

impl Type {
    /// Whether `value` is of this type.
    pub(super) fn holds(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }

    /// As documents and people write it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}
