//! Faults counted over clusters, so that each is told once.

use crate::diagnostic::Diagnostic;
use crate::name::ClusterName;
use std::collections::{BTreeMap, BTreeSet};

/// Faults, and the clusters in which each was found; none: the fault does not depend on the cluster.
#[derive(Default)]
pub(super) struct Tally<'c>(BTreeMap<Diagnostic, BTreeSet<&'c ClusterName>>);

impl<'c> Tally<'c> {
    /// A fault in all clusters alike.
    pub(super) fn everywhere(&mut self, diagnostic: Diagnostic) {
        self.0.entry(diagnostic).or_default();
    }

    /// A fault in these clusters.
    pub(super) fn within(&mut self, diagnostic: Diagnostic, clusters: impl IntoIterator<Item = &'c ClusterName>) {
        self.0.entry(diagnostic).or_default().extend(clusters);
    }

    /// All of them, each naming the first of its clusters.
    pub(super) fn diagnostics(self) -> Vec<Diagnostic> {
        let told = |(diagnostic, clusters): (Diagnostic, BTreeSet<&ClusterName>)| match clusters.first() {
            None => diagnostic,
            Some(first) => {
                let more = match clusters.len() - 1 {
                    0 => String::new(),
                    1 => " and 1 more cluster".to_owned(),
                    more => format!(" and {more} more clusters"),
                };
                Diagnostic { message: format!("{} in cluster {first}{more}", diagnostic.message), ..diagnostic }
            }
        };
        self.0.into_iter().map(told).collect()
    }
}
