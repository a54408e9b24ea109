//! Values of parameters by level. The order is: cluster, region, rule set, global, the declared default.

use super::assign::Set;
use crate::canonical;
use crate::catalog::{Catalog, RegionalOverride};
use crate::digest::Digest;
use crate::facts::Declared;
use crate::name::{ClusterName, DocumentName, RegionName, RuleName};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// A value and its digest, made once for all clusters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Valued<'c> {
    pub(super) value: &'c Value,
    pub(super) digest: Digest,
}

/// Values by parameter name.
pub(super) type Values<'c> = BTreeMap<&'c str, Valued<'c>>;

/// Digests each value.
pub(super) fn valued(values: &BTreeMap<String, Value>) -> Values<'_> {
    values.iter().map(|(name, value)| (name.as_str(), Valued { value, digest: digest(value) })).collect()
}

/// A value without canonical form cannot be rendered either, so its key may be any that changes with it.
fn digest(value: &Value) -> Digest {
    canonical::digest(value).unwrap_or_else(|_| Digest::of(value.to_string().as_bytes()))
}

/// All levels but the rule sets'.
pub(super) struct Levels<'c> {
    global: Values<'c>,
    regions: BTreeMap<&'c RegionName, Values<'c>>,
    clusters: BTreeMap<&'c ClusterName, Values<'c>>,
    overrides: BTreeMap<&'c RegionName, Overrides<'c>>,
}

/// What a region overrides, by rule.
type Overrides<'c> = BTreeMap<&'c RuleName, Vec<&'c RegionalOverride>>;

/// The levels that one cluster sees.
#[derive(Clone, Copy)]
pub(super) struct Seen<'p, 'c> {
    global: &'p Values<'c>,
    region: Option<&'p Values<'c>>,
    cluster: Option<&'p Values<'c>>,
    overrides: Option<&'p Overrides<'c>>,
}

/// A value and where it came from.
#[derive(Clone, Copy)]
pub(super) struct Found<'p, 'c> {
    pub(super) valued: &'p Valued<'c>,
    pub(super) level: Level<'c>,
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level<'c> {
    Cluster,
    Region,
    RuleSet(&'c DocumentName),
    Global,
}

impl fmt::Display for Level<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => f.write_str("the cluster's parameters"),
            Self::Region => f.write_str("its region's parameters"),
            Self::RuleSet(name) => write!(f, "rule set {name}"),
            Self::Global => f.write_str("the global parameters"),
        }
    }
}

impl<'c> Levels<'c> {
    pub(super) fn of(catalog: &'c Catalog) -> Self {
        let parameters = &catalog.parameters;
        Self {
            global: valued(&parameters.global),
            regions: parameters.regions.iter().map(|(region, values)| (region, valued(values))).collect(),
            clusters: parameters.clusters.iter().map(|(cluster, values)| (cluster, valued(values))).collect(),
            overrides: catalog.overrides.iter().map(|(region, all)| (region, by_rule(all))).collect(),
        }
    }

    /// What `cluster` sees of them.
    pub(super) fn seen_by(&self, cluster: &Declared) -> Seen<'_, 'c> {
        Seen {
            global: &self.global,
            region: self.regions.get(&cluster.region),
            cluster: self.clusters.get(&cluster.name),
            overrides: self.overrides.get(&cluster.region),
        }
    }
}

fn by_rule(all: &[RegionalOverride]) -> Overrides<'_> {
    let mut overrides = Overrides::new();
    for given in all {
        overrides.entry(&given.spec.rule).or_default().push(given);
    }
    overrides
}

impl<'p, 'c> Seen<'p, 'c> {
    /// What the region overrides of `rule`.
    pub(super) fn overrides(&self, rule: &RuleName) -> Vec<&'c RegionalOverride> {
        self.overrides.and_then(|overrides| overrides.get(rule)).cloned().unwrap_or_default()
    }

    /// The value of the parameter `name` under these rule sets.
    pub(super) fn find(&self, name: &str, sets: &[&'p Set<'c>]) -> Option<Found<'p, 'c>> {
        let at = |values: Option<&'p Values<'c>>, level| {
            values.and_then(|values| values.get(name)).map(|valued| Found { valued, level })
        };
        at(self.cluster, Level::Cluster)
            .or_else(|| at(self.region, Level::Region))
            .or_else(|| sets.iter().find_map(|set| at(Some(&set.values), Level::RuleSet(set.name))))
            .or_else(|| at(Some(self.global), Level::Global))
    }
}
