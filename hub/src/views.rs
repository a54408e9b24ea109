//! What the hub knows, for people to read.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Identity, Issued, JoinToken, KeptReport, Refusal, ReportedFacts};
use crate::store::Audited;
use policy::catalog::Cluster;
use policy::name::ClusterName;
use policy::report::Report;
use std::collections::{BTreeMap, BTreeSet};

/// One cluster from every side.
#[derive(Debug, Clone)]
pub struct ClusterView {
    /// Its name.
    pub name: ClusterName,
    /// As the catalog in force declares it; none: it is known from earlier only.
    pub declared: Option<Cluster>,
    /// Who it is; none before it joined.
    pub identity: Option<Identity>,
    /// Whether a join string waits to be used.
    pub invited: bool,
    /// Whether its spoke follows now.
    pub following: bool,
    /// What it was last issued.
    pub issued: Option<Issued>,
    /// What its spoke said of it.
    pub facts: Option<ReportedFacts>,
    /// Its newest report.
    pub report: Option<KeptReport>,
}

impl ClusterView {
    /// What its newest report says.
    #[must_use]
    pub fn told(&self) -> Option<&Report> {
        self.report.as_ref()?.report.as_ref()
    }
}

impl Hub {
    /// All clusters that are declared or have joined, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clusters(&self) -> Result<Vec<ClusterView>, HubError> {
        let store = self.store.as_ref();
        let now = self.clock.wall();
        let tokens = records::list::<JoinToken>(store).await?;
        let mut facts = by_cluster(records::list::<ReportedFacts>(store).await?);
        let mut reports = by_cluster(records::list::<KeptReport>(store).await?);
        let (members, issued, catalog) = (self.members.borrow().clone(), self.issued(), self.catalog());
        let usable = |kept: &records::Kept<JoinToken>| {
            now < kept.record.expires && members.admits_token_of(&kept.record.cluster, kept.revision)
        };
        let invited: BTreeSet<ClusterName> =
            tokens.into_iter().filter(usable).map(|kept| kept.record.cluster).collect();
        let declared = catalog.iter().flat_map(|catalog| catalog.clusters.keys());
        let names: BTreeSet<ClusterName> = declared.chain(members.names()).cloned().collect();
        let view = |name: ClusterName| ClusterView {
            declared: catalog.as_ref().and_then(|catalog| catalog.clusters.get(&name)).cloned(),
            identity: members.of(&name).cloned(),
            invited: invited.contains(&name),
            following: self.is_following(&name),
            issued: issued.clusters.get(&name).cloned(),
            facts: facts.remove(name.as_str()),
            report: reports.remove(name.as_str()),
            name,
        };
        Ok(names.into_iter().map(view).collect())
    }

    /// One cluster.
    ///
    /// # Errors
    /// [`HubError::UnknownCluster`] when it is neither declared nor joined.
    pub async fn cluster(&self, name: &ClusterName) -> Result<ClusterView, HubError> {
        let found = self.clusters().await?.into_iter().find(|view| view.name == *name);
        found.ok_or_else(|| HubError::UnknownCluster(name.clone()))
    }

    /// The newest revision that was refused, with its diagnostics.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn refusal(&self) -> Result<Option<Refusal>, HubError> {
        Ok(records::get::<Refusal>(self.store.as_ref(), &records::Only).await?.map(|kept| kept.record))
    }

    /// The newest audit entries, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn audit(&self, limit: u32) -> Result<Vec<Audited>, HubError> {
        Ok(self.store.audit_newest(limit).await?)
    }
}

fn by_cluster<R>(kept: Vec<records::Kept<R>>) -> BTreeMap<String, R> {
    kept.into_iter().map(|kept| (kept.id, kept.record)).collect()
}
