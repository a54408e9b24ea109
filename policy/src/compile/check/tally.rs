//! Faults counted over clusters, so that each is told once.

use crate::catalog::{Rule, region_of};
use crate::diagnostic::{Diagnostic, Severity};
use crate::name::ClusterName;
use crate::selector::Meeting;
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

/// A fault of two rules, by whether they meet. Where nobody can tell that any namespace has both, it is a warning; where
/// they look at different labels, only a cluster can tell, and its spoke does.
pub(super) fn where_they_meet(meeting: Meeting, fault: impl FnOnce() -> Diagnostic) -> Option<Diagnostic> {
    match meeting {
        Meeting::Never | Meeting::Untold => None,
        Meeting::Perhaps => {
            let found = fault();
            let message = format!("{}, where a namespace matches both,", found.message);
            Some(Diagnostic { severity: Severity::Warning, message, ..found })
        }
        Meeting::Surely => Some(fault()),
    }
}

/// Of two that contradict each other, the one that is told, and the other: the later one, unless only the earlier stands
/// in a region's folder. What a region adds must not refuse what is everybody's.
pub(super) fn blamed<'t, T>(later: &'t T, earlier: &'t T, rule: fn(&T) -> &Rule) -> (&'t T, &'t T) {
    let regional = |one: &T| region_of(&rule(one).doc.file).is_some();
    if regional(earlier) && !regional(later) { (earlier, later) } else { (later, earlier) }
}
