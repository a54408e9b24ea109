//! What an object does to traffic between pods. NetworkPolicies close the pods that they select, and open them to what any
//! of them lists. ClusterNetworkPolicies (network-policy-api v1alpha2 and v1beta1) are asked before those (tier Admin) or
//! after them (tier Baseline), those of the lowest priority first, and the first rule that matches decides: `Deny` closes,
//! `Accept` opens for good, and `Pass` goes on with the next tier. A pod that a NetworkPolicy selects is never asked for
//! in tier Baseline.

use crate::cidr::Cidr;
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

/// When a policy is asked, first to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Before all NetworkPolicies.
    Admin,
    /// The NetworkPolicies, which add up.
    Own,
    /// After them, for pods that none of them selects.
    Baseline,
}

/// Something that is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// Whom, on which ports: the rule without its name and its action.
    pub whom: Value,
    /// Whether only the rest of its own tier is passed by.
    pub passes: bool,
    /// Which rule of its object it is, of those for its direction.
    pub place: usize,
}

/// Something that is denied.
#[derive(Debug, Clone, PartialEq)]
pub struct Denial {
    /// Whom, on which ports: the rule without its name and its action.
    pub whom: Value,
    /// Which rule of its object it is, of those for its direction.
    pub place: usize,
}

impl Denial {
    /// Whether it may deny some of what is opened.
    fn touches(&self, opening: &Opening) -> bool {
        !are_apart(&opening.whom, &self.whom)
    }
}

/// What one object does in one direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// Of which traffic.
    pub direction: Direction,
    /// Of pods in which namespaces, where the object itself says so.
    pub namespaces: Option<LabelSelector>,
    /// Of which pods; a selector that cannot be read is taken for all.
    pub pods: LabelSelector,
    /// When it is asked.
    pub tier: Tier,
    /// When within its tier: the lowest first. It says nothing of NetworkPolicies.
    pub priority: i64,
    /// What is closed: of NetworkPolicies all that none of them lists, else what these rules deny.
    pub closes: Closes,
    /// What is opened.
    pub opens: Vec<Opening>,
}

/// What an object closes.
#[derive(Debug, Clone, PartialEq)]
pub enum Closes {
    /// All that it does not open.
    TheRest,
    /// This.
    These(Vec<Denial>),
}

impl Traffic {
    /// Whether it closes anything.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.closes != Closes::These(Vec::new())
    }

    /// Whether what `opening`, one of this, opens may be opened although `closed` closes it. Which of two of one priority
    /// comes first is left open by the API, so either may.
    #[must_use]
    pub fn escapes(&self, opening: &Opening, closed: &Self) -> bool {
        self.past(opening, closed, self.priority <= closed.priority)
    }

    /// Whether it surely is: of two of one priority neither comes first.
    #[must_use]
    pub fn escapes_surely(&self, opening: &Opening, closed: &Self) -> bool {
        self.past(opening, closed, self.priority < closed.priority)
    }

    fn past(&self, opening: &Opening, closed: &Self, precedes: bool) -> bool {
        let comes_first = match (self.tier, closed.tier) {
            (Tier::Own, Tier::Own) => true,
            (mine, theirs) if mine == theirs => precedes,
            (mine, theirs) => mine < theirs && !opening.passes,
        };
        let touches = match &closed.closes {
            Closes::TheRest => true,
            Closes::These(denials) => denials.iter().any(|denial| denial.touches(opening)),
        };
        self.direction == closed.direction && comes_first && touches
    }

    /// Whether `opening`, one of this, opens all that it says: the first rule that matches decides.
    #[must_use]
    pub fn lets(&self, opening: &Opening) -> bool {
        match &self.closes {
            Closes::TheRest => true,
            Closes::These(denials) => {
                denials.iter().all(|denial| opening.place < denial.place || !denial.touches(opening))
            }
        }
    }
}

/// Policies that add up: what one opens, no other closes.
const ADDING: (&str, &str) = ("networking.k8s.io", "NetworkPolicy");
/// The group of those above and below them.
const AROUND: &str = "policy.networking.k8s.io";
/// Of that group, what AdminNetworkPolicies have become ClusterNetworkPolicies of tier Baseline.
const BASELINE: &str = "BaselineAdminNetworkPolicy";
/// What opens for good; the second word is v1alpha1's.
const ACCEPTS: [&str; 2] = ["Accept", "Allow"];
const PASSES: &str = "Pass";
const DENIES: &str = "Deny";

