//! NetworkPolicies: what is closed and opened, in each namespace.

use super::open::{Closed, Open, Whom};
use super::selectors;
use super::spec::{Described, Direction, Port, Protocol, Spec};
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The policy of what is closed. Each peer has a rule of its own: a rule without peers would be open to everybody.
pub(super) fn policy(name: String, spec: &Spec, closed: &Closed<'_>) -> NetworkPolicy {
    let rules = |direction, opened: &[Open]| spec.governs(direction).then(|| opened.to_vec());
    let ingress = rules(Direction::Ingress, &closed.ingress);
    let egress = rules(Direction::Egress, &closed.egress);
    let types = [ingress.as_ref().map(|_| "Ingress"), egress.as_ref().map(|_| "Egress")];
    let pods = closed.segment.map(|segment| selectors::labels(&segment.pods)).unwrap_or_default();
    NetworkPolicy {
        metadata: ObjectMeta { name: Some(name), ..ObjectMeta::default() },
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(pods),
            policy_types: Some(types.into_iter().flatten().map(str::to_owned).collect()),
            ingress: ingress.map(|opened| opened.into_iter().map(from).collect()),
            egress: egress.map(|opened| opened.into_iter().map(to).collect()),
        }),
    }
}

fn from(open: Open) -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule { from: Some(vec![peer(open.whom)]), ports: ports(open.ports) }
}

fn to(open: Open) -> NetworkPolicyEgressRule {
    NetworkPolicyEgressRule { to: Some(vec![peer(open.whom)]), ports: ports(open.ports) }
}

fn peer(whom: Whom) -> NetworkPolicyPeer {
    match whom {
        Whom::Pods { namespaces, pods } => NetworkPolicyPeer {
            namespace_selector: namespaces.as_ref().map(selectors::namespaces),
            // A peer must select something; all pods of the same namespace are `{}`.
            pod_selector: pods
                .map(|pods| selectors::labels(&pods))
                .or_else(|| namespaces.is_none().then(Default::default)),
            ip_block: None,
        },
        Whom::Addresses { cidr, except } => NetworkPolicyPeer {
            ip_block: Some(IPBlock { cidr, except: (!except.is_empty()).then_some(except) }),
            ..NetworkPolicyPeer::default()
        },
    }
}

fn ports(ports: Option<Vec<Port>>) -> Option<Vec<NetworkPolicyPort>> {
    Some(ports?.into_iter().map(port).collect())
}

fn port(port: Port) -> NetworkPolicyPort {
    let (port, end_port, protocol) = match port {
        Port::Number(number) => (Some(IntOrString::Int(number.into())), None, Protocol::Tcp),
        Port::Described(Described { port, end_port, name, protocol }) => {
            let port = port.map(|number| IntOrString::Int(number.into()));
            (port.or_else(|| name.map(IntOrString::String)), end_port.map(i32::from), protocol)
        }
    };
    NetworkPolicyPort { port, end_port, protocol: Some(protocol.as_str().to_owned()) }
}
