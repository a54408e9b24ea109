//! The one selector grammar: Kubernetes' own, plus `regions`, `names` and `except`. `{}` is all.

pub(crate) mod fault;
pub mod meet;

pub use meet::Meeting;

use crate::facts::{Declared, Labels};
use crate::name::{Namespace, RegionName};
use serde::{Deserialize, Serialize};

/// `matchLabels` and `matchExpressions`, all of which must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LabelSelector {
    /// Labels with exactly these values.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub match_labels: Labels,
    /// Further requirements.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<Requirement>,
}

/// One requirement on one label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How its value is compared.
    pub operator: Operator,
    /// The values: some for In and NotIn, none otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// How a requirement compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Operator {
    /// The value is one of these.
    In,
    /// The label is absent, or its value none of these.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl LabelSelector {
    /// Whether `labels` satisfy all requirements.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// By name and by labels: what clusters and namespaces are selected by alike, as people write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Term {
    /// Only these; none given: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// Not these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Requirements on labels.
    #[serde(flatten)]
    pub labels: LabelSelector,
}

impl Term {
    /// Whether it selects what has this name and these labels.
    #[must_use]
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        self.names.as_ref().is_none_or(|names| names.iter().any(|n| n == name))
            && !self.except.iter().any(|n| n == name)
            && self.labels.matches(labels)
    }
}

/// Which clusters a rule governs.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterSelector {
    /// Only in these regions; none given: in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<RegionName>>,
    /// Only those of them that it selects.
    #[serde(flatten)]
    pub term: Term,
}

impl ClusterSelector {
    /// Whether the rule governs `cluster`.
    #[must_use]
    pub fn matches(&self, cluster: &Declared) -> bool {
        self.regions.as_ref().is_none_or(|regions| regions.contains(&cluster.region))
            && self.term.matches(cluster.name.as_str(), &cluster.labels)
    }
}

/// Which namespaces a rule governs: every one of `all` must match, so that the scopes of a rule and of its rule set
/// combine without being merged.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceSelector {
    /// Each must match.
    pub all: Vec<Term>,
}

impl NamespaceSelector {
    /// Whether the rule governs the namespace `name` with these labels.
    #[must_use]
    pub fn matches(&self, name: &Namespace, labels: &Labels) -> bool {
        self.all.iter().all(|term| term.matches(name.as_str(), labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;
    use serde_json::{Value, json};

    /// Whether a selector selects `shop` of region eu with the label tier=core: as a cluster, and as a namespace.
    fn selects(selector: Value) -> (bool, bool) {
        let labels = Labels::from([("tier".to_owned(), "core".to_owned())]);
        let region = "eu".parse().unwrap();
        let cluster = Declared { name: "shop".parse().unwrap(), region, labels: labels.clone(), mode: Mode::Enforce };
        let clusters: ClusterSelector = serde_json::from_value(selector.clone()).unwrap();
        let namespaces = NamespaceSelector { all: vec![serde_json::from_value(selector).unwrap()] };
        (clusters.matches(&cluster), namespaces.matches(&"shop".parse().unwrap(), &labels))
    }

    #[test]
    fn clusters_and_namespaces_are_selected_alike() {
        for (selector, selected) in [
            (json!({}), true),
            (json!({"names": ["shop", "web"]}), true),
            (json!({"names": []}), false),
            (json!({"except": ["shop"]}), false),
            (json!({"names": ["shop"], "except": ["shop"]}), false),
            (json!({"matchLabels": {"tier": "core"}}), true),
            (json!({"matchLabels": {"tier": "edge"}}), false),
            (json!({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["core"]}]}), false),
            (json!({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}), true),
        ] {
            assert_eq!(selects(selector.clone()), (selected, selected), "{selector}");
        }
    }

    #[test]
    fn only_clusters_have_a_region() {
        assert!(!selects(json!({"regions": ["us"], "names": ["shop"]})).0);
        assert!(selects(json!({"regions": ["us", "eu"], "names": ["shop"]})).0);
    }

    #[test]
    fn a_selector_is_written_as_it_was_read() {
        let written = json!({"regions": ["eu"], "except": ["a"], "matchLabels": {"tier": "core"}});
        let selector: ClusterSelector = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(selector).unwrap(), written);
    }
}
