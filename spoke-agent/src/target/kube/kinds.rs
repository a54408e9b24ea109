//! What is known of the objects in question, kept current by one watch of metadata per kind in use.
//!
//! Of a kind, only the objects that somebody asked about are remembered: a cluster may hold many thousand others.

use super::fault::Fault;
use super::rest::{Ask, Rest};
use super::served::{Kind, Resource};
use super::watches::{self, Heard};
use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::{Api, PartialObjectMeta};
use kube::core::{ApiResource, DynamicObject};
use kube::runtime::watcher::Event;
use policy::object::ObjectId;
use policy::plan::inventory::{Uid, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How long a round waits for the first list of a kind.
const FIRST_LIST: Duration = Duration::from_secs(10);
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
    fn of(fault: &Fault) -> Self {
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
    /// Objects in question: absent ones are `None`.
    objects: Mutex<BTreeMap<ObjectId, Option<Known>>>,
}

/// All kinds in use. Dropping it ends the watches.
#[derive(Debug)]
pub(super) struct Kinds {
    wake: Arc<Notify>,
    watched: BTreeMap<Kind, Arc<Watched>>,
    tasks: JoinSet<()>,
}

impl Kinds {
    /// None yet; `wake` is woken when an object in question changes.
    pub(super) fn new(wake: Arc<Notify>) -> Self {
        Self { wake, watched: BTreeMap::new(), tasks: JoinSet::new() }
    }

    /// What is known of `ids`, all of one kind.
    ///
    /// # Errors
    /// [`Blind`] when the kind cannot be listed, or not yet.
    pub(super) async fn of(
        &mut self,
        rest: &Rest,
        resource: &Resource,
        ids: &BTreeSet<&ObjectId>,
    ) -> Result<BTreeMap<ObjectId, Option<Known>>, Blind> {
        let watched = match self.watched.get(&resource.kind) {
            Some(watched) => Arc::clone(watched),
            None => self.start(rest, resource, ids),
        };
        watched.synced().await?;
        watched.ask_about(rest, resource, ids).await?;
        let objects = watched.objects();
        Ok(ids.iter().map(|id| ((*id).clone(), objects.get(*id).cloned().flatten())).collect())
    }

    /// Remembers what a write left, so that the event of one's own write wakes nobody.
    pub(super) fn wrote(&self, kind: &Kind, id: &ObjectId, left: Option<Known>) {
        if let Some(watched) = self.watched.get(kind) {
            watched.wrote(id, left);
        }
    }

    /// Forgets kinds that are no longer in use.
    pub(super) fn keep(&mut self, used: &BTreeSet<Kind>) {
        self.watched.retain(|kind, _| used.contains(kind));
    }

    /// Kinds whose watch does not work now, and why.
    pub(super) fn blind(&self) -> BTreeMap<Kind, Blind> {
        let failing = |watched: &Watched| watched.state.borrow().failing.clone();
        self.watched.iter().filter_map(|(kind, watched)| Some((kind.clone(), failing(watched)?))).collect()
    }

    fn start(&mut self, rest: &Rest, resource: &Resource, ids: &BTreeSet<&ObjectId>) -> Arc<Watched> {
        let objects = ids.iter().map(|id| ((*id).clone(), None)).collect();
        let watched = Arc::new(Watched { state: watch::Sender::default(), objects: Mutex::new(objects) });
        self.watched.insert(resource.kind.clone(), Arc::clone(&watched));
        let api_resource = ApiResource {
            group: resource.kind.api.group.clone(),
            version: resource.kind.api.version.clone(),
            api_version: resource.kind.api.to_string(),
            kind: resource.kind.kind.clone(),
            plural: resource.plural.clone(),
        };
        let api: Api<PartialObjectMeta<DynamicObject>> = Api::all_with(rest.client(), &api_resource);
        // The task ends with its kind: it holds it weakly.
        let (weak, wake, kind) = (Arc::downgrade(&watched), Arc::clone(&self.wake), resource.kind.clone());
        self.tasks.spawn(async move {
            let mut listed = BTreeMap::new();
            let hear = |heard: Heard<DynamicObject>| {
                let Some(watched) = weak.upgrade() else { return ControlFlow::Break(()) };
                if watched.take(&kind, heard, &mut listed) {
                    wake.notify_one();
                }
                ControlFlow::Continue(())
            };
            watches::follow(api, hear).await;
        });
        watched
    }
}

impl Watched {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<ObjectId, Option<Known>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody else may have written since, and the watch may have told that before the answer to our own write came.
    fn wrote(&self, id: &ObjectId, left: Option<Known>) {
        let mut objects = self.objects();
        let known = objects.entry(id.clone()).or_default();
        if is_newer(known.as_ref(), left.as_ref()) {
            *known = left;
        }
    }

    /// Waits for the first list. A watch that fails later has been told, and what is known stays known.
    async fn synced(&self) -> Result<(), Blind> {
        let mut state = self.state.subscribe();
        let settled = state.wait_for(|state| state.listed || state.failing.is_some());
        let Ok(Ok(state)) = tokio::time::timeout(FIRST_LIST, settled).await else {
            return Err(Blind { forbidden: false, why: "the API server has not listed it yet".to_owned() });
        };
        match &state.failing {
            Some(blind) if !state.listed => Err(blind.clone()),
            _ => Ok(()),
        }
    }

    /// Objects that nobody has asked about before were not remembered when they were listed.
    async fn ask_about(&self, rest: &Rest, resource: &Resource, ids: &BTreeSet<&ObjectId>) -> Result<(), Blind> {
        let new: Vec<ObjectId> = {
            let objects = self.objects();
            ids.iter().filter(|id| !objects.contains_key(**id)).map(|id| (*id).clone()).collect()
        };
        let asked = futures::stream::iter(new).map(|id| async move {
            let path = format!("{}/{}", resource.path(id.namespace.as_ref()), id.name);
            let found = rest.get(&Ask::get(path).metadata()).await;
            found.map(|found| (id, found.as_ref().and_then(known)))
        });
        let asked = asked.buffer_unordered(AT_ONCE).try_collect().await;
        let asked: Vec<_> = asked.map_err(|fault| Blind::of(&fault))?;
        let mut objects = self.objects();
        for (id, found) in asked {
            // An event that came meanwhile knows better.
            objects.entry(id).or_insert(found);
        }
        Ok(())
    }

    /// Takes in what is heard; says whether it is news: of an object in question, or of the watch itself.
    fn take(&self, kind: &Kind, heard: Heard<DynamicObject>, listed: &mut BTreeMap<ObjectId, Known>) -> bool {
        let turned = self.stands(&heard);
        turned
            | match heard {
                Err(_) => false,
                Ok(Event::Init) => {
                    listed.clear();
                    false
                }
                Ok(Event::InitApply(object)) => {
                    let id = id(kind, &object);
                    if let (true, Some(known)) = (self.objects().contains_key(&id), of(&object)) {
                        listed.insert(id, known);
                    }
                    false
                }
                Ok(Event::InitDone) => {
                    let news = self.relisted(std::mem::take(listed));
                    self.state.send_modify(|state| state.listed = true);
                    news
                }
                Ok(Event::Apply(object)) => self.now(&id(kind, &object), of(&object)),
                Ok(Event::Delete(object)) => self.gone(&id(kind, &object), of(&object).as_ref()),
            }
    }

    /// Notes whether the watch works; says whether that is news. A list that has only begun tells nothing yet.
    fn stands(&self, heard: &Heard<DynamicObject>) -> bool {
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

    fn relisted(&self, mut listed: BTreeMap<ObjectId, Known>) -> bool {
        let mut news = false;
        for (id, object) in self.objects().iter_mut() {
            let now = listed.remove(id);
            news |= *object != now;
            *object = now;
        }
        news
    }

    fn now(&self, id: &ObjectId, now: Option<Known>) -> bool {
        match self.objects().get_mut(id) {
            Some(object) if is_newer(object.as_ref(), now.as_ref()) => {
                *object = now;
                true
            }
            _ => false,
        }
    }

    fn gone(&self, id: &ObjectId, last: Option<&Known>) -> bool {
        match self.objects().get_mut(id) {
            // One made anew since is another object.
            Some(object) if object.is_some() && object.as_ref().map(|o| &o.uid) == last.map(|l| &l.uid) => {
                *object = None;
                true
            }
            _ => false,
        }
    }
}

/// Whether an event tells something newer than what is known. Versions of one resource count upwards (KEP-5504).
fn is_newer(known: Option<&Known>, now: Option<&Known>) -> bool {
    let number = |known: &Known| known.version.0.parse::<u64>().ok();
    match (known, now) {
        (Some(known), Some(now)) => match (number(known), number(now)) {
            (Some(known), Some(now)) => now > known,
            _ => known != now,
        },
        (known, now) => known != now,
    }
}

fn id(kind: &Kind, object: &PartialObjectMeta<DynamicObject>) -> ObjectId {
    let namespace = object.metadata.namespace.as_ref().and_then(|name| name.parse().ok());
    let name = object.metadata.name.clone().unwrap_or_default();
    ObjectId { group: kind.api.group.clone(), kind: kind.kind.clone(), namespace, name }
}

fn of(object: &PartialObjectMeta<DynamicObject>) -> Option<Known> {
    let (uid, version) = (object.metadata.uid.clone()?, object.metadata.resource_version.clone()?);
    let terminating = object.metadata.deletion_timestamp.is_some();
    Some(Known { uid: Uid(uid), version: Version(version), terminating })
}

/// What a whole object tells.
pub(super) fn known(object: &serde_json::Value) -> Option<Known> {
    let text = |field: &str| object.pointer(field).and_then(serde_json::Value::as_str).map(str::to_owned);
    let (uid, version) = (text("/metadata/uid")?, text("/metadata/resourceVersion")?);
    let terminating = object.pointer("/metadata/deletionTimestamp").is_some();
    Some(Known { uid: Uid(uid), version: Version(version), terminating })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_wrote_is_not_forgotten_over_the_answer_to_our_own_write() {
        let id = ObjectId { group: String::new(), kind: "ConfigMap".into(), namespace: None, name: "otel".into() };
        let at = |version: &str| {
            Some(Known { uid: Uid("u".to_owned()), version: Version(version.to_owned()), terminating: false })
        };
        let objects = Mutex::new(BTreeMap::from([(id.clone(), at("12"))]));
        let watched = Watched { state: watch::Sender::default(), objects };
        watched.wrote(&id, at("11"));
        assert_eq!(watched.objects()[&id], at("12"));
        watched.wrote(&id, at("13"));
        assert_eq!(watched.objects()[&id], at("13"));
    }
}
