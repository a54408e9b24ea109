//! What is allowed, read from the objects alone, as the specifications of NetworkPolicy (networking.k8s.io/v1) and
//! ClusterNetworkPolicy (network-policy-api, KEP-2091 and its successors) say. It knows nothing of how they were made.

use crate::facts::Labels;
use crate::selector::LabelSelector;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Namespaces by name, with their labels.
pub(super) type Namespaces = BTreeMap<String, Labels>;

/// A pod.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pod {
    #[serde(default)]
    pub(super) labels: Labels,
    pub(super) ip: IpAddr,
    /// What containers call their ports, and the number and protocol of each.
    #[serde(default)]
    pub(super) ports: BTreeMap<String, (u16, String)>,
}

/// One end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum End<'w> {
    Pod { namespace: &'w str, pod: &'w Pod },
    Address(IpAddr),
}

/// A connection that somebody tries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'w> {
    pub(super) from: End<'w>,
    pub(super) to: End<'w>,
    pub(super) port: u16,
    pub(super) protocol: &'w str,
}

/// A cluster: its namespaces, and its policies as they are written.
pub(super) struct Cluster<'w> {
    pub(super) namespaces: &'w Namespaces,
    pub(super) policies: &'w [Value],
}

/// One side of a connection: whose policies are asked, about whom.
struct Side<'w> {
    own: End<'w>,
    peer: End<'w>,
    /// `ingress` and `from`, or `egress` and `to`.
    list: &'static str,
    peers: &'static str,
    policy_type: &'static str,
}

impl Cluster<'_> {
    /// Whether the connection comes about: both sides let it.
    pub(super) fn allows(&self, attempt: &Attempt<'_>) -> bool {
        let Attempt { from, to, .. } = *attempt;
        let out = Side { own: from, peer: to, list: "egress", peers: "to", policy_type: "Egress" };
        let within = Side { own: to, peer: from, list: "ingress", peers: "from", policy_type: "Ingress" };
        self.lets(attempt, &out) && self.lets(attempt, &within)
    }

    fn lets(&self, attempt: &Attempt<'_>, side: &Side<'_>) -> bool {
        match self.tier("Admin", attempt, side) {
            Some(verdict) => verdict,
            None => {
                self.network_policies(attempt, side).or_else(|| self.tier("Baseline", attempt, side)).unwrap_or(true)
            }
        }
    }

    /// The verdict of one tier of ClusterNetworkPolicies; none: it passes, or says nothing.
    fn tier(&self, tier: &str, attempt: &Attempt<'_>, side: &Side<'_>) -> Option<bool> {
        let End::Pod { namespace, pod } = side.own else { return None };
        let mut policies: Vec<&Value> = self
            .policies
            .iter()
            .filter(|policy| policy["kind"] == "ClusterNetworkPolicy" && policy["spec"]["tier"] == tier)
            .filter(|policy| self.is_subject(&policy["spec"]["subject"], namespace, pod))
            .collect();
        policies.sort_by_key(|policy| policy["spec"]["priority"].as_i64().unwrap());
        let mut actions: Vec<(i64, &str)> = Vec::new();
        for policy in policies {
            let matching = array(&policy["spec"][side.list]).iter().find(|rule| self.rule_matches(rule, attempt, side));
            let action = matching.map(|rule| rule["action"].as_str().unwrap());
            actions.extend(action.map(|action| (policy["spec"]["priority"].as_i64().unwrap(), action)));
        }
        let (first, action) = *actions.first()?;
        // Of policies of one priority any may decide, so they must agree.
        assert!(actions.iter().all(|(priority, other)| *priority != first || *other == action), "{actions:?}");
        match action {
            "Accept" => Some(true),
            "Deny" => Some(false),
            "Pass" => None,
            other => panic!("no action: {other}"),
        }
    }

    fn is_subject(&self, subject: &Value, namespace: &str, pod: &Pod) -> bool {
        assert_eq!(subject.as_object().unwrap().len(), 1, "exactly one of namespaces and pods");
        match (subject.get("namespaces"), subject.get("pods")) {
            (Some(namespaces), None) => self.in_namespaces(namespaces, namespace),
            (None, Some(pods)) => self.among(pods, namespace, pod),
            _ => panic!("no subject: {subject}"),
        }
    }

    /// Whether a rule of a ClusterNetworkPolicy is about this connection.
    fn rule_matches(&self, rule: &Value, attempt: &Attempt<'_>, side: &Side<'_>) -> bool {
        let peers = array(&rule[side.peers]);
        assert!(!peers.is_empty() && peers.len() <= 25, "1 to 25 peers: {rule}");
        let ports = rule.get("protocols").map(array);
        assert!(ports.is_none_or(|ports| !ports.is_empty()), "protocols are some, or left out: {rule}");
        peers.iter().any(|peer| self.is_peer(peer, side.peer))
            && ports.is_none_or(|ports| ports.iter().any(|port| on_port(port, attempt)))
    }

    fn is_peer(&self, peer: &Value, end: End<'_>) -> bool {
        assert_eq!(peer.as_object().unwrap().len(), 1, "exactly one field: {peer}");
        match end {
            End::Pod { namespace, pod } => {
                peer.get("namespaces").is_some_and(|selector| self.in_namespaces(selector, namespace))
                    || peer.get("pods").is_some_and(|pods| self.among(pods, namespace, pod))
                    || in_networks(peer, pod.ip)
            }
            End::Address(address) => in_networks(peer, address),
        }
    }

    fn among(&self, pods: &Value, namespace: &str, pod: &Pod) -> bool {
        self.in_namespaces(&pods["namespaceSelector"], namespace) && selects(&pods["podSelector"], &pod.labels)
    }

    fn in_namespaces(&self, selector: &Value, namespace: &str) -> bool {
        let mut labels = self.namespaces[namespace].clone();
        labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.to_owned());
        selects(selector, &labels)
    }

    /// The verdict of the NetworkPolicies; none: no policy of this direction selects the pod.
    fn network_policies(&self, attempt: &Attempt<'_>, side: &Side<'_>) -> Option<bool> {
        let End::Pod { namespace, pod } = side.own else { return None };
        let selecting = self.policies.iter().filter(|policy| {
            policy["kind"] == "NetworkPolicy"
                && policy["metadata"]["namespace"] == namespace
                && selects(&policy["spec"]["podSelector"], &pod.labels)
                && array(&policy["spec"]["policyTypes"]).iter().any(|one| one == side.policy_type)
        });
        let verdicts: Vec<bool> = selecting
            .map(|policy| {
                let rules = policy["spec"].get(side.list).map(array).unwrap_or_default();
                rules.iter().any(|rule| self.rule_allows(rule, namespace, attempt, side))
            })
            .collect();
        (!verdicts.is_empty()).then(|| verdicts.contains(&true))
    }

    /// An empty or missing list of peers, or of ports, is all of them.
    fn rule_allows(&self, rule: &Value, namespace: &str, attempt: &Attempt<'_>, side: &Side<'_>) -> bool {
        let list = |field: &str| rule.get(field).map(array).unwrap_or_default();
        let (peers, ports) = (list(side.peers), list("ports"));
        (peers.is_empty() || peers.iter().any(|peer| self.admits(peer, namespace, side.peer)))
            && (ports.is_empty() || ports.iter().any(|port| is_port(port, attempt)))
    }

    fn admits(&self, peer: &Value, own: &str, end: End<'_>) -> bool {
        let fields = (peer.get("ipBlock"), peer.get("namespaceSelector"), peer.get("podSelector"));
        match (fields, end) {
            ((Some(block), None, None), End::Address(ip)) => in_block(block, ip),
            ((Some(block), None, None), End::Pod { pod, .. }) => in_block(block, pod.ip),
            ((None, None, Some(pods)), End::Pod { namespace, pod }) => namespace == own && selects(pods, &pod.labels),
            ((None, Some(namespaces), pods), End::Pod { namespace, pod }) => {
                self.in_namespaces(namespaces, namespace) && pods.is_none_or(|pods| selects(pods, &pod.labels))
            }
            ((None, None, None) | (Some(_), ..), _) => panic!("a peer has a block, or selectors: {peer}"),
            (_, End::Address(_)) => false,
        }
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn selects(selector: &Value, labels: &Labels) -> bool {
    serde_json::from_value::<LabelSelector>(selector.clone()).unwrap().matches(labels)
}

fn in_networks(peer: &Value, address: IpAddr) -> bool {
    array(&peer["networks"]).iter().any(|network| is_within(network.as_str().unwrap(), &address))
}

fn in_block(block: &Value, address: IpAddr) -> bool {
    let except = array(&block["except"]).iter().any(|part| is_within(part.as_str().unwrap(), &address));
    is_within(block["cidr"].as_str().unwrap(), &address) && !except
}

/// By comparing bits one by one.
fn is_within(network: &str, address: &IpAddr) -> bool {
    let (base, length) = network.split_once('/').unwrap();
    let bits = |address: &IpAddr| -> Vec<bool> {
        let octets: Vec<u8> = match address {
            IpAddr::V4(address) => address.octets().into(),
            IpAddr::V6(address) => address.octets().into(),
        };
        octets.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1)).collect()
    };
    let (base, address) = (bits(&base.parse().unwrap()), bits(address));
    let length: usize = length.parse().unwrap();
    base.len() == address.len() && base[..length] == address[..length]
}

