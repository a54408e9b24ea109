//! How often what a cluster says may change: changed facts wake a compile of the whole fleet, and changed removals that
//! wait leave holds and audit entries, so no spoke may cause many.

use policy::name::ClusterName;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The least time between two changes of one cluster's.
const BETWEEN: Duration = Duration::from_secs(10);

/// When each cluster changed last what this paces, by the monotonic clock.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<BTreeMap<ClusterName, Duration>>);

impl Pace {
    /// Takes the cluster's turn; none left: how long until the next.
    pub(crate) fn take(&self, cluster: &ClusterName, now: Duration) -> Option<Duration> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = last.get(cluster).and_then(|last| until_next(*last, now));
        if wait.is_none() {
            last.insert(cluster.clone(), now);
        }
        wait
    }
}

fn until_next(last: Duration, now: Duration) -> Option<Duration> {
    (last + BETWEEN).checked_sub(now).filter(|wait| !wait.is_zero())
}
