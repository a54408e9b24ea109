//! The people API: what `writ` and the hub say to each other over HTTPS, as JSON.
//!
//! Kubernetes' conventions: camelCase, `metadata` / `spec` / `status`, lists with `items`, RFC 3339 times in UTC.
//! Errors are Problem Details (RFC 9457, [`problem::Problem`]).

pub mod catalog;
pub mod cluster;
pub mod explain;
pub mod hold;
pub mod path;
pub mod pin;
pub mod problem;
pub mod status;

use serde::{Deserialize, Serialize};

/// The version word of documents, REST and protobuf.
pub const API_VERSION: &str = "writ.dev/v1alpha1";

/// The kind of each resource, written beside [`API_VERSION`] in every answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// [`cluster::Cluster`]
    Cluster,
    /// [`explain::Explanation`]
    Explanation,
    /// [`hold::Hold`]
    Hold,
    /// [`status::Status`]
    Status,
    /// [`cluster::Invitation`]
    Invitation,
    /// [`catalog::Refreshed`]
    CatalogRefresh,
    /// [`pin::Pin`]
    Pin,
    /// Several [`cluster::Cluster`].
    ClusterList,
    /// Several [`hold::Hold`].
    HoldList,
}

/// An answer: one resource under its version and kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource<T> {
    /// [`API_VERSION`].
    pub api_version: String,
    /// What it is.
    pub kind: Kind,
    /// The resource itself.
    #[serde(flatten)]
    pub body: T,
}

impl<T> Resource<T> {
    /// Wraps `body`.
    #[must_use]
    pub fn new(kind: Kind, body: T) -> Self {
        Self { api_version: API_VERSION.to_owned(), kind, body }
    }
}

/// Several resources of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List<T> {
    /// Sorted by name.
    pub items: Vec<T>,
}
