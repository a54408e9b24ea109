//! A cluster behind a kube-apiserver.
//!
//! One watch of metadata per kind in use tells that something changed; the objects themselves are read only where their
//! version is not the one that our own last write left. Writes are server-side apply (KEP-555) and carry the version
//! that was looked at; what a write left of our part is remembered in its row, so that a restart reads nothing again.

mod again;
mod answers;
mod bindings;
mod book;
mod brake;
mod connect;
mod discovery;
mod drift;
mod dry;
mod events;
mod fault;
mod health;
pub mod install;
mod kinds;
mod left;
mod memory;
mod mirror;
mod namespaces;
mod operators;
mod own;
mod part;
mod path;
mod record;
mod rest;
mod seen;
mod served;
mod status;
mod undo;
mod verdicts;
mod watches;
mod write;

#[cfg(test)]
mod tests;

use super::{Looked, News, Refusal, Sight, Target, TargetError, Telling, Told};
use crate::cache::good::Good;
use async_trait::async_trait;
use book::Book;
use discovery::Discovery;
use jiff::Timestamp;
use kinds::Kinds;
use left::Left;
use namespaces::Namespaces;
use operators::Operators;
use policy::access::Bindings;
use policy::digest::Digest;
use policy::facts::Capabilities;
use policy::health::Health;
use policy::local::{Brakes, Change};
use policy::name::{Namespace, RuleName};
use policy::object::{ApiVersion, ObjectId};
use policy::plan::inventory::{Uid, Version};
use policy::plan::{Ends, Step, Undo};
use policy::seen::Seen;
use rest::Rest;
use serde_json::Value;
use served::Served;
use service::clock::{Clock, SystemClock};
use status::Standing;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify, Semaphore};

/// The field manager of whole objects.
const MANAGER: &str = "writ";

/// A cluster.
pub struct Kube {
    rest: Rest,
    namespace: Namespace,
    cluster_uid: String,
    good: Good,
    discovery: Discovery,
    namespaces: Namespaces,
    bindings: Mutex<bindings::Watched>,
    wake: Arc<Notify>,
    /// So many applies are under way at once, of all units together. Deletions, releases and what is put back do not pass
    /// it: of those there are few, and so many steps of each unit at once as `apply` takes.
    turnstile: Semaphore,
    inner: Mutex<Inner>,
    standing: Mutex<Standing>,
}

/// What steps read and change. Steps lock it for no longer than that, so that their requests go out side by side; but the
/// writing of the inventory is done under the lock, for all whose rows are in it wait for it, and so is the looking at the
/// beginning of a round, beside which no step is taken.
struct Inner {
    served: Arc<Served>,
    book: Book,
    kinds: Kinds,
    operators: Operators,
    /// Objects whose part of ours was compared at a version that is not our own last write's.
    compared: BTreeMap<ObjectId, (Version, Digest)>,
    /// The objects that were ours before their rows were claimed anew.
    uids: BTreeMap<ObjectId, Uid>,
    /// The rows that were Claimed already when the round began.
    claimed: BTreeSet<ObjectId>,
    /// What the last step left of each object.
    left: BTreeMap<ObjectId, Left>,
}

impl fmt::Debug for Kube {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kube").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Kube {
    /// The cluster that `kubeconfig` names (none: the one that the agent runs in), with its inventory in `namespace`.
    /// `wake` is woken when something changes that matters.
    ///
    /// # Errors
    /// [`TargetError`] when the configuration is wrong, the server does not answer or does not let the agent in.
    pub async fn open(
        kubeconfig: Option<&Path>,
        namespace: Namespace,
        good: Good,
        clock: Arc<dyn Clock>,
        wake: Arc<Notify>,
    ) -> Result<Self, TargetError> {
        let again = connect::open(kubeconfig, Arc::clone(&clock)).await?;
        let rest = Rest::new(again.client(), Arc::clone(&clock));
        let cluster_uid = status::cluster_uid(&rest).await?;
        again.stay_in(&cluster_uid);
        Self::with(rest, cluster_uid, namespace, good, clock, wake).await
    }

    async fn with(
        rest: Rest,
        cluster_uid: String,
        namespace: Namespace,
        good: Good,
        clock: Arc<dyn Clock>,
        wake: Arc<Notify>,
    ) -> Result<Self, TargetError> {
        let served = Served::discover(&rest, &Served::default()).await?;
        let book = Book::read(&rest, &namespace).await?;
        let namespaces = namespaces::start(&rest, Arc::clone(&wake));
        let discovery = Discovery::start(&rest, served, Arc::clone(&wake));
        let inner = Mutex::new(Inner {
            served: discovery.found().served,
            book,
            kinds: Kinds::new(Arc::clone(&wake)),
            operators: Operators::new(Arc::clone(&wake)),
            compared: BTreeMap::new(),
            uids: BTreeMap::new(),
            claimed: BTreeSet::new(),
            left: BTreeMap::new(),
        });
        let (turnstile, standing) = (Semaphore::new(kinds::AT_ONCE), Mutex::new(Standing::new(clock)));
        let bindings = Mutex::default();
        Ok(Self {
            rest,
            namespace,
            cluster_uid,
            good,
            discovery,
            namespaces,
            bindings,
            wake,
            turnstile,
            inner,
            standing,
        })
    }
}

