//! Compiling for the whole fleet in parallel. The compiler is pure; the threads are here.

use super::memo::Renderings;
use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, ReportedFacts};
use policy::catalog::Catalog;
use policy::compile::{Compiled, prepare};
use policy::facts::{Capabilities, Facts};
use policy::name::ClusterName;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;

/// What every cluster shall get.
pub(crate) type Wanted = BTreeMap<ClusterName, (Facts, Compiled)>;

impl Hub {
    /// Every declared cluster whose facts are known: reported, else pinned.
    pub(super) async fn fleet(&self, catalog: &Catalog) -> Result<Vec<Facts>, HubError> {
        let reported = records::list::<ReportedFacts>(self.store.as_ref()).await?;
        let reported: BTreeMap<String, Capabilities> =
            reported.into_iter().map(|kept| (kept.id, kept.record.capabilities)).collect();
        let facts = catalog.clusters.iter().filter_map(|(name, cluster)| {
            let capabilities = reported.get(name.as_str()).or(cluster.pinned.as_ref())?.clone();
            Some(Facts { declared: cluster.declared.clone(), capabilities })
        });
        Ok(facts.collect())
    }

    /// Compiles `catalog` for `fleet` on as many threads as the machine has.
    pub(super) async fn compile(&self, catalog: Arc<Catalog>, fleet: Vec<Facts>) -> Result<Wanted, HubError> {
        let memo = self.memo.clone();
        tokio::task::spawn_blocking(move || par_compile(&catalog, fleet, &memo)).await.map_err(|_| HubError::Stopping)
    }
}

fn par_compile(catalog: &Catalog, fleet: Vec<Facts>, memo: &Renderings) -> Wanted {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = fleet.len().div_ceil(threads).max(1);
    let prepared = prepare(catalog);
    let one = |part: &[Facts]| part.iter().map(|facts| prepared.compile(facts, memo)).collect::<Vec<_>>();
    let compiled: Vec<Compiled> = std::thread::scope(|scope| {
        let parts: Vec<_> = fleet.chunks(share).map(|part| scope.spawn(|| one(part))).collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let named = fleet.into_iter().zip(compiled);
    named.map(|(facts, compiled)| (facts.declared.name.clone(), (facts, compiled))).collect()
}
