//! What is wrong with the agent itself, by topic: the reasons of condition `Degraded`.

use std::collections::BTreeMap;
use tokio::sync::watch;

/// Faults by topic. Logged when they begin and end, not while they last.
#[derive(Debug)]
pub struct Faults(watch::Sender<BTreeMap<&'static str, String>>);

impl Default for Faults {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }
}

impl Faults {
    /// Something is wrong. Says whether that is news.
    pub fn set(&self, topic: &'static str, message: &str) -> bool {
        self.0.send_if_modified(|faults| faults.insert(topic, message.to_owned()).as_deref() != Some(message))
    }

    /// All is well with `topic`.
    pub fn clear(&self, topic: &'static str) {
        self.0.send_if_modified(|faults| faults.remove(topic).is_some());
    }

    /// Sets or clears.
    pub fn put(&self, topic: &'static str, message: Option<String>) {
        match message {
            Some(message) => {
                if self.set(topic, &message) {
                    tracing::error!(topic, message, "degraded");
                }
            }
            None => self.clear(topic),
        }
    }

    /// All of them now, and what tells of changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<BTreeMap<&'static str, String>> {
        self.0.subscribe()
    }
}
