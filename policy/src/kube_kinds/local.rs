//! What of an object each local domain means: one table.

use super::row;
use crate::document::pointer::join;
use crate::kinds::catalog::LocalDomain;
use crate::object::ApiVersion;
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields, wherever they stand in an object: pod templates stand in custom resources too.
const FIELDS: &[(&str, LocalDomain)] = &[
    ("affinity", LocalDomain::Affinity),
    ("nodeAffinity", LocalDomain::Affinity),
    ("nodeName", LocalDomain::Affinity),
    ("nodeSelector", LocalDomain::Affinity),
    ("topologySpreadConstraints", LocalDomain::Affinity),
    ("tolerations", LocalDomain::Tolerations),
    ("runtimeClassName", LocalDomain::RuntimeClass),
    ("storageClassName", LocalDomain::Storage),
    ("volumeAttributesClassName", LocalDomain::Storage),
];

/// Annotations, by the beginning of their keys.
const ANNOTATIONS: &[(&str, LocalDomain)] =
    &[("k8s.v1.cni.cncf.io/", LocalDomain::Cni), ("cni.projectcalico.org/", LocalDomain::Cni)];

/// Objects that are theirs as a whole, by API group and, below it, all that ends like it.
const GROUPS: &[(&str, LocalDomain)] = &[
    ("node.k8s.io", LocalDomain::RuntimeClass),
    ("storage.k8s.io", LocalDomain::Storage),
    ("k8s.cni.cncf.io", LocalDomain::Cni),
    ("cilium.io", LocalDomain::Cni),
    ("projectcalico.org", LocalDomain::Cni),
    ("antrea.io", LocalDomain::Cni),
    ("ovn.org", LocalDomain::Cni),
];

/// What of local domains `manifest` touches, each with the JSON pointer of the first place.
#[must_use]
pub fn touched(manifest: &Value) -> BTreeMap<LocalDomain, String> {
    let mut found = BTreeMap::new();
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).unwrap_or_default();
    let (group, kind) = (ApiVersion::from(text("apiVersion").to_owned()).group, text("kind"));
    let ends = |of: &str| group == of || group.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'));
    let groups = GROUPS.iter().filter(|(of, _)| ends(of)).map(|(_, domain)| *domain);
    found.extend(groups.chain(row(&group, kind).domain).map(|domain| (domain, "/kind".to_owned())));
    // What a ConfigMap holds is text to Kubernetes, whatever its keys are called.
    let opaque = |key: &str| key == "metadata" || (group.is_empty() && kind == "ConfigMap");
    for (key, value) in manifest.as_object().into_iter().flatten().filter(|(key, _)| !opaque(key)) {
        within(value, &join("", key), &mut found);
    }
    annotated(manifest, "", &mut found);
    found
}

fn within(value: &Value, at: &str, found: &mut BTreeMap<LocalDomain, String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let at = join(at, key);
                if let Some((_, domain)) = FIELDS.iter().find(|(field, _)| field == key) {
                    found.entry(*domain).or_insert_with(|| at.clone());
                }
                annotated(value, &at, found);
                within(value, &at, found);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| within(item, &join(at, &index.to_string()), found));
        }
        _ => (),
    }
}

fn annotated(value: &Value, at: &str, found: &mut BTreeMap<LocalDomain, String>) {
    let annotations = value.pointer("/metadata/annotations").and_then(Value::as_object);
    for key in annotations.into_iter().flat_map(|map| map.keys()) {
        if let Some((_, domain)) = ANNOTATIONS.iter().find(|(start, _)| key.starts_with(start)) {
            found.entry(*domain).or_insert_with(|| join(&format!("{at}/metadata/annotations"), key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touches(manifest: &str) -> Vec<String> {
        let manifest: Value = serde_yaml::from_str(manifest).unwrap();
        touched(&manifest).into_iter().map(|(domain, at)| format!("{domain} {at}")).collect()
    }

    #[test]
    fn the_table() {
        for (manifest, touched) in [
            ("{apiVersion: v1, kind: ConfigMap, data: {affinity: none, tolerations: none}}", vec![]),
            ("{apiVersion: v1, kind: Pod, metadata: {labels: {affinity: x}}, spec: {containers: []}}", vec![]),
            (
                "{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {nodeSelector: {a: b}, tolerations: []}}}}",
                vec!["affinity /spec/template/spec/nodeSelector", "tolerations /spec/template/spec/tolerations"],
            ),
            ("{apiVersion: x.io/v1, kind: Thing, spec: {pod: {affinity: {}}}}", vec!["affinity /spec/pod/affinity"]),
            (
                "{apiVersion: v1, kind: Pod, spec: {runtimeClassName: gvisor}}",
                vec!["runtimeClass /spec/runtimeClassName"],
            ),
            ("{apiVersion: node.k8s.io/v1, kind: RuntimeClass, handler: x}", vec!["runtimeClass /kind"]),
            ("{apiVersion: storage.k8s.io/v1, kind: StorageClass}", vec!["storage /kind"]),
            ("{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshotClass}", vec!["storage /kind"]),
            ("{apiVersion: v1, kind: PersistentVolume, spec: {}}", vec!["storage /kind"]),
            (
                "{apiVersion: apps/v1, kind: StatefulSet, spec: {volumeClaimTemplates: [{spec: {storageClassName: a}}]}}",
                vec!["storage /spec/volumeClaimTemplates/0/spec/storageClassName"],
            ),
            ("{apiVersion: crd.projectcalico.org/v1, kind: IPPool}", vec!["cni /kind"]),
            ("{apiVersion: notcilium.io/v1, kind: X}", vec![]),
            (
                "{apiVersion: apps/v1, kind: DaemonSet, spec: {template: {metadata: {annotations: {k8s.v1.cni.cncf.io/networks: a}}}}}",
                vec!["cni /spec/template/metadata/annotations/k8s.v1.cni.cncf.io~1networks"],
            ),
        ] {
            assert_eq!(touches(manifest), touched, "{manifest}");
        }
    }
}
