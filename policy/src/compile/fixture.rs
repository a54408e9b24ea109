//! Small catalogs for tests, of documents as people write them.

use crate::bundle::entry::Owner;
use crate::catalog::{Catalog, Cluster, Governance, Parameters, Rule, RuleSet, Scope};
use crate::document::parse;
use crate::kinds::fixture::facts;
use crate::kinds::{self, governance, rule_set};
use crate::name::RuleName;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A rule with the usual governance; `spec` holds what it says beside it, and its scope's namespaces.
pub(crate) fn rule(kind: &str, name: &str, namespaces: Option<&str>, spec: &str) -> Rule {
    let namespaces = namespaces.map(|term| format!(", namespaces: {term}")).unwrap_or_default();
    let text = format!(
        "apiVersion: writ.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  rationale: because\n  risk: low\n  \
         mode: enforce\n  scope: {{clusters: {{}}{namespaces}}}\n{}\n",
        spec.trim_matches('\n')
    );
    let (mut docs, found) = parse(&format!("intents/{name}.yaml"), &text);
    assert_eq!(found, [], "{text}");
    let doc = docs.remove(0);
    let mut spec: Value = doc.value["spec"].clone();
    let written: governance::Spec = serde_json::from_value(spec.clone()).unwrap();
    spec.as_object_mut().unwrap().retain(|key, _| !governance::FIELDS.contains(&key.as_str()));
    let governance = Governance {
        owner: Owner { team: "platform".parse().unwrap(), contact: None, escalation: None },
        rationale: written.rationale,
        controls: written.controls,
        risk: written.risk,
        mode: written.mode,
        scope: Scope { clusters: written.scope.clusters, namespaces: written.scope.namespaces },
        overridable: written.overridable,
    };
    Rule { name: RuleName::new(kind, name.parse().unwrap()), governance, spec, doc: Arc::new(doc) }
}

/// A rule set, of YAML.
pub(crate) fn rule_set(spec: &str) -> RuleSet {
    let written: rule_set::Spec = serde_yaml::from_str(spec).unwrap();
    RuleSet {
        include: written.include.into_iter().collect(),
        scope: Scope { clusters: written.scope.clusters, namespaces: written.scope.namespaces },
        mode: written.mode,
        parameters: written.parameters,
    }
}

/// Clusters eu-1, eu-2 and us-1 with these rules.
pub(crate) fn catalog(rules: impl IntoIterator<Item = Rule>) -> Catalog {
    let cluster = |name: &str| {
        let declared = facts(name, &name[..2], &[]).declared;
        (declared.name.clone(), Cluster { declared, pinned: None })
    };
    Catalog {
        name: "acme".parse().unwrap(),
        clusters: ["eu-1", "eu-2", "us-1"].into_iter().map(cluster).collect(),
        rules: rules.into_iter().map(|rule| (rule.name.clone(), rule)).collect(),
        rule_sets: BTreeMap::new(),
        parameters: Parameters::default(),
        regions: ["eu", "us"].into_iter().map(|region| region.parse().unwrap()).collect(),
        overrides: BTreeMap::new(),
        constraints: BTreeMap::new(),
        authority: BTreeMap::new(),
        root: kinds::catalog::Spec::default(),
    }
}

/// Values, of YAML.
pub(crate) fn values(text: &str) -> BTreeMap<String, Value> {
    serde_yaml::from_str(text).unwrap()
}
