//! What an object does to traffic between pods: NetworkPolicies close the pods that they select, and open them to what
//! any of them lists.

use crate::object::ApiVersion;
use crate::selector::LabelSelector;
use serde_json::Value;

/// A direction of traffic, as a pod sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// To a pod.
    Ingress,
    /// From a pod.
    Egress,
}

/// What one object does in one direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// Of which traffic.
    pub direction: Direction,
    /// Of which pods; a selector that cannot be read is taken for all.
    pub pods: LabelSelector,
    /// Whether what no policy lists is closed.
    pub closes: bool,
    /// What is opened.
    pub opens: Vec<Value>,
}

/// Policies that add up: what one opens, no other closes.
const ADDING: (&str, &str) = ("networking.k8s.io", "NetworkPolicy");
/// Policies above those: what one lets pass at once, nothing below it closes.
const ABOVE: &str = "policy.networking.k8s.io";
/// The words by which they do.
const PASSES: [&str; 2] = ["Accept", "Allow"];

/// What `manifest` does to traffic.
#[must_use]
pub fn traffic(manifest: &Value) -> Vec<Traffic> {
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).unwrap_or_default();
    let group = ApiVersion::from(text("apiVersion").to_owned()).group;
    let directions = [Direction::Ingress, Direction::Egress];
    match (&*group, text("kind")) {
        kind if kind == ADDING => directions.into_iter().filter_map(|direction| adding(manifest, direction)).collect(),
        (ABOVE, _) => directions.into_iter().map(|direction| above(manifest, direction)).collect(),
        _ => Vec::new(),
    }
}

const fn name(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Ingress => ("ingress", "Ingress"),
        Direction::Egress => ("egress", "Egress"),
    }
}

/// A NetworkPolicy in one direction; none where it does not govern it. Where it names no types, it governs ingress, and
/// egress if it has rules for it.
fn adding(manifest: &Value, direction: Direction) -> Option<Traffic> {
    let spec = manifest.get("spec")?;
    let (field, of) = name(direction);
    let types = spec.get("policyTypes").and_then(Value::as_array).filter(|types| !types.is_empty());
    let governs = match types {
        Some(types) => types.iter().any(|one| one == of),
        None => direction == Direction::Ingress || spec.get(field).is_some(),
    };
    let opens = rules(spec, field);
    let pods = spec.get("podSelector").and_then(|pods| serde_json::from_value(pods.clone()).ok());
    governs.then(|| Traffic { direction, pods: pods.unwrap_or_default(), closes: true, opens })
}

fn above(manifest: &Value, direction: Direction) -> Traffic {
    let (field, _) = name(direction);
    let rules = manifest.get("spec").map(|spec| rules(spec, field)).unwrap_or_default().into_iter();
    let passes = |rule: &Value| rule.get("action").and_then(Value::as_str).is_some_and(|word| PASSES.contains(&word));
    Traffic { direction, pods: LabelSelector::default(), closes: false, opens: rules.filter(passes).collect() }
}

fn rules(spec: &Value, field: &str) -> Vec<Value> {
    spec.get(field).and_then(Value::as_array).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each direction that is governed: whether it closes, and how many rules open it.
    fn told(manifest: &str) -> Vec<(Direction, bool, usize)> {
        let manifest: Value = serde_yaml::from_str(manifest).unwrap();
        traffic(&manifest).into_iter().map(|one| (one.direction, one.closes, one.opens.len())).collect()
    }

    #[test]
    fn policies_close_and_open() {
        use Direction::{Egress, Ingress};
        let policy = |spec: &str| format!("{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {spec}}}");
        for (spec, expected) in [
            ("{podSelector: {}}", vec![(Ingress, true, 0)]),
            ("{podSelector: {}, egress: [{}]}", vec![(Ingress, true, 0), (Egress, true, 1)]),
            ("{podSelector: {}, policyTypes: [Egress], ingress: [{}]}", vec![(Egress, true, 0)]),
            ("{podSelector: {}, policyTypes: [Ingress], ingress: [{}, {}]}", vec![(Ingress, true, 2)]),
        ] {
            assert_eq!(told(&policy(spec)), expected, "{spec}");
        }
        let above = "{apiVersion: policy.networking.k8s.io/v1beta1, kind: ClusterNetworkPolicy, spec: {ingress: [{action: Accept}, {action: Pass}]}}";
        assert_eq!(told(above), [(Ingress, false, 1), (Egress, false, 0)]);
        assert_eq!(told("{apiVersion: v1, kind: ConfigMap, spec: {ingress: [{}]}}"), []);
    }
}
