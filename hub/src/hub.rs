//! The hub's parts, held together. What it does stands in the modules beside: sync, publish, following, members, holds,
//! pins, observations, restored.

use crate::error::HubError;
use crate::following::Following;
use crate::measures::Measures;
use crate::members::Members;
use crate::pace::Pace;
use crate::publish::heads::Issues;
use crate::publish::memo::Renderings;
use crate::publish::standing::Standing;
use crate::records::{self, Accepted, Fleet, Pin};
use crate::source::Source;
use crate::store::{Action, Actor, AuditEntry, Store};
use crate::sync::{LastRead, Refreshes, Requests, requests};
use certs::key::Signer;
use policy::authority::Authority;
use policy::bundle::chain::Chain;
use policy::catalog::{Catalog, Cluster};
use policy::digest::Digest;
use policy::name::ClusterName;
use policy::time::Span;
use serde_json::Value;
use service::clock::Clock;
use std::fmt::Display;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Mutex, watch};

/// What a hub is made of.
pub struct Parts {
    /// Keeps everything.
    pub store: Arc<dyn Store>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Signs heads.
    pub signer: Arc<dyn Signer>,
    /// Which keys count.
    pub trust: Arc<Chain>,
    /// Where the catalog comes from.
    pub source: Source,
    /// What heads say beside their contents.
    pub settings: Settings,
}

/// What heads say beside their contents.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a head is fresh (T_fresh).
    pub fresh: Span,
    /// Where spokes find this hub.
    pub hubs: Vec<String>,
}

/// A catalog with the commits it was read from.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The commits.
    pub accepted: Accepted,
    /// The catalog.
    pub catalog: Arc<Catalog>,
    /// Its authority/, read once: every request of a person is judged by it.
    pub authority: Arc<Authority>,
    /// Whether a pin says so.
    pub pinned: bool,
}

impl InForce {
    /// A catalog that was accepted at these commits.
    #[must_use]
    pub fn new(accepted: Accepted, catalog: Catalog, pinned: bool) -> Self {
        let authority = Arc::new(Authority::read(&catalog.authority).0);
        Self { accepted, catalog: Arc::new(catalog), authority, pinned }
    }
}

/// One hub.
pub struct Hub {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) trust: Arc<Chain>,
    pub(crate) settings: Settings,
    pub(crate) memo: Renderings,
    pub(crate) measures: Measures,
    pub(crate) translators: Digest,
    pub(crate) refreshes: Refreshes,
    pub(crate) members: watch::Sender<Arc<Members>>,
    pub(crate) following: Following,
    pub(crate) standing: Mutex<Standing>,
    /// Who moves the pointer, pins or holds takes it for the one commit. It is never kept while something compiles, so
    /// that nobody who stops rules waits for a publish, and none gets past one who did.
    pub(crate) turn: Mutex<()>,
    pub(crate) last_read: RwLock<LastRead>,
    pub(crate) last_issue: Issues,
    pub(crate) pace_of_facts: Pace,
    pub(crate) pace_of_holds: Pace,
    source: Arc<Source>,
    issued: RwLock<Arc<Fleet>>,
    in_force: RwLock<Option<InForce>>,
}

