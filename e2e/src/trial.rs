//! A rule that clusters may override, and what operators of a cluster say of it.

use anyhow::Result;
use std::fs;
use xtask::lab::Cast;

/// The namespaces of the rule.
pub const NAMESPACES: [&str; 2] = ["trial-a", "trial-b"];
/// The rule.
pub const RULE: &str = "ResourceGuard/trial";
/// The object that it makes in each.
pub const QUOTA: &str = "writ-trial";
/// How many pods it allows.
pub const DEFAULT: &str = "100";

const INTENT: &str = r#"apiVersion: writ.dev/v1alpha1
kind: ResourceGuard
metadata: {name: trial}
spec:
  owner: {team: platform}
  rationale: A trial takes no more than its share.
  risk: low
  mode: enforce
  scope: {clusters: {}, namespaces: {matchLabels: {purpose: trial}}}
  overridable:
  - {field: "spec.quota[pods]", by: cluster, bounds: {atMost: "200"}}
  quota: {pods: "100"}
---
apiVersion: writ.dev/v1alpha1
kind: ConfigTemplate
metadata: {name: trial-note}
spec:
  owner: {team: platform}
  rationale: Who works in a trial knows that it is one.
  risk: low
  mode: enforce
  scope: {clusters: {}, namespaces: {matchLabels: {purpose: trial}}}
  objects:
  - manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: trial}, data: {note: trial}}
"#;

const AUTHORITY: &str = r#"// Clusters may fill what rules let them fill.
@id("clusters-override")
permit (principal is Writ::Cluster, action == Writ::Action::"override", resource is Writ::Rule);
"#;

/// Publishes the rule, and that clusters may override.
///
/// # Errors
/// When the hub refuses it.
pub fn publish(cast: &Cast) -> Result<()> {
    fs::write(cast.repository.join("intents/trial.yaml"), INTENT)?;
    fs::write(cast.repository.join("authority/overrides.cedar"), AUTHORITY)?;
    cast.commit("A trial that clusters may override")?;
    cast.writ(&["catalog", "refresh"]).map(drop)
}

/// An override of the number of pods.
#[must_use]
pub fn pods(name: &str, value: &str) -> String {
    format!(
        "apiVersion: writ.dev/v1alpha1\nkind: Override\nmetadata: {{name: {name}}}\n\
         spec: {{rule: {RULE}, field: 'spec.quota[pods]', value: '{value}', reason: The nodes here are small.}}\n"
    )
}

/// A constraint of this Cedar.
#[must_use]
pub fn constraint(name: &str, policy: &str) -> String {
    format!(
        "apiVersion: writ.dev/v1alpha1\nkind: LocalConstraint\nmetadata: {{name: {name}}}\n\
         spec:\n  title: sized by hand\n  strength: advice\n  policy: |\n    {policy}\n"
    )
}

/// Says no to the rule in one namespace.
#[must_use]
pub fn veto(namespace: &str) -> String {
    format!(
        "forbid (principal == Writ::Rule::\"{RULE}\", action == Writ::Action::\"apply\", resource is core::v1::ResourceQuota) \
         when {{ resource.metadata has namespace && resource.metadata.namespace == \"{namespace}\" }};"
    )
}
