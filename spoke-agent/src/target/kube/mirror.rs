//! All objects of one kind, each reduced to what matters of it, kept current by one watch.

use super::kinds::Blind;
use super::watches::{self, Heard};
use kube::api::Api;
use kube::runtime::watcher::Event;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How long a round waits for the first list.
const FIRST_LIST: Duration = Duration::from_secs(10);

/// What matters of them, by what they are called.
type All<N, V> = BTreeMap<N, V>;

/// How the watch stands.
#[derive(Debug)]
struct State<N, V> {
    /// None before the first list.
    all: Option<Arc<All<N, V>>>,
    failing: Option<Blind>,
}

/// All of them. Dropping it ends the watch.
#[derive(Debug)]
pub(super) struct Mirror<N, V> {
    what: &'static str,
    state: Arc<watch::Sender<State<N, V>>>,
    _task: JoinSet<()>,
}

impl<N, V> Mirror<N, V>
where
    N: Ord + Clone + Send + Sync + 'static,
    V: PartialEq + Clone + Send + Sync + 'static,
{
    /// Begins to watch `what`; `wake` is woken when something changes that matters. What `reduce` makes nothing of is
    /// passed over.
    pub(super) fn start<K>(
        what: &'static str,
        api: Api<K>,
        reduce: impl Fn(&K) -> Option<(N, V)> + Clone + Send + 'static,
        wake: Arc<Notify>,
    ) -> Self
    where
        K: kube::Resource + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    {
        let state = Arc::new(watch::Sender::new(State { all: None, failing: None }));
        let told = Arc::clone(&state);
        let task = watches::for_ever(format!("the watch of {what}"), move || {
            let (told, wake, reduce) = (Arc::clone(&told), Arc::clone(&wake), reduce.clone());
            let mut listed = All::new();
            watches::follow(api.clone(), move |heard: Heard<K>| {
                if told.send_if_modified(|state| state.take(heard, &reduce, &mut listed)) {
                    wake.notify_one();
                }
                ControlFlow::Continue(())
            })
        });
        Self { what, state, _task: task }
    }

    /// All of them.
    ///
    /// # Errors
    /// Why they were never listed.
    pub(super) async fn all(&self) -> Result<Arc<All<N, V>>, Blind> {
        let mut state = self.state.subscribe();
        let settled = state.wait_for(|state| state.all.is_some() || state.failing.is_some());
        let why = || format!("the API server has not listed {} yet", self.what);
        let slow = || Blind { forbidden: false, why: why() };
        let state = tokio::time::timeout(FIRST_LIST, settled).await.map_err(|_| slow())?.map_err(|_| slow())?;
        state.all.clone().ok_or_else(|| state.failing.clone().unwrap_or_else(slow))
    }

    /// All of them, if they were listed.
    pub(super) fn now(&self) -> Option<Arc<All<N, V>>> {
        self.state.borrow().all.clone()
    }

    /// Why the watch does not work now, if it does not.
    pub(super) fn failing(&self) -> Option<Blind> {
        self.state.borrow().failing.clone()
    }
}

impl<N: Ord + Clone, V: PartialEq + Clone> State<N, V> {
    /// Takes in what is heard; says whether it is news.
    fn take<K>(&mut self, heard: Heard<K>, reduce: &impl Fn(&K) -> Option<(N, V)>, listed: &mut All<N, V>) -> bool {
        let failing = match &heard {
            // A list that has only begun tells nothing of the watch yet.
            Ok(Event::Init | Event::InitApply(_)) => self.failing.clone(),
            Ok(_) => None,
            Err(fault) => Some(Blind::of(fault)),
        };
        let turned = self.failing != failing;
        self.failing = failing;
        heard.is_ok_and(|event| self.hear(event, reduce, listed)) || turned
    }

    /// Takes an event in; says whether it changes anything that matters. Of many thousand, one alone is changed.
    fn hear<K>(&mut self, event: Event<K>, reduce: &impl Fn(&K) -> Option<(N, V)>, listed: &mut All<N, V>) -> bool {
        match (event, &mut self.all) {
            (Event::Init, _) => {
                listed.clear();
                false
            }
            (Event::InitApply(object), _) => {
                listed.extend(reduce(&object));
                false
            }
            (Event::InitDone, all) => {
                let now = Some(Arc::new(std::mem::take(listed)));
                let news = *all != now;
                *all = now;
                news
            }
            (Event::Apply(object), Some(all)) => match reduce(&object) {
                Some((name, now)) if all.get(&name) != Some(&now) => {
                    Arc::make_mut(all).insert(name, now);
                    true
                }
                _ => false,
            },
            (Event::Delete(object), Some(all)) => {
                let name = reduce(&object).map(|(name, _)| name);
                name.is_some_and(|name| all.contains_key(&name) && Arc::make_mut(all).remove(&name).is_some())
            }
            (Event::Apply(_) | Event::Delete(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name and a value, of which the value matters.
    fn reduce(&(name, value): &(&'static str, u8)) -> Option<(&'static str, u8)> {
        (value > 0).then_some((name, value))
    }

    #[test]
    fn only_what_matters_is_news() {
        let mut state = State { all: None, failing: None };
        let mut listed = All::new();
        let mut hear = |event| state.take(Ok(event), &reduce, &mut listed);
        assert!(!hear(Event::Init) && !hear(Event::InitApply(("shop", 1))));
        assert!(hear(Event::InitDone));
        assert!(!hear(Event::Apply(("shop", 1))) && !hear(Event::Apply(("odd", 0))));
        assert!(hear(Event::Apply(("shop", 3))));
        let held = state.all.clone().unwrap();
        let mut hear = |event| state.take(Ok(event), &reduce, &mut listed);
        assert!(!hear(Event::Delete(("other", 4))));
        assert!(hear(Event::Delete(("shop", 4))));
        assert!(state.all.unwrap().is_empty() && held.len() == 1, "who has looked keeps what was seen");
    }

    #[test]
    fn that_there_is_nothing_is_news_at_first() {
        let mut state = State { all: None, failing: None };
        assert!(state.take(Ok(Event::InitDone), &reduce, &mut All::new()));
    }
}
