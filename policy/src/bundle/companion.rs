//! Entries that are no rules: what has a say over rules. They travel in contents like rules, named by what they are.

use crate::constraint;
use crate::name::{Namespace, RegionName, RuleName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The kinds by which such entries are named.
pub const KINDS: [&str; 3] = [constraint::KIND, AUTHORITY, EXCEPTION];
/// Of entries that hold policies of authority/: `Authority/FILE`.
pub const AUTHORITY: &str = "Authority";
/// Of exceptions.
pub const EXCEPTION: &str = "ExceptionRequest";

/// One entry that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Companion {
    /// `Kind/name`.
    pub name: RuleName,
    /// What it says.
    pub says: Says,
}

/// What an entry says that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Says {
    /// A region's constraint.
    Constraint {
        /// The region.
        region: RegionName,
        /// What may be applied there.
        spec: constraint::Spec,
    },
    /// Policies of authority/ that spokes ask.
    Authority {
        /// Where they stand in the catalog.
        file: String,
        /// Cedar.
        policies: String,
    },
    /// An exception in force.
    Exception(Waiver),
}

/// A time-boxed waiver of one rule: for exactly what it names, until its end (invariants 7 and 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiver {
    /// The rule.
    pub rule: RuleName,
    /// The namespaces in which the rule is waived; none: wherever it holds in this cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<Namespace>>,
    /// Who asked for it.
    pub requested_by: String,
    /// Why.
    pub reason: String,
    /// From when on; none: since it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when, that moment left out.
    pub until: Timestamp,
}

impl Waiver {
    /// Whether it waives `rule` in `namespace` (none: in the cluster as one unit), whenever it is in force.
    #[must_use]
    pub fn names(&self, rule: &RuleName, namespace: Option<&Namespace>) -> bool {
        let here = |all: &Vec<Namespace>| namespace.is_some_and(|namespace| all.contains(namespace));
        self.rule == *rule && self.namespaces.as_ref().is_none_or(here)
    }

    /// Whether it is in force at this moment. Its end has no grace.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && now < self.until
    }
}
