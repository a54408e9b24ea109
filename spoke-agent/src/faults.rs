//! What is wrong with the agent itself, by topic: the reasons of condition `Degraded`.

use std::collections::BTreeMap;
use tokio::sync::watch;

/// Faults by topic. Logged when they begin and end, not while they last. Clones share one state.
#[derive(Debug, Clone)]
pub struct Faults(watch::Sender<BTreeMap<&'static str, String>>);

impl Default for Faults {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }
}

impl Faults {
    /// All is well with `topic`.
    pub fn clear(&self, topic: &'static str) {
        if self.0.send_if_modified(|faults| faults.remove(topic).is_some()) {
            tracing::info!(topic, "no longer degraded");
        }
    }

    /// Something is wrong with `topic`, or (without a message) all is well.
    pub fn put(&self, topic: &'static str, message: Option<String>) {
        let Some(message) = message else { return self.clear(topic) };
        let known = |faults: &mut BTreeMap<_, _>| faults.insert(topic, message.clone()).as_ref() != Some(&message);
        if self.0.send_if_modified(known) {
            tracing::error!(topic, message, "degraded");
        }
    }

    /// All of them now, and what tells of changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<BTreeMap<&'static str, String>> {
        self.0.subscribe()
    }
}
