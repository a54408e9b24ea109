//! What spokes tell: facts, reports, and the heads they hold. Observations change no policy, so they need no audit entry.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, KeptReport, ReportedFacts};
use policy::facts::Capabilities;
use policy::name::ClusterName;
use policy::report::Report;
use std::time::Duration;

impl Hub {
    /// Takes in what a spoke says of its cluster. The same again changes nothing and wakes nobody. Where the last change
    /// was a moment ago nothing is taken in: then it says after how long to tell the latest again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn facts(
        &self,
        cluster: &ClusterName,
        uid: &str,
        capabilities: Capabilities,
    ) -> Result<Option<Duration>, HubError> {
        let store = self.store.as_ref();
        let stands = records::get::<ReportedFacts>(store, cluster).await?;
        if stands.is_some_and(|kept| kept.record.capabilities == capabilities && kept.record.uid == uid) {
            return Ok(None);
        }
        if let Some(wait) = self.pace_of_facts.take(cluster, self.clock.monotonic()) {
            return Ok(Some(wait));
        }
        let facts = ReportedFacts { capabilities, uid: uid.to_owned(), at: self.clock.wall() };
        records::observe(store, cluster, &facts).await?;
        Ok(None)
    }

    /// Takes in a report that intake has read and checked; the latest wins.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn report(&self, cluster: &ClusterName, report: Report) -> Result<(), HubError> {
        let kept = KeptReport { report: Some(report), at: self.clock.wall() };
        records::observe(self.store.as_ref(), cluster, &kept).await?;
        self.measures.reports.inc();
        Ok(())
    }
}