/// Groups, and below them all that end like them, whose kinds named `…Policy` govern traffic in ways that are not known here.
const STRANGE: [&str; 8] = [
    "cilium.io",
    "projectcalico.org",
    "antrea.io",
    "antrea.tanzu.vmware.com",
    "ovn.org",
    "istio.io",
    "linkerd.io",
    "kuma.io",
];

/// What `manifest` does to traffic.
#[must_use]
pub fn traffic(manifest: &Value) -> Vec<Traffic> {
    let (group, kind) = kind_of(manifest);
    let directions = [Direction::Ingress, Direction::Egress];
    match (&*group, kind) {
        known if known == ADDING => {
            directions.into_iter().filter_map(|direction| adding(manifest, direction)).collect()
        }
        (AROUND, _) => directions.into_iter().map(|direction| around(manifest, kind, direction)).collect(),
        _ => Vec::new(),
    }
}

/// Whether `manifest` is a policy over traffic of a sort that is not known here: nobody can tell what it opens or closes.
#[must_use]
pub fn is_strange(manifest: &Value) -> bool {
    let (group, kind) = kind_of(manifest);
    let of = |end: &&str| group == **end || group.strip_suffix(*end).is_some_and(|rest| rest.ends_with('.'));
    let known = (&*group, kind) == ADDING || group == AROUND;
    !known && (kind.ends_with("NetworkPolicy") || (kind.ends_with("Policy") && STRANGE.iter().any(of)))
}

fn kind_of(manifest: &Value) -> (String, &str) {
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).unwrap_or_default();
    (ApiVersion::from(text("apiVersion").to_owned()).group, text("kind"))
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
    let rules = rules(spec, field).iter().enumerate();
    let opens = rules.map(|(place, rule)| Opening { whom: rule.clone(), passes: false, place }).collect();
    let pods = selector(spec.get("podSelector")).unwrap_or_default();
    let (tier, closes) = (Tier::Own, Closes::TheRest);
    governs.then_some(Traffic { direction, namespaces: None, pods, tier, priority: 0, closes, opens })
}

/// A policy of the group around them. What cannot be read of it is taken for what reaches furthest.
fn around(manifest: &Value, kind: &str, direction: Direction) -> Traffic {
    let (field, _) = name(direction);
    let spec = manifest.get("spec").unwrap_or(&Value::Null);
    let subject = |pointer: &str| selector(spec.pointer(pointer));
    let of = |words: &'static [&'static str]| {
        let said = |rule: &Value| rule.get("action").and_then(Value::as_str).is_some_and(|word| words.contains(&word));
        let rules = rules(spec, field).iter().enumerate().filter(move |(_, rule)| said(rule));
        rules.map(|(place, rule)| (place, without_action(rule)))
    };
    let below = kind == BASELINE || spec.get("tier").is_some_and(|tier| tier == "Baseline");
    let opening = |passes| move |(place, whom)| Opening { whom, passes, place };
    Traffic {
        direction,
        namespaces: subject("/subject/namespaces").or_else(|| subject("/subject/pods/namespaceSelector")),
        pods: subject("/subject/pods/podSelector").unwrap_or_default(),
        tier: if below { Tier::Baseline } else { Tier::Admin },
        priority: spec.get("priority").and_then(Value::as_i64).unwrap_or_default(),
        closes: Closes::These(of(&[DENIES]).map(|(place, whom)| Denial { whom, place }).collect()),
        opens: of(&ACCEPTS).map(opening(false)).chain(of(&[PASSES]).map(opening(true))).collect(),
    }
}

fn selector(value: Option<&Value>) -> Option<LabelSelector> {
    serde_json::from_value(value?.clone()).ok()
}

fn rules<'v>(spec: &'v Value, field: &str) -> &'v [Value] {
    spec.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn without_action(rule: &Value) -> Value {
    let mut rule = rule.clone();
    if let Some(rule) = rule.as_object_mut() {
        rule.retain(|field, _| field != "action" && field != "name");
    }
    rule
}

/// Whether two rules surely speak of other peers: both of addresses alone, none of which is in both.
fn are_apart(one: &Value, other: &Value) -> bool {
    let (Some(ones), Some(others)) = (networks(one), networks(other)) else { return false };
    !ones.iter().any(|one| others.iter().any(|other| one.contains(*other) || other.contains(*one)))
}

