//! What is known of the objects in question, kept current by one watch of metadata per kind in use.
//!
//! Of a kind, only the objects that somebody asked about are remembered: a cluster may hold many thousand others.

use super::fault::Fault;
use super::memory::Memory;
use super::rest::Rest;
use super::served::{Kind, Resource};
use super::watches;
use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::{Api, PartialObjectMeta};
use kube::core::{ApiResource, DynamicObject};
use kube::runtime::watcher::Event;
use policy::object::{Identity, ObjectId};
use policy::plan::inventory::{Uid, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What a watch of metadata tells.
type Heard = watches::Heard<PartialObjectMeta<DynamicObject>>;

/// How many requests are made at once.
pub(super) const AT_ONCE: usize = 8;

/// An object as its metadata tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) uid: Uid,
    pub(super) version: Version,
    /// Whether it is being deleted.
    pub(super) terminating: bool,
}

/// Why a kind's objects cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blind {
    /// Whether the agent may not, as against cannot.
    pub(super) forbidden: bool,
    pub(super) why: String,
}

impl Blind {
    pub(super) fn of(fault: &Fault) -> Self {
        Self { forbidden: fault.is(http::StatusCode::FORBIDDEN), why: service::exit::chain(fault) }
    }
}

/// How a kind's watch stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct State {
    /// Whether its first list has come.
    listed: bool,
    /// Why it does not work now.
    failing: Option<Blind>,
}

/// One kind.
#[derive(Debug)]
struct Watched {
    state: watch::Sender<State>,
    memory: Mutex<Memory>,
}

/// A kind's watch. Dropping it ends the watch.
#[derive(Debug)]
struct Watch {
    watched: Arc<Watched>,
    _task: JoinSet<()>,
}

/// A write that is on its way. Dropping it ends it: what was heard meanwhile, and was not of this write, wakes then.
#[derive(Debug)]
pub(super) struct Writing {
    watched: Arc<Watched>,
    wake: Arc<Notify>,
    id: ObjectId,
}

impl Drop for Writing {
    fn drop(&mut self) {
        if self.watched.memory().writing_ends(&self.id) {
            self.wake.notify_one();
        }
    }
}

/// All kinds in use. Dropping it ends the watches.
#[derive(Debug)]
pub(super) struct Kinds {
    wake: Arc<Notify>,
    watches: BTreeMap<Kind, Watch>,
}

impl Kinds {
    /// None yet; `wake` is woken when an object in question changes.
    pub(super) fn new(wake: Arc<Notify>) -> Self {
        Self { wake, watches: BTreeMap::new() }
    }

    /// Begins to watch a kind that is not watched.
    pub(super) fn watch(&mut self, rest: &Rest, resource: &Resource, ids: &[&ObjectId]) {
        if !self.watches.contains_key(&resource.kind) {
            let watch = self.start(rest, resource, ids);
            self.watches.insert(resource.kind.clone(), watch);
        }
    }

    /// What is known of `ids`, all of one kind that is watched. Waits for its first list until `deadline`.
    ///
    /// # Errors
    /// [`Blind`] when the kind cannot be listed, or not yet.
    pub(super) async fn of(
        &self,
        rest: &Rest,
        resource: &Resource,
        ids: &[&ObjectId],
        deadline: Instant,
    ) -> Result<Vec<(ObjectId, Option<Known>)>, Blind> {
        let Some(watch) = self.watches.get(&resource.kind) else { return Ok(Vec::new()) };
        watch.watched.synced(deadline).await?;
        let (mut known, unknown) = watch.watched.memory().recall(ids);
        for (id, fact) in ask(rest, resource, unknown).await? {
            watch.watched.memory().answered(id.clone(), fact.clone());
            known.push((id, fact));
        }
        Ok(known)
    }

    /// Begins a write: what the watch tells of the object wakes nobody before it is known what the write left.
    pub(super) fn writing(&self, kind: &Kind, id: &ObjectId) -> Option<Writing> {
        let watched = Arc::clone(&self.watches.get(kind)?.watched);
        watched.memory().writing_begins(id.clone());
        Some(Writing { watched, wake: Arc::clone(&self.wake), id: id.clone() })
    }

    /// Remembers what a write left, so that the event of one's own write wakes nobody.
    pub(super) fn wrote(&self, kind: &Kind, id: &ObjectId, left: Known) {
        if let Some(watch) = self.watches.get(kind) {
            watch.watched.memory().wrote(id, left);
        }
    }

    /// What is known of an object turned out to be wrong: the next round asks about it.
    pub(super) fn doubt(&self, kind: &Kind, id: &ObjectId) {
        if let Some(watch) = self.watches.get(kind) {
            watch.watched.memory().doubt(id);
        }
    }

    /// Forgets kinds that are no longer in use.
    pub(super) fn keep(&mut self, used: &BTreeSet<Kind>) {
        self.watches.retain(|kind, _| used.contains(kind));
    }

    /// Forgets everything: all of it is listed anew.
    pub(super) fn forget(&mut self) {
        self.watches.clear();
    }

