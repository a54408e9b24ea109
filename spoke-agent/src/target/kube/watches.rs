//! Following everything of one kind: a list, then what changes, for ever.

use super::fault::Fault;
use futures::StreamExt as _;
use kube::api::Api;
use kube::runtime::watcher::{self, Event};
use serde::de::DeserializeOwned;
use service::backoff::Backoff;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A server that comes back is noticed soon: there is one agent in a cluster.
const WAITS: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// What is not granted is granted by a person, and no kind is asked about all the time until then.
const DENIED: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(30));

/// A watch that stood for longer was a good one: that it ends is nothing to tell.
const STOOD: Duration = Duration::from_secs(10);

/// Before a task that has ended begins anew.
const PAUSE: Duration = Duration::from_secs(1);

/// What is heard. After a failure everything is listed again, so that what is heard always tells how the watch stands.
pub(super) type Heard<K> = Result<Event<K>, Fault>;

/// Does `work` for ever, in a task of its own: where that ends, which only a panic does, it begins anew. Dropping what is
/// given ends it.
pub(super) fn for_ever<F>(what: String, work: impl Fn() -> F + Send + 'static) -> JoinSet<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut task = JoinSet::new();
    task.spawn(async move {
        loop {
            let mut work = JoinSet::from_iter([work()]);
            let ended = work.join_next().await;
            tracing::error!(what, ?ended, "a task has ended; it begins anew");
            tokio::time::sleep(PAUSE).await;
        }
    });
    task
}

/// Follows until `hear` has heard enough. A watch that fails once is begun again without a word.
pub(super) async fn follow<K>(api: Api<K>, mut hear: impl FnMut(Heard<K>) -> ControlFlow<()>)
where
    K: kube::Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let mut failures = 0_u32;
    loop {
        let began = Instant::now();
        let mut events = std::pin::pin!(watcher::watcher(api.clone(), watcher::Config::default()));
        let fault = loop {
            match events.next().await {
                Some(Ok(event)) => {
                    // A list may come from a server whose watches fail all the same.
                    if matches!(event, Event::Apply(_) | Event::Delete(_)) {
                        failures = 0;
                    }
                    if hear(Ok(event)).is_break() {
                        return;
                    }
                }
                Some(Err(error)) => break Fault::from(error),
                None => break Fault::Unreachable("the watch ended".to_owned()),
            }
        };
        failures = if began.elapsed() > STOOD { 1 } else { failures.saturating_add(1) };
        let waits = if fault.is(http::StatusCode::FORBIDDEN) { DENIED } else { WAITS };
        let is_news = failures > 1 && !fault.is(http::StatusCode::GONE);
        if is_news && hear(Err(fault)).is_break() {
            return;
        }
        tokio::time::sleep(waits.ceiling(failures)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::Notify;

    #[tokio::test]
    async fn work_that_panics_begins_anew() {
        let (failed, anew) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let (before, told) = (Arc::clone(&failed), Arc::clone(&anew));
        let _task = for_ever("it".to_owned(), move || {
            let (before, told) = (Arc::clone(&before), Arc::clone(&told));
            async move {
                assert!(before.swap(true, Ordering::Relaxed), "a defect");
                told.notify_one();
                std::future::pending().await
            }
        });
        anew.notified().await;
    }
}
