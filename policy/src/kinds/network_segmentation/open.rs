//! What is opened, for whom: the one reading of a spec, from which all objects are made.

use super::spec::{Addresses, Described, Direction, Flow, Other, Peer, Port, Protocol, Segment, Spec};
use crate::facts::Labels;
use crate::kinds::kind::Unsupported;
use crate::name::DocumentName;
use crate::selector::{LabelSelector, Term};

/// Pods that are closed but for what is opened to them. All that a pod of one segment may do stands in one of these, so
/// that one write closes and opens it.
pub(super) struct Closed<'s> {
    /// The segment; none: every pod of the namespace.
    pub(super) segment: Option<&'s Segment>,
    /// Who may call.
    pub(super) ingress: Vec<Open>,
    /// Who may be called.
    pub(super) egress: Vec<Open>,
}

/// One opening.
#[derive(Debug, Clone)]
pub(super) struct Open {
    /// To whom.
    pub(super) whom: Whom,
    /// On which ports; none: all.
    pub(super) ports: Option<Vec<Port>>,
}

/// To whom something is open.
#[derive(Debug, Clone)]
pub(super) enum Whom {
    /// Pods.
    Pods {
        /// Of these namespaces; none: of the same one.
        namespaces: Option<Term>,
        /// Which; none: all.
        pods: Option<LabelSelector>,
    },
    /// Addresses.
    Addresses {
        /// These.
        cidr: String,
        /// But not these of them.
        except: Vec<String>,
    },
}

/// All that a spec closes and opens: the segments, and then every pod where the default is to deny.
pub(super) fn closed(spec: &Spec) -> Result<Vec<Closed<'_>>, Unsupported> {
    let segments = spec.segments.iter().map(Some);
    let everyone = spec.default_deny.then_some(None);
    segments.chain(everyone).map(|segment| of(spec, segment)).collect()
}

fn of<'s>(spec: &'s Spec, segment: Option<&'s Segment>) -> Result<Closed<'s>, Unsupported> {
    Ok(Closed {
        segment,
        ingress: opened(spec, segment, Direction::Ingress)?,
        egress: opened(spec, segment, Direction::Egress)?,
    })
}

fn opened(spec: &Spec, segment: Option<&Segment>, direction: Direction) -> Result<Vec<Open>, Unsupported> {
    let mut opened = Vec::new();
    if let Some(segment) = segment {
        let addresses = match direction {
            Direction::Ingress => segment.ingress.as_ref(),
            Direction::Egress => segment.egress.as_ref(),
        };
        opened.extend(addresses.into_iter().flat_map(by_address));
        for flow in &spec.flows {
            opened.extend(by_flow(spec, segment, flow, direction)?);
        }
    }
    opened.extend(system(spec, segment, direction));
    // Addresses may be overridden by more or fewer; what stands before them keeps its place.
    opened.sort_by_key(|open| matches!(open.whom, Whom::Addresses { .. }));
    Ok(opened)
}

fn by_address(addresses: &Addresses) -> impl Iterator<Item = Open> {
    ranges(&addresses.cidrs, addresses.ports.as_ref())
}

fn ranges(cidrs: &[String], ports: Option<&Vec<Port>>) -> impl Iterator<Item = Open> {
    let whom = |cidr: &String| Whom::Addresses { cidr: cidr.clone(), except: Vec::new() };
    cidrs.iter().map(move |cidr| Open { whom: whom(cidr), ports: ports.cloned() })
}

/// What a flow opens to `segment`: once for each peer at its other end, for each time that it names the segment.
fn by_flow(spec: &Spec, segment: &Segment, flow: &Flow, direction: Direction) -> Result<Vec<Open>, Unsupported> {
    let (mine, theirs) = match direction {
        Direction::Ingress => (&flow.to, &flow.from),
        Direction::Egress => (&flow.from, &flow.to),
    };
    if !mine.iter().any(|peer| matches!(peer, Peer::Segment(name) if *name == segment.name)) {
        return Ok(Vec::new());
    }
    theirs.iter().map(|peer| Ok(Open { whom: whom(spec, peer)?, ports: flow.ports.clone() })).collect()
}

