//! `Catalog`: the one document in `writ.yaml`.

use crate::name::{RegionName, TeamName};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// As documents write it.
pub const KIND: &str = "Catalog";

/// What `writ.yaml` says of the whole catalog.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// The regions that there are.
    pub regions: Vec<RegionName>,
    /// The teams, by name.
    #[serde(default)]
    pub teams: BTreeMap<TeamName, Team>,
    /// Who owns what lies below a path.
    #[serde(default)]
    pub domains: Vec<Domain>,
    /// What stays local: intents do not touch it, unless authority/ lets a rule overrule that.
    #[serde(default)]
    pub local_domains: BTreeSet<LocalDomain>,
    /// Which commits must be signed.
    #[serde(default)]
    pub verify: Verify,
}

impl Spec {
    /// The team that answers for what stands at `path`: the owner of the longest domain that covers it.
    #[must_use]
    pub fn owner_of(&self, path: &str) -> Option<&TeamName> {
        let covers = |domain: &str| {
            domain.is_empty() || path.strip_prefix(domain).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let domains = self
            .domains
            .iter()
            .map(|domain| (domain.path.trim_end_matches('/').trim_start_matches("./"), &domain.owner));
        domains.filter(|(path, _)| covers(path)).max_by_key(|(path, _)| path.len()).map(|(_, owner)| owner)
    }

    /// The teams that a person is in.
    pub fn teams_of<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a TeamName> {
        let of = move |team: &Team| team.members.iter().any(|member| member == person);
        self.teams.iter().filter(move |(_, team)| of(team)).map(|(name, _)| name)
    }
}

/// One team.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Team {
    /// The people in it.
    #[serde(default)]
    pub members: Vec<String>,
    /// How to reach it.
    #[serde(default)]
    pub contact: Option<String>,
}

/// Who owns what lies below a path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Domain {
    /// A folder of the catalog, such as `intents/payments`.
    pub path: String,
    /// The team that answers for it.
    pub owner: TeamName,
}

/// What may stay local. Closed: what of an object each means is said in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LocalDomain {
    /// On which nodes pods may run: affinity, node selectors, spreading.
    Affinity,
    /// Which taints pods tolerate.
    Tolerations,
    /// In which runtime pods run, and what runtimes there are.
    RuntimeClass,
    /// Storage classes, and which one a claim takes.
    Storage,
    /// The network beneath policies: what the network plugin itself is told.
    Cni,
}

impl LocalDomain {
    /// As writ.yaml writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Affinity => "affinity",
            Self::Tolerations => "tolerations",
            Self::RuntimeClass => "runtimeClass",
            Self::Storage => "storage",
            Self::Cni => "cni",
        }
    }
}

impl fmt::Display for LocalDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which commits must be signed before they are taken up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verify {
    /// None: who may change what is then for the git server to keep.
    #[default]
    None,
    /// The newest: its signer answers for all that changed since the last accepted revision.
    Head,
    /// The annotated tag that is followed: its signer answers for all that changed.
    Tag,
    /// Every one: each signer answers for what that commit changes.
    Every,
}
