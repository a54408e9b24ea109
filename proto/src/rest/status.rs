//! The fleet on one screen.

use super::catalog::CatalogStatus;
use super::cluster::State;
use super::pin::Pin;
use policy::name::DocumentName;
use policy::outcome::OutcomeCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The catalog's name, once one was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DocumentName>,
    /// The hub's own version.
    pub version: String,
    /// The catalog as the hub last read it.
    pub catalog: CatalogStatus,
    /// How many clusters stand in each state.
    pub clusters: BTreeMap<State, u64>,
    /// How many clusters enforce exactly what is published.
    pub current: u64,
    /// How many units came to each outcome, in all clusters.
    pub units: BTreeMap<OutcomeCode, u64>,
    /// How many findings there are, in all clusters.
    pub findings: u64,
    /// The pin, while one holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// How many changes wait for a person.
    pub holds: u64,
}
