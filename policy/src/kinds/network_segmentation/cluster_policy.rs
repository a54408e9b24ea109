//! ClusterNetworkPolicies (policy.networking.k8s.io, v1alpha2 and v1beta1): the outer bound that a namespace's own
//! NetworkPolicies cannot widen.
//!
//! For each namespace, in the Admin tier: what is open is passed on to the NetworkPolicies, and then everything else is
//! denied. Passing at one priority and denying at the next makes several rules add up, as NetworkPolicies do: whatever
//! one of them passes is denied by none. Both stand last in the tier, so that a cluster's own administrators come first.
//!
//! The bound is a little wider than what is open. It says nothing of who calls from outside the cluster, because the API
//! cannot; it leaves out the exceptions of address ranges, and ports that have only a name, which the standard channel of
//! the API cannot say.

use super::open::{Closed, Open, Whom};
use super::selectors;
use super::spec::{Direction, Port, Protocol, Segment, Spec};
use crate::document::pointer::join;
use crate::object::ApiVersion;
use crate::selector::meet::NAMESPACE_NAME;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use serde::Serialize;

/// As both versions limit the rules of one direction.
pub(super) const MOST_RULES: usize = 25;
/// The priority of what passes; the last but one.
const PASS: i32 = 999;
/// The priority of what denies the rest; the last.
const DENY: i32 = 1000;
const TIER: &str = "Admin";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterNetworkPolicy {
    api_version: String,
    kind: &'static str,
    metadata: meta::ObjectMeta,
    spec: PolicySpec,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicySpec {
    tier: &'static str,
    priority: i32,
    subject: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingress: Option<Vec<IngressRule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    egress: Option<Vec<EgressRule>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Subject {
    Namespaces(meta::LabelSelector),
    Pods(NamespacedPods),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NamespacedPods {
    namespace_selector: meta::LabelSelector,
    pod_selector: meta::LabelSelector,
}

#[derive(Serialize)]
struct IngressRule {
    action: Action,
    from: Vec<Peer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocols: Option<Vec<PortOf>>,
}

#[derive(Serialize)]
struct EgressRule {
    action: Action,
    to: Vec<Peer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocols: Option<Vec<PortOf>>,
}

#[derive(Serialize)]
enum Action {
    Pass,
    Deny,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Peer {
    Namespaces(meta::LabelSelector),
    Pods(NamespacedPods),
    Networks(Vec<String>),
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum PortOf {
    Tcp(Destination),
    Udp(Destination),
    Sctp(Destination),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Destination {
    destination_port: Ports,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Ports {
    Number(u16),
    Range { start: u16, end: u16 },
}

/// A policy, and the JSON pointers at which it names its namespace.
pub(super) struct Bound {
    pub(super) policy: ClusterNetworkPolicy,
    pub(super) namespace_at: Vec<String>,
}

/// Rules of one direction before they are of one: whom, on which ports.
type Rules = Vec<(Peer, Option<Vec<PortOf>>)>;

/// What passes on to the NetworkPolicies of the same pods.
pub(super) fn passes(api: &ApiVersion, name: String, spec: &Spec, closed: &Closed<'_>) -> Bound {
    let (subject, at) = subject(closed.segment);
    let mut namespace_at = vec![at];
    let callers = closed.ingress.iter().filter(|open| matches!(open.whom, Whom::Pods { .. }));
    let callers = spec.governs(Direction::Ingress).then(|| rules(callers, "/spec/ingress", "from", &mut namespace_at));
    let called = closed.egress.iter();
    let called = spec.governs(Direction::Egress).then(|| rules(called, "/spec/egress", "to", &mut namespace_at));
    let ingress = callers.map(|rules| rules.into_iter().map(|rule| from(Action::Pass, rule)).collect());
    let egress = called.map(|rules| rules.into_iter().map(|rule| to(Action::Pass, rule)).collect());
    let spec = PolicySpec { tier: TIER, priority: PASS, subject, ingress, egress };
    Bound { policy: policy(api, name, spec), namespace_at }
}

/// Denies the namespace what nothing passed on.
pub(super) fn denies(api: &ApiVersion, name: String, spec: &Spec) -> Bound {
    let pods = || Peer::Namespaces(meta::LabelSelector::default());
    let everywhere = || Peer::Networks(vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()]);
    let egress = || [pods(), everywhere()].map(|peer| to(Action::Deny, (peer, None))).into();
    let (subject, at) = subject(None);
    let spec = PolicySpec {
        tier: TIER,
        priority: DENY,
        subject,
        ingress: spec.governs(Direction::Ingress).then(|| vec![from(Action::Deny, (pods(), None))]),
        egress: spec.governs(Direction::Egress).then(egress),
    };
    Bound { policy: policy(api, name, spec), namespace_at: vec![at] }
}

fn policy(api: &ApiVersion, name: String, spec: PolicySpec) -> ClusterNetworkPolicy {
    let metadata = meta::ObjectMeta { name: Some(name), ..meta::ObjectMeta::default() };
    ClusterNetworkPolicy { api_version: api.to_string(), kind: "ClusterNetworkPolicy", metadata, spec }
}

fn from(action: Action, (peer, protocols): (Peer, Option<Vec<PortOf>>)) -> IngressRule {
    IngressRule { action, from: vec![peer], protocols }
}

fn to(action: Action, (peer, protocols): (Peer, Option<Vec<PortOf>>)) -> EgressRule {
    EgressRule { action, to: vec![peer], protocols }
}

/// The pods of a segment, or of the whole namespace, and where the namespace's name stands.
fn subject(segment: Option<&Segment>) -> (Subject, String) {
    match segment {
        None => (Subject::Namespaces(own_namespace()), join("/spec/subject/namespaces/matchLabels", NAMESPACE_NAME)),
        Some(segment) => {
            let pods =
                NamespacedPods { namespace_selector: own_namespace(), pod_selector: selectors::labels(&segment.pods) };
            let at = join("/spec/subject/pods/namespaceSelector/matchLabels", NAMESPACE_NAME);
            (Subject::Pods(pods), at)
        }
    }
}

/// Selects the namespace that an object is made for, once its name is put in.
fn own_namespace() -> meta::LabelSelector {
    let label = (NAMESPACE_NAME.to_owned(), String::new());
    meta::LabelSelector { match_labels: Some([label].into()), match_expressions: None }
}

/// One rule for each opening, at `list`; the places of the namespace's name are noted.
fn rules<'o>(opened: impl Iterator<Item = &'o Open>, list: &str, field: &str, named: &mut Vec<String>) -> Rules {
    let mut rules = Rules::new();
    for open in opened {
        let peer = match &open.whom {
            Whom::Addresses { cidr, .. } => Peer::Networks(vec![cidr.clone()]),
            Whom::Pods { namespaces, pods } => {
                let own = || {
                    let at = format!("{list}/{}/{field}/0/pods/namespaceSelector/matchLabels", rules.len());
                    named.push(join(&at, NAMESPACE_NAME));
                    own_namespace()
                };
                let namespace_selector = namespaces.as_ref().map_or_else(own, selectors::namespaces);
                let pod_selector = pods.as_ref().map(selectors::labels).unwrap_or_default();
                Peer::Pods(NamespacedPods { namespace_selector, pod_selector })
            }
        };
        rules.push((peer, open.ports.as_deref().and_then(protocols)));
    }
    rules
}

/// The ports by number; none, for all, where one has only a name.
fn protocols(ports: &[Port]) -> Option<Vec<PortOf>> {
    ports.iter().map(protocol).collect()
}

fn protocol(port: &Port) -> Option<PortOf> {
    let (protocol, first, last) = match port {
        Port::Number(number) => (Protocol::Tcp, *number, None),
        Port::Described(described) => (described.protocol, described.port?, described.end_port),
    };
    let destination_port = match last.filter(|last| *last != first) {
        Some(end) => Ports::Range { start: first, end },
        None => Ports::Number(first),
    };
    let destination = Destination { destination_port };
    Some(match protocol {
        Protocol::Tcp => PortOf::Tcp(destination),
        Protocol::Udp => PortOf::Udp(destination),
        Protocol::Sctp => PortOf::Sctp(destination),
    })
}
