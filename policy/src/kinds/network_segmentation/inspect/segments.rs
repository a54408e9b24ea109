//! Segments: named once, each with pods of its own.

use super::super::REST;
use super::super::spec::{Addresses, Direction, Segment, Spec};
use super::{places, ungoverned};
use crate::diagnostic::Code;
use crate::document::nearest::remedy;
use crate::kinds::kind::Fault;
use crate::name::DocumentName;
use crate::selector::{LabelSelector, Meeting};
use std::collections::BTreeSet;

pub(super) fn inspect(spec: &Spec) -> Vec<Fault> {
    let mut names = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, segment) in spec.segments.iter().enumerate() {
        let place = format!("/segments/{index}");
        faults.extend(unnameable(segment, !names.insert(&segment.name), &place));
        faults.extend(places::pods(&segment.pods, &format!("{place}/pods")));
        for (direction, field, addresses) in [
            (Direction::Ingress, "ingress", segment.ingress.as_ref()),
            (Direction::Egress, "egress", segment.egress.as_ref()),
        ] {
            let place = format!("{place}/{field}");
            faults.extend(addresses.into_iter().flat_map(|addresses| by_address(spec, direction, addresses, &place)));
        }
        let earlier = spec.segments.iter().take(index);
        faults.extend(earlier.filter_map(|earlier| overlap(earlier, segment, &format!("{place}/pods"))));
    }
    faults
}

/// JSON pointer of a segment.
pub(super) fn place(spec: &Spec, segment: &Segment) -> Option<String> {
    let index = spec.segments.iter().position(|one| one.name == segment.name)?;
    Some(format!("/segments/{index}"))
}

fn unnameable(segment: &Segment, again: bool, place: &str) -> Option<Fault> {
    let (name, place) = (&segment.name, format!("{place}/name"));
    if again {
        return Some(Fault::new(
            Code::Duplicate,
            place,
            format!("there are two segments `{name}`"),
            "rename one of them",
        ));
    }
    let message = format!("`{name}` is what the policy that denies the rest is called");
    (name.as_str() == REST).then(|| Fault::new(Code::InvalidValue, place, message, "give the segment another name"))
}

fn by_address(spec: &Spec, direction: Direction, addresses: &Addresses, place: &str) -> Vec<Fault> {
    let mut faults = places::ranges(&addresses.cidrs, &format!("{place}/cidrs"));
    // The name of a port is one of the called pods': its own pods', or nobody's.
    let named = direction == Direction::Ingress;
    faults.extend(addresses.ports.iter().flat_map(|ports| places::ports(ports, &format!("{place}/ports"), named)));
    faults.extend(ungoverned(spec, direction, place));
    faults
}

/// Segments that can have a pod in common. What one of them opens is open to it, and between two writes it may be cut off
/// from what the other opens.
fn overlap(earlier: &Segment, segment: &Segment, place: &str) -> Option<Fault> {
    let (one, other) = (&earlier.name, &segment.name);
    let everything = LabelSelector::default();
    if earlier.pods == segment.pods {
        let message = format!("the segments `{one}` and `{other}` select the same pods");
        return Some(Fault::new(Code::Duplicate, place, message, "make one segment of them"));
    }
    if earlier.pods == everything || segment.pods == everything {
        let all = if segment.pods == everything { other } else { one };
        let message = format!("the segment `{all}` selects every pod, those of the other segments too");
        let help = "select its pods by a label; what is in no segment is closed by `defaultDeny`";
        return Some(Fault::new(Code::InvalidValue, place, message, help));
    }
    let meeting = earlier.pods.domain().meets(&segment.pods.domain());
    let message = format!("a pod can be in both segments `{one}` and `{other}`, and may then do what either may");
    let help = "select both by different values of the same label";
    (meeting != Meeting::Never).then(|| Fault::warning(Code::Conflict, place, message, help))
}

/// Whether there is a segment of this name.
pub(super) fn known(spec: &Spec, name: &DocumentName, place: &str) -> Option<Fault> {
    if spec.segment(name).is_some() {
        return None;
    }
    let names: Vec<&str> = spec.segments.iter().map(|segment| segment.name.as_str()).collect();
    let help = remedy(name.as_str(), &names).unwrap_or_else(|| "declare it in spec.segments".to_owned());
    Some(Fault::new(Code::UnknownReference, place, format!("there is no segment `{name}`"), help))
}

/// The segments that a system flow is for.
pub(super) fn all_known(spec: &Spec, only: Option<&Vec<DocumentName>>, place: &str) -> Vec<Fault> {
    let at = |index: usize| format!("{place}/segments/{index}");
    let each = only.into_iter().flatten().enumerate();
    each.filter_map(|(index, name)| known(spec, name, &at(index))).collect()
}
