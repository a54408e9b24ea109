//! What the tasks of one agent share: each value is published through a `watch`, so that slow readers skip what has
//! passed.

use crate::cache::Bundles;
use crate::chance::Chance;
use crate::explain::Grounds;
use crate::faults::Faults;
use crate::history::History;
use crate::identity::{Joined, Trusted};
use crate::measures::Measures;
use crate::reconcile::Round;
use crate::time::Time;
use bytes::Bytes;
use jiff::Timestamp;
use policy::bundle::head::Head;
use policy::bundle::verify::Bundle;
use policy::facts::Capabilities;
use policy::mode::Mode;
use policy::name::ClusterName;
use policy::report::Report;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// The newest head ever seen: nothing below it is taken up.
#[derive(Debug, Clone, PartialEq)]
pub struct Watermark {
    /// The head.
    pub head: Head,
    /// Its envelope.
    pub bytes: Bytes,
}

impl Watermark {
    /// Of two watermarks the one of the higher rank counts.
    #[must_use]
    pub const fn rank(&self) -> (u64, Timestamp) {
        (self.head.sequence, self.head.issued_at)
    }
}

/// What is in force.
#[derive(Debug, Clone, Default)]
pub struct Force {
    /// The bundle; none before the first, and where the cache was refused.
    pub bundle: Option<Arc<Bundle>>,
    /// The newest head seen.
    pub watermark: Option<Watermark>,
    /// The head that the cluster remembers, while nothing is there to judge it by, or only trust documents that are older
    /// than the one that it names: it is told on as it is.
    pub unjudged: Option<Value>,
    /// What the cluster remembers cannot be read: no hub is followed, and nothing is told over it.
    pub unread: bool,
}

/// Whether a hub is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Nothing is known yet: what was told before still stands.
    Pending,
    /// No longer, or it could not be reached.
    Down {
        /// Why, for people.
        why: String,
    },
    /// Hubs answer, and will not hear this identity again.
    Revoked,
    /// A stream stands.
    Up {
        /// With whom.
        hub: String,
        /// Whether its catalog declares this cluster no longer: then no heads come.
        undeclared: bool,
    },
}

/// How long a hub is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For an answer, and for each part of a long one.
    pub answer: Duration,
    /// For a newer head, when the one in force is no longer fresh and another hub might have one.
    pub head: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answer: Duration::from_secs(30), head: Duration::from_secs(120) }
    }
}

/// One agent.
#[derive(Debug)]
pub struct Agent {
    /// Which cluster it is.
    pub cluster: ClusterName,
    /// The cluster's own uid, made once.
    pub cluster_uid: String,
    /// As what it joined.
    pub joined: Joined,
    /// Whom it trusts; none while the stored documents are not believed.
    pub trusted: watch::Sender<Option<Trusted>>,
    /// Trusted time.
    pub time: Time,
    /// How long hubs are waited for.
    pub patience: Patience,
    /// Randomness.
    pub chance: Arc<Chance>,
    /// The bundle on disk.
    pub bundles: Bundles,
    /// What is in force.
    pub force: watch::Sender<Arc<Force>>,
    /// What the last round came to.
    pub round: watch::Sender<Option<Arc<Round>>>,
    /// What the last round was made of, for whoever asks why.
    pub grounds: watch::Sender<Option<Arc<Grounds>>>,
    /// What became of units, and when.
    pub history: Mutex<History>,
    /// What the cluster can do, as last seen.
    pub capabilities: watch::Sender<Capabilities>,
    /// Whether a hub is heard.
    pub link: watch::Sender<Link>,
    /// What is told to the hub.
    pub report: watch::Sender<Option<Arc<Report>>>,
    /// What is wrong with the agent itself.
    pub faults: Faults,
    /// What it measures of itself.
    pub measures: Measures,
    /// Wakes the reconciler.
    pub wake: Arc<Notify>,
    /// Held by whoever puts an offer in force: see [`crate::commit`].
    pub commits: Mutex<()>,
}

impl Force {
    /// The cluster's mode, as the newest head says it.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        Some(self.watermark.as_ref()?.head.cluster.mode)
    }
}

impl Agent {
    /// What is in force now.
    #[must_use]
    pub fn force(&self) -> Arc<Force> {
        Arc::clone(&self.force.borrow())
    }

    /// Puts a bundle in force. Its head is a good one, so nothing of an earlier refusal to believe what lay in the cache
    /// or in the cluster stands any longer.
    pub fn take_up(&self, bundle: Arc<Bundle>, watermark: Watermark) {
        self.put_in_force(Force { bundle: Some(bundle), watermark: Some(watermark), unjudged: None, unread: false });
        self.faults.clear("cache");
        self.faults.clear("watermark");
    }

    /// Puts what was verified in force.
    pub fn put_in_force(&self, force: Force) {
        if let Some(mark) = &force.watermark {
            self.time.signed(mark.head.issued_at);
        }
        self.force.send_replace(Arc::new(force));
        self.wake.notify_one();
    }

    /// Where hubs answer: as the newest head says, then as the join string said.
    #[must_use]
    pub fn hubs(&self) -> Vec<String> {
        let mut hubs = self.force().watermark.as_ref().map(|mark| mark.head.hubs.clone()).unwrap_or_default();
        hubs.extend(self.joined.hubs.iter().cloned());
        let mut seen = std::collections::BTreeSet::new();
        hubs.retain(|hub| seen.insert(hub.clone()));
        hubs
    }
}
