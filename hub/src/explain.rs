//! Why a rule or an object is as it is in one cluster, as far as the hub knows: from the entries that are published for it,
//! and from its last report.

use crate::error::HubError;
use crate::hub::Hub;
use crate::views::ClusterView;
use policy::bundle::entry::{Body, Entry};
use policy::name::ClusterName;
use policy::outcome::FindingCode;
use policy::report::Report;
use proto::rest::explain::{Asked, Explained, Explanation};
use serde_json::Value;

/// Whether an entry is the rule that is asked about, or makes that object somewhere.
fn touches(entry: &Entry, asked: &Asked) -> bool {
    let rule = entry.name.kind() == asked.kind && entry.name.name().as_str() == asked.name;
    let templates = match &entry.body {
        Body::Objects { templates, .. } => templates.as_slice(),
        Body::Unsupported { .. } => &[],
    };
    rule || templates.iter().any(|template| is_object(&template.manifest, template.per_namespace, asked))
}

fn is_object(manifest: &Value, per_namespace: bool, asked: &Asked) -> bool {
    let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str);
    let there = text("/metadata/namespace");
    let place = asked.namespace.as_ref().is_none_or(|asked| per_namespace || there == Some(asked.as_str()));
    text("/kind") == Some(asked.kind.as_str()) && text("/metadata/name") == Some(asked.name.as_str()) && place
}

impl Hub {
    /// Why it is so in `cluster`, as of its last report.
    ///
    /// # Errors
    /// [`HubError::UnknownCluster`], and when the store fails.
    pub async fn explain(&self, cluster: &ClusterName, asked: &Asked) -> Result<Explanation, HubError> {
        let seen = self.cluster(cluster).await?;
        let mut items = Vec::new();
        if let Some(newest) = self.newest(cluster) {
            for line in &newest.contents.contents.entries {
                let bytes = self.content(line.digest).await?.unwrap_or_default();
                // What has a say over rules is no rule, and reads otherwise.
                let entry: Option<Entry> = serde_json::from_slice(&bytes).ok();
                let mode = newest.head.cluster.mode;
                items.extend(
                    entry.filter(|entry| touches(entry, asked)).map(|entry| explained(entry, mode, asked, &seen)),
                );
            }
        }
        let enforced = seen.told().and_then(|report| report.head.as_ref()).map(|head| head.revision.clone());
        Ok(Explanation {
            cluster: cluster.clone(),
            of: asked.of(),
            published: seen.issued.as_ref().map(|head| head.revision.clone()),
            enforced,
            reported: seen.report.as_ref().map(|kept| kept.at),
            items,
        })
    }
}

fn explained(entry: Entry, cluster: policy::mode::Mode, asked: &Asked, seen: &ClusterView) -> Explained {
    let Entry { name: rule, envelope, .. } = entry;
    let units = |report: &Report| {
        let of_rule =
            report.units.iter().filter(|told| told.unit.rule == rule && asked.is_there(told.unit.namespace.as_ref()));
        of_rule.cloned().collect::<Vec<_>>()
    };
    let findings = |report: &Report| {
        let notes = report.findings.iter().filter(|found| matches!(found.outcome, FindingCode::Note(_)));
        notes.filter(|found| found.rule == rule).cloned().collect::<Vec<_>>()
    };
    Explained {
        mode: envelope.mode.min(cluster),
        owner: envelope.owner,
        rationale: envelope.rationale,
        risk: envelope.risk,
        units: seen.told().map(units).unwrap_or_default(),
        findings: seen.told().map(findings).unwrap_or_default(),
        rule,
    }
}