/// A port of a NetworkPolicy.
fn is_port(port: &Value, attempt: &Attempt<'_>) -> bool {
    let protocol = port.get("protocol").map_or("TCP", |protocol| protocol.as_str().unwrap());
    if protocol != attempt.protocol {
        return false;
    }
    match (port.get("port"), port.get("endPort")) {
        (None, None) => true,
        (Some(Value::String(name)), None) => {
            let End::Pod { pod, .. } = attempt.to else { return false };
            pod.ports.get(name).is_some_and(|(number, over)| *number == attempt.port && over == attempt.protocol)
        }
        (Some(first), end) => {
            let first = first.as_u64().unwrap();
            (first..=end.map_or(first, |end| end.as_u64().unwrap())).contains(&u64::from(attempt.port))
        }
        (None, Some(_)) => panic!("endPort without port: {port}"),
    }
}

/// A protocol of a ClusterNetworkPolicy.
fn on_port(port: &Value, attempt: &Attempt<'_>) -> bool {
    let (protocol, matched) = port.as_object().unwrap().iter().next().unwrap();
    let destination = &matched["destinationPort"];
    let on = match (destination.get("number"), destination.get("range")) {
        (Some(number), None) => number.as_u64() == Some(attempt.port.into()),
        (None, Some(range)) => {
            let (start, end) = (range["start"].as_u64().unwrap(), range["end"].as_u64().unwrap());
            assert!(start < end, "{range}");
            (start..=end).contains(&u64::from(attempt.port))
        }
        _ => panic!("a number or a range: {port}"),
    };
    protocol.to_uppercase() == attempt.protocol && on
}