impl Hub {
    /// Takes up what the store has. The second value is the sync's work, for [`Hub::keep_syncing`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open(parts: Parts) -> Result<(Arc<Self>, Requests), HubError> {
        let store = parts.store;
        let members = Members::new(records::list(store.as_ref()).await?);
        let standing = Standing::load(store.as_ref()).await?;
        let last_issue = Issues::load(store.as_ref()).await?;
        let (refreshes, requests) = requests();
        let hub = Self {
            issued: RwLock::new(standing.fleet()),
            standing: Mutex::new(standing),
            turn: Mutex::default(),
            members: watch::Sender::new(Arc::new(members)),
            store,
            clock: parts.clock,
            signer: parts.signer,
            trust: parts.trust,
            settings: parts.settings,
            last_issue,
            pace_of_facts: Pace::default(),
            pace_of_holds: Pace::default(),
            memo: Renderings::new(),
            measures: Measures::default(),
            translators: crate::publish::translators()?,
            refreshes,
            following: Following::default(),
            last_read: RwLock::default(),
            source: Arc::new(parts.source),
            in_force: RwLock::default(),
        };
        hub.take_up_catalog().await?;
        Ok((Arc::new(hub), requests))
    }

    /// Reads the catalog that was in force, so that clusters are known before the first round. Where that fails, the
    /// heads in the store go on; the publisher tells why.
    async fn take_up_catalog(&self) -> Result<(), HubError> {
        let standing = self.standing.lock().await;
        let pin = self.pinned().await?;
        match self.in_force(&standing, None, pin.as_ref()).await {
            Ok(Some(in_force)) => self.set_in_force(in_force),
            Ok(None) | Err(HubError::Catalog(_) | HubError::RevisionRefused { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The chain of trust documents that spokes are given.
    #[must_use]
    pub const fn trust(&self) -> &Arc<Chain> {
        &self.trust
    }

    /// Where the catalog comes from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The cluster as the catalog in force declares it.
    ///
    /// # Errors
    /// [`HubError::UnknownCluster`] when it does not.
    pub fn declared(&self, cluster: &ClusterName) -> Result<Cluster, HubError> {
        let catalog = self.catalog();
        let found = catalog.as_ref().and_then(|catalog| catalog.clusters.get(cluster));
        found.cloned().ok_or_else(|| HubError::UnknownCluster(cluster.clone()))
    }

    /// Whether the catalog in force declares `cluster` no longer. While there is none, nobody can tell.
    #[must_use]
    pub fn is_undeclared(&self, cluster: &ClusterName) -> bool {
        self.catalog().is_some_and(|catalog| !catalog.clusters.contains_key(cluster))
    }

    /// The catalog in force; none before the first accepted revision.
    #[must_use]
    pub fn catalog(&self) -> Option<Arc<Catalog>> {
        self.current().map(|in_force| in_force.catalog)
    }

    /// The commit that is published.
    #[must_use]
    pub fn published_revision(&self) -> Option<String> {
        self.current().map(|in_force| in_force.accepted.revision)
    }

    /// What every cluster was last issued.
    #[must_use]
    pub fn issued(&self) -> Arc<Fleet> {
        self.issued.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_issued(&self, fleet: Arc<Fleet>) {
        *self.issued.write().unwrap_or_else(PoisonError::into_inner) = fleet;
    }

    /// What is in force; nothing before the first accepted revision.
    pub(crate) fn current(&self) -> Option<InForce> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_in_force(&self, in_force: InForce) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Some(in_force);
    }

    /// What the catalog is read from now: `pin`, else the candidate, else what was accepted before.
    pub(crate) async fn in_force(
        &self,
        standing: &Standing,
        candidate: Option<InForce>,
        pin: Option<&Pin>,
    ) -> Result<Option<InForce>, HubError> {
        let pinned = pin.is_some();
        if let (false, Some(candidate)) = (pinned, candidate) {
            return Ok(Some(candidate));
        }
        let Some(accepted) = pin.map(|pin| pin.accepted.clone()).or_else(|| standing.accepted()) else {
            return Ok(None);
        };
        let known = self.current().filter(|current| current.accepted == accepted);
        match known {
            Some(known) => Ok(Some(InForce { pinned, ..known })),
            None => self.load(accepted, pinned).await.map(Some),
        }
    }

    /// The catalog of accepted commits: the one in force, else read again.
    pub(crate) async fn known_or_loaded(&self, accepted: &Accepted) -> Result<InForce, HubError> {
        match self.current().filter(|current| current.accepted == *accepted) {
            Some(known) => Ok(known),
            None => self.load(accepted.clone(), false).await,
        }
    }

    /// Reads accepted commits again.
    pub(crate) async fn load(&self, accepted: Accepted, pinned: bool) -> Result<InForce, HubError> {
        let commits = accepted.clone();
        let checked = self.on_source(move |source| source.load(&commits)).await?;
        let why = || "it no longer passes this writ-hub's checks".to_owned();
        let refused = || HubError::RevisionRefused { revision: accepted.revision.clone(), why: why() };
        let catalog = checked.catalog.ok_or_else(refused)?;
        Ok(InForce::new(accepted, catalog, pinned))
    }

    /// Runs `act`, which blocks, on the source.
    pub(crate) async fn on_source<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Source) -> Result<T, HubError> + Send + 'static,
    ) -> Result<T, HubError> {
        let source = self.source.clone();
        tokio::task::spawn_blocking(move || act(&source)).await.map_err(|_| HubError::Stopping)?
    }

    pub(crate) fn entry(&self, by: Actor, action: Action, subject: &dyn Display, detail: Value) -> AuditEntry {
        AuditEntry { at: self.clock.wall(), by, action, subject: subject.to_string(), detail }
    }
}