fn whom(spec: &Spec, peer: &Peer) -> Result<Whom, Unsupported> {
    match peer {
        Peer::Segment(name) => Ok(Whom::Pods { namespaces: None, pods: Some(pods_of(spec, name)?) }),
        Peer::Other(other) => elsewhere(spec, other),
    }
}

fn elsewhere(spec: &Spec, other: &Other) -> Result<Whom, Unsupported> {
    if let Some(cidr) = &other.cidr {
        return Ok(Whom::Addresses { cidr: cidr.clone(), except: other.except.clone() });
    }
    let pods = match &other.segment {
        Some(name) => Some(pods_of(spec, name)?),
        None => other.pods.clone(),
    };
    Ok(Whom::Pods { namespaces: other.namespaces.clone(), pods })
}

fn pods_of(spec: &Spec, name: &DocumentName) -> Result<LabelSelector, Unsupported> {
    let segment = spec.segment(name).ok_or_else(|| Unsupported(format!("there is no segment `{name}`")))?;
    Ok(segment.pods.clone())
}

/// The system flows of every pod, and those of `segment`.
fn system(spec: &Spec, segment: Option<&Segment>, direction: Direction) -> Vec<Open> {
    let concerns = |only: &Option<Vec<DocumentName>>| {
        only.as_ref().is_none_or(|only| segment.is_some_and(|segment| only.contains(&segment.name)))
    };
    let system = &spec.system;
    let mut opened = Vec::new();
    match direction {
        Direction::Ingress => {
            if let Some(metrics) = system.metrics.as_ref().filter(|metrics| concerns(&metrics.segments)) {
                let whom = Whom::Pods { namespaces: Some(metrics.namespaces.clone()), pods: metrics.pods.clone() };
                opened.push(Open { whom, ports: Some(metrics.ports.clone()) });
            }
            if let Some(webhooks) = system.webhooks.as_ref().filter(|webhooks| concerns(&webhooks.segments)) {
                opened.extend(ranges(&webhooks.cidrs, Some(&webhooks.ports)));
            }
        }
        Direction::Egress => {
            if let Some(dns) = system.dns.as_ref().filter(|dns| concerns(&dns.segments)) {
                let ports = dns.ports.clone().unwrap_or_else(|| vec![on(53, Protocol::Udp), on(53, Protocol::Tcp)]);
                let pods = dns.pods.clone().unwrap_or_else(core_dns);
                let whom = Whom::Pods {
                    namespaces: Some(dns.namespaces.clone().unwrap_or_else(kube_system)),
                    pods: Some(pods),
                };
                opened.push(Open { whom, ports: Some(ports.clone()) });
                opened.extend(ranges(&dns.cidrs, Some(&ports)));
            }
            if let Some(apiserver) = system.apiserver.as_ref().filter(|apiserver| concerns(&apiserver.segments)) {
                let ports = apiserver.ports.clone().unwrap_or_else(|| vec![Port::Number(443), Port::Number(6443)]);
                opened.extend(ranges(&apiserver.cidrs, Some(&ports)));
            }
        }
    }
    opened
}

fn on(port: u16, protocol: Protocol) -> Port {
    Port::Described(Described { port: Some(port), protocol, ..Described::default() })
}

fn kube_system() -> Term {
    Term { names: Some(vec!["kube-system".to_owned()]), ..Term::default() }
}

/// As kubeadm and the managed offerings label it.
fn core_dns() -> LabelSelector {
    LabelSelector {
        match_labels: Labels::from([("k8s-app".to_owned(), "kube-dns".to_owned())]),
        ..LabelSelector::default()
    }
}
