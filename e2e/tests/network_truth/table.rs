//! Truth tables: pods, and who may reach whom on which port.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// One table, as its file writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// The intent's own spec, where it is not in a catalog.
    pub(crate) intent: Option<Value>,
    /// The rule of a catalog that it is about.
    pub(crate) rule: Option<String>,
    /// The scope of that intent.
    #[serde(default)]
    pub(crate) scope: Value,
    /// The namespaces that are selected.
    pub(crate) selected: Vec<String>,
    /// All namespaces, with their labels.
    pub(crate) namespaces: BTreeMap<String, BTreeMap<String, String>>,
    /// By `NAMESPACE/NAME`.
    pub(crate) pods: BTreeMap<String, Pod>,
    /// What the namespaces' own people wrote.
    #[serde(default)]
    pub(crate) own: Vec<Value>,
    pub(crate) rows: Vec<Row>,
}

/// A pod.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pod {
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) ip: String,
    /// What it calls its ports, and the number and protocol of each.
    #[serde(default)]
    pub(crate) ports: BTreeMap<String, (u16, String)>,
}

/// One connection: from, to, port, and whether it is allowed.
#[derive(Debug, Deserialize)]
#[serde(from = "(String, String, String, String)")]
pub(crate) struct Row {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) port: u16,
    pub(crate) protocol: String,
    allowed: String,
}

impl From<(String, String, String, String)> for Row {
    fn from((from, to, port, allowed): (String, String, String, String)) -> Self {
        let (port, protocol) = port.split_once('/').unwrap_or((&port, "TCP"));
        Self { from, to, port: port.parse().unwrap_or_default(), protocol: protocol.to_owned(), allowed }
    }
}

impl Row {
    /// Whether it is allowed where nothing but NetworkPolicies is in force: `bound` is what only an outer bound denies.
    pub(crate) fn allowed_by_network_policies(&self) -> bool {
        matches!(self.allowed.as_str(), "yes" | "bound")
    }
}

impl Table {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("no {}", path.display()))?;
        serde_yaml::from_str(&text).with_context(|| path.display().to_string())
    }
}
