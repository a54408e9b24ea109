//! What every document has: apiVersion, kind, metadata, spec.

use super::Doc;
use super::nearest::remedy;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Labels;
use crate::name::DocumentName;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The only apiVersion.
pub const API_VERSION: &str = "writ.dev/v1alpha1";

/// `metadata` of a document.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Metadata {
    /// Unique per kind; a DNS label.
    pub name: DocumentName,
    /// Labels; a Cluster's are what scopes select by.
    #[serde(default)]
    pub labels: Labels,
    /// Notes for people and tools; Writ reads none.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// The kind that a document says it is of.
///
/// # Errors
/// A diagnostic where the document is no mapping, or apiVersion or kind is absent, no text, or unknown.
pub fn kind_of<'a>(doc: &'a Doc, kinds: &[&str]) -> Result<&'a str, Diagnostic> {
    let Some(map) = doc.value.as_object() else {
        return Err(doc.error(
            Code::InvalidValue,
            "",
            "a document is a mapping with apiVersion, kind, metadata and spec",
        ));
    };
    let word = |name: &str| match map.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(doc.error(Code::InvalidValue, &format!("/{name}"), format!("`{name}` must be text"))),
        None => Err(doc.error(Code::MissingField, "", format!("missing field `{name}`")).help(format!("add `{name}`"))),
    };
    let version = word("apiVersion")?;
    if version != API_VERSION {
        let message = format!("unknown apiVersion `{version}`");
        return Err(doc.error(Code::UnknownVersion, "/apiVersion", message).help(format!("write `{API_VERSION}`")));
    }
    let kind = word("kind")?;
    if kinds.contains(&kind) {
        return Ok(kind);
    }
    let diagnostic = doc.error(Code::UnknownKind, "/kind", format!("unknown kind `{kind}`"));
    Err(remedy(kind, kinds).into_iter().fold(diagnostic, Diagnostic::help))
}
