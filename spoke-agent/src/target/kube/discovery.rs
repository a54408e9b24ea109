//! What is served, asked again from time to time and when something hints that it has changed.

use super::rest::Rest;
use super::served::Served;
use super::watches;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// How often it is asked: the documents are some hundred kilobytes at most, and the server has them ready.
const PERIOD: Duration = Duration::from_secs(10);
/// Not more often, whoever asks.
const PACE: Duration = Duration::from_secs(1);

/// What was found last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// What is served. Where the server could not be asked, that of before: a failed discovery takes nothing away.
    pub(super) served: Arc<Served>,
    /// Why it cannot be asked now.
    pub(super) failing: Option<String>,
}

/// What is served. Dropping it ends the asking.
#[derive(Debug)]
pub(super) struct Discovery {
    found: watch::Receiver<Found>,
    again: Arc<Notify>,
    _task: JoinSet<()>,
}

impl Discovery {
    /// Begins with what is `served` now; `wake` is woken when it changes.
    pub(super) fn start(rest: &Rest, served: Served, wake: Arc<Notify>) -> Self {
        let (told, found) = watch::channel(Found { served: Arc::new(served), failing: None });
        let (again, told) = (Arc::new(Notify::new()), Arc::new(told));
        let (rest, asked) = (rest.clone(), Arc::clone(&again));
        let task = watches::for_ever("discovery".to_owned(), move || {
            keep_asking(rest.clone(), Arc::clone(&told), Arc::clone(&asked), Arc::clone(&wake))
        });
        Self { found, again, _task: task }
    }

    /// What was found last.
    pub(super) fn found(&self) -> Found {
        self.found.borrow().clone()
    }

    /// Something is not as it was found: looks again soon.
    pub(super) fn again(&self) {
        self.again.notify_one();
    }
}

async fn keep_asking(rest: Rest, told: Arc<watch::Sender<Found>>, asked: Arc<Notify>, wake: Arc<Notify>) {
    loop {
        tokio::time::sleep(PACE).await;
        // Nothing else is waited for than to be asked, or the next time.
        let _ = tokio::time::timeout(PERIOD, asked.notified()).await;
        let before = told.borrow().clone();
        let now = after(&rest, before).await;
        let is_news = |found: &mut Found| {
            let news = *found != now;
            found.clone_from(&now);
            news
        };
        if told.send_if_modified(is_news) {
            wake.notify_one();
        }
    }
}

async fn after(rest: &Rest, before: Found) -> Found {
    match Served::discover(rest, &before.served).await {
        Ok(served) => Found { served: Arc::new(served), failing: None },
        Err(fault) => Found { failing: Some(service::exit::chain(&fault)), ..before },
    }
}