    /// Kinds whose watch does not work now, and why.
    pub(super) fn blind(&self) -> BTreeMap<Kind, Blind> {
        let failing = |watch: &Watch| watch.watched.state.borrow().failing.clone();
        self.watches.iter().filter_map(|(kind, watch)| Some((kind.clone(), failing(watch)?))).collect()
    }

    fn start(&self, rest: &Rest, resource: &Resource, ids: &[&ObjectId]) -> Watch {
        let memory = Mutex::new(Memory::of(ids.iter().map(|id| (*id).clone())));
        let watched = Arc::new(Watched { state: watch::Sender::default(), memory });
        let api_resource = ApiResource {
            group: resource.kind.api.group.clone(),
            version: resource.kind.api.version.clone(),
            api_version: resource.kind.api.to_string(),
            kind: resource.kind.kind.clone(),
            plural: resource.plural.clone(),
        };
        let api: Api<PartialObjectMeta<DynamicObject>> = Api::all_with(rest.client(), &api_resource);
        let (heard, wake, kind) = (Arc::clone(&watched), Arc::clone(&self.wake), resource.kind.clone());
        let task = watches::for_ever(format!("the watch of {} {}", kind.api, kind.kind), move || {
            let (heard, wake, kind) = (Arc::clone(&heard), Arc::clone(&wake), kind.clone());
            watches::follow(api.clone(), move |event: Heard| {
                if heard.take(&kind, event) {
                    wake.notify_one();
                }
                ControlFlow::Continue(())
            })
        });
        Watch { watched, _task: task }
    }
}

impl Watched {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the first list. A watch that fails later has been told, and what is known stays known.
    async fn synced(&self, deadline: Instant) -> Result<(), Blind> {
        let mut state = self.state.subscribe();
        let settled = state.wait_for(|state| state.listed || state.failing.is_some());
        let Ok(Ok(state)) = tokio::time::timeout_at(deadline, settled).await else {
            return Err(Blind { forbidden: false, why: "the API server has not listed it yet".to_owned() });
        };
        match &state.failing {
            Some(blind) if !state.listed => Err(blind.clone()),
            _ => Ok(()),
        }
    }

    /// Takes in what is heard; says whether it is news: of an object in question, or of the watch itself.
    fn take(&self, kind: &Kind, heard: Heard) -> bool {
        let turned = self.stands(&heard);
        let Ok(event) = heard else { return turned };
        let mut memory = self.memory();
        let news = match event {
            Event::Init => {
                memory.list_begins();
                false
            }
            Event::InitApply(object) => {
                of(&object).into_iter().for_each(|known| memory.lists(id(kind, &object), known));
                false
            }
            Event::InitDone => {
                let news = memory.list_ends();
                self.state.send_modify(|state| state.listed = true);
                news
            }
            Event::Apply(object) => of(&object).is_some_and(|known| memory.stands(&id(kind, &object), known)),
            Event::Delete(object) => of(&object).is_some_and(|last| memory.gone(&id(kind, &object), &last)),
        };
        turned | news
    }

    /// Notes whether the watch works; says whether that is news. A list that has only begun tells nothing yet.
    fn stands(&self, heard: &Heard) -> bool {
        let failing = match heard {
            Ok(Event::Init | Event::InitApply(_)) => return false,
            Ok(_) => None,
            Err(fault) => Some(Blind::of(fault)),
        };
        self.state.send_if_modified(|state| {
            let news = state.failing != failing;
            state.failing = failing;
            news
        })
    }
}

/// Objects that nobody has asked about before were not remembered when they were listed.
async fn ask(rest: &Rest, resource: &Resource, ids: Vec<ObjectId>) -> Result<Vec<(ObjectId, Option<Known>)>, Blind> {
    let asked = futures::stream::iter(ids).map(|id| async move {
        let found = rest.find(&id, resource, false).await;
        found.map(|found| (id, found.as_ref().and_then(known)))
    });
    asked.buffer_unordered(AT_ONCE).try_collect().await.map_err(|fault| Blind::of(&fault))
}

fn id(kind: &Kind, object: &PartialObjectMeta<DynamicObject>) -> ObjectId {
    let namespace = object.metadata.namespace.as_ref().and_then(|name| name.parse().ok());
    let name = object.metadata.name.clone().unwrap_or_default();
    ObjectId::from(Identity { group: kind.api.group.clone(), kind: kind.kind.clone(), namespace, name })
}

fn of(object: &PartialObjectMeta<DynamicObject>) -> Option<Known> {
    let (uid, version) = (object.metadata.uid.clone()?, object.metadata.resource_version.clone()?);
    let terminating = object.metadata.deletion_timestamp.is_some();
    Some(Known { uid: Uid(uid.into()), version: Version(version.into()), terminating })
}

/// What a whole object tells.
pub(super) fn known(object: &serde_json::Value) -> Option<Known> {
    let text = |field: &str| object.pointer(field).and_then(serde_json::Value::as_str).map(str::to_owned);
    let (uid, version) = (text("/metadata/uid")?, text("/metadata/resourceVersion")?);
    let terminating = object.pointer("/metadata/deletionTimestamp").is_some();
    Some(Known { uid: Uid(uid.into()), version: Version(version.into()), terminating })
}
