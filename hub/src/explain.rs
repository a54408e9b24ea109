//! Why a rule or an object is as it is in one cluster, as far as the hub knows: from the entries that are published for it,
//! and from its last report.

use crate::error::HubError;
use crate::hub::Hub;
use crate::views::ClusterView;
use policy::bundle::entry::{Body, Entry};
use policy::name::{ClusterName, Namespace};
use policy::outcome::FindingCode;
use policy::report::Report;
use proto::rest::explain::{Explained, Explanation};
use serde_json::Value;

/// What is asked about: a rule or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The namespace; none: all of them.
    pub namespace: Option<Namespace>,
}

impl Asked {
    /// Reads `of=Kind/name&namespace=NAME`.
    #[must_use]
    pub fn read(query: &str) -> Option<Self> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = |name: &str| pairs.clone().find(|(key, _)| *key == name).map(|(_, value)| value);
        let (kind, name) = value("of")?.split_once('/')?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':');
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(plain);
        let namespace = value("namespace").map(str::parse).transpose().ok()?;
        (is_name(kind) && is_name(name)).then(|| Self { kind: kind.to_owned(), name: name.to_owned(), namespace })
    }

    /// Whether an entry is that rule, or makes that object somewhere.
    fn touches(&self, entry: &Entry) -> bool {
        let rule = entry.name.kind() == self.kind && entry.name.name().as_str() == self.name;
        let templates = match &entry.body {
            Body::Objects { templates, .. } => templates.as_slice(),
            Body::Unsupported { .. } => &[],
        };
        rule || templates.iter().any(|template| self.is_object(&template.manifest, template.per_namespace))
    }

    fn is_object(&self, manifest: &Value, per_namespace: bool) -> bool {
        let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str);
        let there = text("/metadata/namespace");
        let place = self.namespace.as_ref().is_none_or(|asked| per_namespace || there == Some(asked.as_str()));
        text("/kind") == Some(self.kind.as_str()) && text("/metadata/name") == Some(self.name.as_str()) && place
    }
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
                    entry.filter(|entry| asked.touches(entry)).map(|entry| explained(entry, mode, asked, &seen)),
                );
            }
        }
        let enforced = seen.told().and_then(|report| report.head.as_ref()).map(|head| head.revision.clone());
        Ok(Explanation {
            cluster: cluster.clone(),
            of: format!("{}/{}", asked.kind, asked.name),
            published: seen.issued.as_ref().map(|head| head.revision.clone()),
            enforced,
            reported: seen.report.as_ref().map(|kept| kept.at),
            items,
        })
    }
}

fn explained(entry: Entry, cluster: policy::mode::Mode, asked: &Asked, seen: &ClusterView) -> Explained {
    let Entry { name: rule, envelope, .. } = entry;
    let here = |namespace: Option<&Namespace>| asked.namespace.is_none() || namespace == asked.namespace.as_ref();
    let units = |report: &Report| {
        let of_rule = report.units.iter().filter(|told| told.unit.rule == rule && here(told.unit.namespace.as_ref()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about_is_read_or_refused() {
        let asked = Asked::read("of=ResourceQuota/writ-team-quota&namespace=shop").unwrap();
        assert_eq!((asked.kind.as_str(), asked.namespace.is_some()), ("ResourceQuota", true));
        for wrong in ["", "of=quota", "of=/x", "of=Kind/%2e", "namespace=shop", "of=Kind/a&namespace=No"] {
            assert!(Asked::read(wrong).is_none(), "{wrong}");
        }
    }
}