async fn rest(kubeconfig: Option<&Path>, clock: Arc<dyn Clock>) -> Result<Rest, TargetError> {
    Ok(Rest::new(connect::open(kubeconfig, Arc::clone(&clock)).await?.client(), clock))
}

/// Looks whether a cluster can be used: whether it answers, and whether the inventory can be read; changes nothing.
///
/// # Errors
/// As [`Kube::open`].
pub async fn inspect(kubeconfig: Option<&Path>, namespace: &Namespace) -> Result<(), TargetError> {
    let rest = rest(kubeconfig, Arc::new(SystemClock::new())).await?;
    status::cluster_uid(&rest).await?;
    Book::read(&rest, namespace).await.map(drop)
}

/// Changes the brakes as the person of `kubeconfig`, and gives all that are set then.
///
/// # Errors
/// [`TargetError`] when the cluster does not answer, or does not let that person.
pub async fn brake(kubeconfig: Option<&Path>, change: &Change) -> Result<Brakes, TargetError> {
    brake::change(&rest(kubeconfig, Arc::new(SystemClock::new())).await?, change).await
}

/// What an agent told last, and when.
///
/// # Errors
/// [`TargetError`] when the cluster does not answer.
pub async fn told(kubeconfig: Option<&Path>) -> Result<Option<(Telling, Timestamp)>, TargetError> {
    let told = status::read(&rest(kubeconfig, Arc::new(SystemClock::new())).await?).await?;
    Ok(told.map(|telling| {
        let at = status::told_at(&telling.enforcement);
        (telling, at)
    }))
}

#[async_trait]
impl Target for Kube {
    /// That of its namespace kube-system.
    fn cluster_uid(&self) -> Option<&str> {
        Some(&self.cluster_uid)
    }

    async fn capabilities(&self) -> Capabilities {
        self.inner.lock().await.served.capabilities.clone()
    }

    async fn observe(&self) -> Result<Sight, TargetError> {
        self.inner.lock().await.observe(self).await
    }

    async fn doubt(&self) {
        let mut inner = self.inner.lock().await;
        inner.kinds.forget();
        inner.compared.clear();
        if let Err(error) = inner.book.reread(&self.rest).await {
            tracing::debug!(error = service::exit::chain(&error), "the inventory could not be read again");
        }
    }

    async fn look(&self, at: &BTreeMap<&ObjectId, &ApiVersion>, seen: &Seen) -> Result<Looked, TargetError> {
        self.inner.lock().await.look(self, at, seen).await
    }

    async fn health(&self, of: &BTreeMap<ObjectId, ApiVersion>) -> BTreeMap<ObjectId, Health> {
        health::read(self, of).await
    }

    async fn bindings(&self) -> Result<Bindings, TargetError> {
        self.bindings.lock().await.all(&self.rest, &self.wake).await
    }

    async fn no_bindings(&self) {
        self.bindings.lock().await.end();
    }

    async fn dry_run(&self, steps: &[Step]) -> Result<(), Refusal> {
        self.would_take(steps).await
    }

    async fn step(&self, step: &Step, now: Timestamp) -> Result<bool, Refusal> {
        self.take(step, now).await
    }

    async fn undo(&self, undo: &Undo, now: Timestamp) -> Result<(), Refusal> {
        self.take_back(undo, now).await
    }

    async fn ended(&self, ends: &Ends) {
        self.inner.lock().await.book.ended(ends);
    }

    async fn settle(&self) -> Result<(), TargetError> {
        let mut inner = self.inner.lock().await;
        let flushed = inner.book.flush(&self.rest).await;
        if flushed.is_err() {
            // Another agent may have written: what it wrote counts from the next round on.
            inner.book.reread(&self.rest).await?;
        }
        flushed
    }

    async fn told(&self) -> Result<Option<Telling>, TargetError> {
        status::read(&self.rest).await
    }

    async fn tell(&self, telling: &Telling, over: Option<&Value>) -> Result<Told, TargetError> {
        let documents = self.inner.lock().await.operators.documents();
        self.standing.lock().await.tell(&self.rest, telling, &documents, over).await
    }

    async fn forget(&self) -> Result<(), TargetError> {
        status::remove_all(&self.rest).await?;
        self.inner.lock().await.book.give_up(&self.rest).await
    }

    async fn announce(&self, news: &[News]) -> Result<(), TargetError> {
        let served = Arc::clone(&self.inner.lock().await.served);
        events::announce(&self.rest, &served, &self.cluster_uid, news).await
    }
}

/// The field manager of a rule's own fields.
fn manager(own: policy::bundle::entry::Own, rule: &RuleName) -> String {
    match own {
        policy::bundle::entry::Own::Whole => MANAGER.to_owned(),
        policy::bundle::entry::Own::Fields => format!("{MANAGER}:{rule}"),
    }
}
