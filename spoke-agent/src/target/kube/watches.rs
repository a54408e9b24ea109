//! Following everything of one kind: a list, then what changes, for ever.

use super::fault::Fault;
use futures::StreamExt as _;
use kube::api::{Api, PartialObjectMeta};
use kube::runtime::watcher::{self, Event};
use serde::de::DeserializeOwned;
use service::backoff::Backoff;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::time::Duration;

/// A server that comes back is noticed soon: there is one agent in a cluster.
const WAITS: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// What is not granted is granted by a person, and no kind is asked about all the time until then.
const DENIED: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(30));

/// What is heard. After a failure everything is listed again, so that what is heard always tells how the watch stands.
pub(super) type Heard<K> = Result<Event<PartialObjectMeta<K>>, Fault>;

/// Follows until `hear` has heard enough. A watch that fails once is begun again without a word.
pub(super) async fn follow<K>(api: Api<PartialObjectMeta<K>>, mut hear: impl FnMut(Heard<K>) -> ControlFlow<()>)
where
    K: Clone + Debug + DeserializeOwned + Send + 'static,
    PartialObjectMeta<K>: kube::Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let mut failures = 0_u32;
    loop {
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
        failures = failures.saturating_add(1);
        let waits = if fault.is(http::StatusCode::FORBIDDEN) { DENIED } else { WAITS };
        let is_news = failures > 1 && !fault.is(http::StatusCode::GONE);
        if is_news && hear(Err(fault)).is_break() {
            return;
        }
        tokio::time::sleep(waits.ceiling(failures)).await;
    }
}
