//! Flows and their ends.

use super::super::spec::{Direction, Flow, Other, Peer, Spec};
use super::{places, segments};
use crate::diagnostic::Code;
use crate::kinds::kind::Fault;

pub(super) fn inspect(spec: &Spec) -> Vec<Fault> {
    let flows = spec.flows.iter().enumerate();
    flows.flat_map(|(index, flow)| of(spec, flow, &format!("/flows/{index}"))).collect()
}

fn of(spec: &Spec, flow: &Flow, place: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (field, peers) in [("from", &flow.from), ("to", &flow.to)] {
        for (index, peer) in peers.iter().enumerate() {
            let place = format!("{place}/{field}/{index}");
            match peer {
                Peer::Segment(name) => faults.extend(segments::known(spec, name, &place)),
                Peer::Other(other) => faults.extend(elsewhere(spec, other, &place)),
            }
        }
    }
    let addressed = flow.to.iter().any(|peer| matches!(peer, Peer::Other(other) if other.cidr.is_some()));
    faults.extend(flow.ports.iter().flat_map(|ports| places::ports(ports, &format!("{place}/ports"), !addressed)));
    faults.extend(useless(spec, flow, place));
    faults
}

/// An end that is no segment of the same namespace: it says where, and says it once.
fn elsewhere(spec: &Spec, other: &Other, place: &str) -> Vec<Fault> {
    let Other { namespaces, pods, segment, cidr, except } = other;
    let fault = |message: &str, help: &str| vec![Fault::new(Code::InvalidValue, place, message, help)];
    if let Some(cidr) = cidr {
        if namespaces.is_some() || pods.is_some() || segment.is_some() {
            return fault("this names addresses and pods", "give each an end of its own");
        }
        let mut faults: Vec<Fault> = places::range(cidr, &format!("{place}/cidr")).into_iter().collect();
        faults.extend(places::exceptions(cidr, except, &format!("{place}/except")));
        return faults;
    }
    if !except.is_empty() {
        return fault(
            "`except` leaves addresses out of a `cidr`, and there is none",
            "give it `cidr`, or take `except` out",
        );
    }
    match (namespaces, pods, segment) {
        (None, None, None) => {
            return fault("this end names nobody", "name a segment, or give `pods`, `namespaces` or `cidr`");
        }
        (_, Some(_), Some(_)) => return fault("this end names a segment and pods", "keep one of the two"),
        (None, None, Some(name)) => {
            return fault(
                "a segment of the same namespace is named alone",
                &format!("write `{name}`, or add `namespaces`"),
            );
        }
        _ => {}
    }
    let mut faults: Vec<Fault> = Vec::new();
    faults.extend(namespaces.iter().flat_map(|term| places::namespaces(term, &format!("{place}/namespaces"))));
    faults.extend(pods.iter().flat_map(|pods| places::pods(pods, &format!("{place}/pods"))));
    faults.extend(segment.iter().filter_map(|name| segments::known(spec, name, &format!("{place}/segment"))));
    faults
}

/// A flow that opens nothing: neither end is a segment, or only on a side that is open anyway.
fn useless(spec: &Spec, flow: &Flow, place: &str) -> Option<Fault> {
    let segment = |peers: &[Peer]| peers.iter().any(|peer| matches!(peer, Peer::Segment(_)));
    let (calls, called) = (segment(&flow.from), segment(&flow.to));
    if !calls && !called {
        let message = "neither end of this flow is a segment, so it opens nothing";
        return Some(Fault::new(Code::InvalidValue, place, message, "name a segment of this rule on one side"));
    }
    let opens = (calls && spec.governs(Direction::Egress)) || (called && spec.governs(Direction::Ingress));
    let message = "this flow opens nothing: spec.directions leaves out the side on which it has a segment";
    (!opens).then(|| {
        Fault::new(Code::InvalidValue, place, message, "add ingress or egress to spec.directions, or take the flow out")
    })
}