/// The addresses of a rule's peers; none where some are no addresses, or cannot be read.
fn networks(rule: &Value) -> Option<Vec<Cidr>> {
    let peers = rule.get("to").or_else(|| rule.get("from"))?.as_array()?.iter();
    let networks = peers.map(|peer| {
        let alone = peer.as_object().filter(|peer| peer.len() == 1)?;
        alone.get("networks")?.as_array()?.iter().map(|network| network.as_str()?.parse().ok()).collect()
    });
    networks.collect::<Option<Vec<Vec<Cidr>>>>().map(|networks| networks.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(manifest: &str) -> Vec<Traffic> {
        traffic(&serde_yaml::from_str::<Value>(manifest).unwrap())
    }

    /// Each direction that is governed: whether it closes, and how many rules open it.
    fn told(manifest: &str) -> Vec<(Direction, bool, usize)> {
        read(manifest).into_iter().map(|one| (one.direction, one.closes(), one.opens.len())).collect()
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
        let around = "{apiVersion: policy.networking.k8s.io/v1beta1, kind: ClusterNetworkPolicy, spec: {ingress: [{action: Accept}, {action: Pass}, {action: Deny}]}}";
        assert_eq!(told(around), [(Ingress, true, 2), (Egress, false, 0)]);
        assert_eq!(told("{apiVersion: v1, kind: ConfigMap, spec: {ingress: [{}]}}"), []);
    }

    #[test]
    fn tiers_and_priorities_say_who_is_asked_first() {
        let around = |api: &str, tier: &str, priority: u32, action: &str, network: &str| {
            let rules = format!("[{{action: {action}, to: [{{networks: [{network}]}}]}}]");
            let spec = format!("{{tier: {tier}, priority: {priority}, egress: {rules}}}");
            read(&format!("{{apiVersion: policy.networking.k8s.io/{api}, kind: ClusterNetworkPolicy, spec: {spec}}}"))
                .remove(1)
        };
        let own = |egress: &str| {
            read(&format!("{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {{podSelector: {{}}, egress: {egress}}}}}")).remove(1)
        };
        for api in ["v1alpha2", "v1beta1"] {
            let of = |tier, priority, action| around(api, tier, priority, action, "10.0.0.0/8");
            let (admin, baseline) = (of("Admin", 10, "Deny"), of("Baseline", 10, "Deny"));
            for (opened, [escapes_admin, escapes_own, escapes_baseline]) in [
                (of("Admin", 9, "Accept"), [true, true, true]),
                (of("Admin", 10, "Accept"), [true, true, true]),
                (of("Admin", 11, "Accept"), [false, true, true]),
                (of("Admin", 9, "Pass"), [true, false, false]),
                (of("Admin", 11, "Pass"), [false, false, false]),
                (own("[{}]"), [false, true, true]),
                (of("Baseline", 9, "Accept"), [false, false, true]),
                (of("Baseline", 9, "Pass"), [false, false, true]),
                (of("Baseline", 11, "Accept"), [false, false, false]),
                (around(api, "Admin", 9, "Accept", "192.0.2.0/24"), [false, true, false]),
            ] {
                let escapes = |closed: &Traffic| opened.opens.iter().any(|opening| opened.escapes(opening, closed));
                let told = [escapes(&admin), escapes(&own("[]")), escapes(&baseline)];
                assert_eq!(told, [escapes_admin, escapes_own, escapes_baseline], "{opened:?}");
            }
        }
    }

    #[test]
    fn policies_of_other_groups_are_strange() {
        let is_strange = |api: &str, kind: &str| is_strange(&serde_json::json!({"apiVersion": api, "kind": kind}));
        for (api, kind) in [
            ("cilium.io/v2", "CiliumNetworkPolicy"),
            ("cilium.io/v2", "CiliumClusterwideNetworkPolicy"),
            ("cilium.io/v2", "CiliumEgressGatewayPolicy"),
            ("crd.projectcalico.org/v1", "GlobalNetworkPolicy"),
            ("projectcalico.org/v3", "NetworkPolicy"),
            ("crd.antrea.io/v1beta1", "ClusterNetworkPolicy"),
            ("security.istio.io/v1", "AuthorizationPolicy"),
            ("example.com/v1", "NetworkPolicy"),
        ] {
            assert!(is_strange(api, kind), "{api} {kind}");
        }
        for (api, kind) in [
            ("networking.k8s.io/v1", "NetworkPolicy"),
            ("policy.networking.k8s.io/v1beta1", "ClusterNetworkPolicy"),
            ("example.com/v1", "BackupPolicy"),
            ("cilium.io/v2", "CiliumNode"),
        ] {
            assert!(!is_strange(api, kind), "{api} {kind}");
        }
    }
}
