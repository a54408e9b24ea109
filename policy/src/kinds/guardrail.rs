//! `Guardrail`: may this request pass? Cedar beside the document says so.

use schemars::JsonSchema;
use serde::Deserialize;

/// As documents write it.
pub const KIND: &str = "Guardrail";

/// What a guardrail says beside its governance.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// Its Cedar files, relative to the document.
    pub policy_files: Vec<String>,
    /// What it is about, in a few words.
    pub title: String,
    /// What someone whose request was denied should do.
    #[serde(default)]
    pub advice: Option<String>,
    /// How to mend what stands already.
    #[serde(default)]
    pub remediation: Option<String>,
    /// Whether the pod templates of controllers are denied too, and not only warned about.
    #[serde(default)]
    pub templates: Templates,
}

/// How pod templates of controllers are judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Templates {
    /// With a warning.
    #[default]
    Warn,
    /// As the pods themselves.
    Deny,
}
