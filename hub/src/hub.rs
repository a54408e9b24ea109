//! The hub's parts, held together. What it does stands in the modules beside: members, following, observations, holds,
//! publish, sync, pins, fleet.

use crate::error::HubError;
use crate::following::Following;
use crate::members::Members;
use crate::records;
use crate::store::{Action, Actor, AuditEntry, Store};
use policy::catalog::{Catalog, Cluster};
use policy::name::ClusterName;
use serde_json::Value;
use service::clock::Clock;
use std::fmt::Display;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// One hub.
pub struct Hub {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) members: watch::Sender<Arc<Members>>,
    pub(crate) following: Following,
    pub(crate) catalog: RwLock<Option<Arc<Catalog>>>,
}

impl Hub {
    /// Reads what the store has.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<Self, HubError> {
        let members = Members::new(records::list(store.as_ref()).await?);
        let members = watch::Sender::new(Arc::new(members));
        Ok(Self { store, clock, members, following: Following::default(), catalog: RwLock::default() })
    }

    /// The cluster as the catalog in force declares it.
    pub(crate) fn declared(&self, cluster: &ClusterName) -> Result<Cluster, HubError> {
        let catalog = self.catalog();
        let found = catalog.as_ref().and_then(|catalog| catalog.clusters.get(cluster));
        found.cloned().ok_or_else(|| HubError::UnknownCluster(cluster.clone()))
    }

    /// The catalog in force; none before the first accepted revision.
    pub(crate) fn catalog(&self) -> Option<Arc<Catalog>> {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn entry(&self, by: Actor, action: Action, subject: &dyn Display, detail: Value) -> AuditEntry {
        AuditEntry { at: self.clock.wall(), by, action, subject: subject.to_string(), detail }
    }
}
