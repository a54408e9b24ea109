//! All namespaces with their labels, kept current by one watch of metadata.

use super::rest::Rest;
use super::watches::{self, Heard};
use k8s_openapi::api::core::v1::Namespace as Resource;
use kube::api::{Api, PartialObjectMeta};
use kube::runtime::watcher::Event;
use policy::name::Namespace;
use policy::seen::NamespaceSeen;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How long a round waits for the first list.
const FIRST_LIST: Duration = Duration::from_secs(10);

type All = BTreeMap<Namespace, NamespaceSeen>;

/// How the watch stands.
#[derive(Debug, Clone, Default)]
struct State {
    /// None before the first list.
    all: Option<Arc<All>>,
    failing: Option<String>,
}

impl State {
    /// Takes in what is heard; says whether it is news.
    fn take(&mut self, heard: Heard<Resource>, listed: &mut All) -> bool {
        let failing = match &heard {
            // A list that has only begun tells nothing of the watch yet.
            Ok(Event::Init | Event::InitApply(_)) => self.failing.clone(),
            Ok(_) => None,
            Err(fault) => Some(service::exit::chain(fault)),
        };
        let turned = self.failing != failing;
        self.failing = failing;
        heard.is_ok_and(|event| take(&mut self.all, event, listed)) || turned
    }
}

/// All namespaces. Dropping it ends the watch.
#[derive(Debug)]
pub(super) struct Namespaces {
    state: Arc<watch::Sender<State>>,
    _task: JoinSet<()>,
}

impl Namespaces {
    /// Begins to watch; `wake` is woken when one comes, goes or changes its labels.
    pub(super) fn start(rest: &Rest, wake: Arc<Notify>) -> Self {
        let state = Arc::new(watch::Sender::new(State::default()));
        let api: Api<PartialObjectMeta<Resource>> = Api::all(rest.client());
        let told = Arc::clone(&state);
        let task = watches::for_ever("the watch of namespaces".to_owned(), move || {
            let (told, wake, mut listed) = (Arc::clone(&told), Arc::clone(&wake), All::new());
            watches::follow(api.clone(), move |heard: Heard<Resource>| {
                if told.send_if_modified(|state| state.take(heard, &mut listed)) {
                    wake.notify_one();
                }
                ControlFlow::Continue(())
            })
        });
        Self { state, _task: task }
    }

    /// All of them.
    ///
    /// # Errors
    /// Why they were never listed.
    pub(super) async fn all(&self) -> Result<Arc<All>, String> {
        let mut state = self.state.subscribe();
        let settled = state.wait_for(|state| state.all.is_some() || state.failing.is_some());
        let slow = || "the API server has not listed namespaces yet".to_owned();
        let state = tokio::time::timeout(FIRST_LIST, settled).await.map_err(|_| slow())?.map_err(|_| slow())?;
        state.all.clone().ok_or_else(|| state.failing.clone().unwrap_or_else(slow))
    }

    /// Why the watch does not work now, if it does not.
    pub(super) fn failing(&self) -> Option<String> {
        self.state.borrow().failing.clone()
    }
}

/// Takes an event in; says whether it changes anything that matters. Of many thousand, one alone is changed.
fn take(all: &mut Option<Arc<All>>, event: Event<PartialObjectMeta<Resource>>, listed: &mut All) -> bool {
    match (event, all) {
        (Event::Init, _) => {
            listed.clear();
            false
        }
        (Event::InitApply(object), _) => {
            listed.extend(seen(&object));
            false
        }
        (Event::InitDone, all) => {
            let now = Some(Arc::new(std::mem::take(listed)));
            let news = *all != now;
            *all = now;
            news
        }
        (Event::Apply(object), Some(all)) => match seen(&object) {
            Some((name, now)) if all.get(&name) != Some(&now) => {
                Arc::make_mut(all).insert(name, now);
                true
            }
            _ => false,
        },
        (Event::Delete(object), Some(all)) => {
            seen(&object).is_some_and(|(name, _)| all.contains_key(&name) && Arc::make_mut(all).remove(&name).is_some())
        }
        (Event::Apply(_) | Event::Delete(_), None) => false,
    }
}

fn seen(object: &PartialObjectMeta<Resource>) -> Option<(Namespace, NamespaceSeen)> {
    let metadata = &object.metadata;
    let labels = metadata.labels.clone().unwrap_or_default();
    let terminating = metadata.deletion_timestamp.is_some();
    Some((metadata.name.as_ref()?.parse().ok()?, NamespaceSeen { labels, terminating }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(name: &str, team: &str, other: &str) -> PartialObjectMeta<Resource> {
        serde_json::from_value(json!({"metadata": {"name": name, "labels": {"team": team}, "resourceVersion": other}}))
            .unwrap()
    }

    #[test]
    fn only_what_matters_is_news() {
        let (mut all, mut listed) = (None, All::new());
        assert!(!take(&mut all, Event::InitApply(object("shop", "web", "1")), &mut listed));
        assert!(take(&mut all, Event::InitDone, &mut listed));
        assert!(take(&mut None, Event::InitDone, &mut listed), "no namespaces are news too, at first");
        assert!(!take(&mut all, Event::Apply(object("shop", "web", "2")), &mut listed));
        assert!(take(&mut all, Event::Apply(object("shop", "pay", "3")), &mut listed));
        let held = all.clone().unwrap();
        assert!(!take(&mut all, Event::Delete(object("other", "pay", "4")), &mut listed));
        assert!(take(&mut all, Event::Delete(object("shop", "pay", "4")), &mut listed));
        assert!(all.unwrap().is_empty() && held.len() == 1, "who has looked keeps what was seen");
    }
}
