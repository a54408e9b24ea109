//! `RuleSet`: rules assigned together.

use super::governance::Scope;
use crate::mode::Mode;
use crate::name::RuleName;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// As documents write it.
pub const KIND: &str = "RuleSet";

/// Which rules, where, how far, and with which values.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// The rules, as `Kind/name`.
    pub include: Vec<RuleName>,
    /// Narrows the rules' own scopes.
    pub scope: Scope,
    /// Caps the rules' own modes.
    pub mode: Mode,
    /// Values for its rules.
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
}
