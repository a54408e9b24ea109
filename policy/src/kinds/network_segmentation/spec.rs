//! What a document says.

use crate::name::DocumentName;
use crate::selector::{LabelSelector, Term};
use schemars::JsonSchema;
use serde::Deserialize;

/// Who may talk to whom in each selected namespace; nothing else may.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spec {
    /// Which traffic it governs: ingress, egress; both where it is left out.
    #[serde(default = "both")]
    #[schemars(length(min = 1))]
    pub(super) directions: Vec<Direction>,
    /// Whether pods of no segment are closed too, but for system flows; true where it is left out.
    #[serde(default = "yes")]
    pub(super) default_deny: bool,
    /// What NetworkPolicies that others write into these namespaces may do; `narrow` where it is left out and defaultDeny
    /// holds.
    #[serde(default)]
    pub(super) own_policies: Option<OwnPolicies>,
    /// Groups of pods; a pod should be in one at most.
    #[serde(default)]
    pub(super) segments: Vec<Segment>,
    /// Who may talk to whom.
    #[serde(default)]
    pub(super) flows: Vec<Flow>,
    /// What every cluster needs to work.
    #[serde(default)]
    pub(super) system: System,
    /// That traffic between pods must be encrypted.
    #[serde(default)]
    pub(super) encryption: Option<Encryption>,
}

fn both() -> Vec<Direction> {
    vec![Direction::Ingress, Direction::Egress]
}

const fn yes() -> bool {
    true
}

/// A direction of traffic, as a pod sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Direction {
    /// To a pod.
    Ingress,
    /// From a pod.
    Egress,
}

/// What NetworkPolicies that others write into a namespace may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum OwnPolicies {
    /// Close more, never open more, where the cluster serves ClusterNetworkPolicy.
    Narrow,
    /// Open more, as NetworkPolicies add up.
    Widen,
}

/// Whether traffic must be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Encryption {
    /// It must.
    Required,
}

/// Some of the pods of each namespace.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Segment {
    /// Its name.
    pub(super) name: DocumentName,
    /// Its pods; `{}` is all.
    pub(super) pods: LabelSelector,
    /// Addresses that may reach it.
    #[serde(default)]
    pub(super) ingress: Option<Addresses>,
    /// Addresses that it may reach.
    #[serde(default)]
    pub(super) egress: Option<Addresses>,
}

/// Addresses outside the cluster, on some ports.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Addresses {
    /// Ranges, such as 10.0.0.0/8.
    pub(super) cidrs: Vec<String>,
    /// The ports; all where it is left out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) ports: Option<Vec<Port>>,
}

/// That some may talk to some. Both ends open where both are segments of this rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Flow {
    /// Who calls.
    #[schemars(length(min = 1))]
    pub(super) from: Vec<Peer>,
    /// Who is called.
    #[schemars(length(min = 1))]
    pub(super) to: Vec<Peer>,
    /// On which ports of who is called; on all where it is left out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) ports: Option<Vec<Port>>,
}

/// One end of a flow.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Peer {
    /// A segment, in the same namespace.
    Segment(DocumentName),
    /// Somebody else.
    Other(Box<Other>),
}

/// An end of a flow that is no segment of the same namespace: pods, or addresses.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Other {
    /// Pods of these namespaces; of the same one where it is left out.
    #[serde(default)]
    pub(super) namespaces: Option<Term>,
    /// These pods; all of the namespaces where it is left out.
    #[serde(default)]
    pub(super) pods: Option<LabelSelector>,
    /// The pods of this segment, in those namespaces.
    #[serde(default)]
    pub(super) segment: Option<DocumentName>,
    /// Addresses outside the cluster.
    #[serde(default)]
    pub(super) cidr: Option<String>,
    /// But not these of them.
    #[serde(default)]
    pub(super) except: Vec<String>,
}

/// A port: a number (TCP), or more about it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Port {
    /// A TCP port.
    Number(#[schemars(range(min = 1))] u16),
    /// Any port.
    Described(Described),
}

/// A port by number, by range or by the name that pods give it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Described {
    /// Its number.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(super) port: Option<u16>,
    /// The last one, of a range that begins at `port`.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(super) end_port: Option<u16>,
    /// The name that containers give it.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// TCP, UDP or SCTP; TCP where it is left out.
    #[serde(default)]
    pub(super) protocol: Protocol,
}

/// A protocol with ports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// As Kubernetes writes it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

/// Flows that every cluster needs. Probes need none: a node always reaches its own pods.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct System {
    /// Asking for names; `{}` asks CoreDNS in kube-system.
    #[serde(default)]
    pub(super) dns: Option<Dns>,
    /// Being asked for metrics.
    #[serde(default)]
    pub(super) metrics: Option<Metrics>,
    /// Calling the Kubernetes API.
    #[serde(default)]
    pub(super) apiserver: Option<Apiserver>,
    /// Being called by the Kubernetes API.
    #[serde(default)]
    pub(super) webhooks: Option<Webhooks>,
}

/// Who answers for names.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Dns {
    /// In these namespaces; kube-system where it is left out.
    #[serde(default)]
    pub(super) namespaces: Option<Term>,
    /// These pods; those labelled k8s-app=kube-dns where it is left out.
    #[serde(default)]
    pub(super) pods: Option<LabelSelector>,
    /// Addresses too, such as a cache on each node.
    #[serde(default)]
    pub(super) cidrs: Vec<String>,
    /// On these ports; 53 over UDP and TCP where it is left out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) ports: Option<Vec<Port>>,
    /// For these segments only.
    #[serde(default)]
    pub(super) segments: Option<Vec<DocumentName>>,
}

/// Who asks for metrics.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Metrics {
    /// From these namespaces.
    pub(super) namespaces: Term,
    /// These pods of them; all where it is left out.
    #[serde(default)]
    pub(super) pods: Option<LabelSelector>,
    /// On these ports.
    #[schemars(length(min = 1))]
    pub(super) ports: Vec<Port>,
    /// Of these segments only.
    #[serde(default)]
    pub(super) segments: Option<Vec<DocumentName>>,
}

/// Where the Kubernetes API is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Apiserver {
    /// Its addresses.
    pub(super) cidrs: Vec<String>,
    /// Its ports; 443 and 6443 where it is left out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(super) ports: Option<Vec<Port>>,
    /// For these segments only.
    #[serde(default)]
    pub(super) segments: Option<Vec<DocumentName>>,
}

/// From where the Kubernetes API calls webhooks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Webhooks {
    /// Its addresses.
    pub(super) cidrs: Vec<String>,
    /// The ports that webhooks listen on.
    #[schemars(length(min = 1))]
    pub(super) ports: Vec<Port>,
    /// Of these segments only.
    #[serde(default)]
    pub(super) segments: Option<Vec<DocumentName>>,
}

impl Spec {
    /// Whether it governs traffic of this direction.
    pub(super) fn governs(&self, direction: Direction) -> bool {
        self.directions.contains(&direction)
    }

    /// Whether others' NetworkPolicies are bounded.
    pub(super) fn narrows(&self) -> bool {
        self.default_deny && self.own_policies != Some(OwnPolicies::Widen)
    }

    /// The segment of this name.
    pub(super) fn segment(&self, name: &DocumentName) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.name == *name)
    }
}
