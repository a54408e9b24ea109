//! What git alone can tell is wrong with a segmentation.

mod ends;
mod places;
mod segments;

use super::cluster_policy::MOST_RULES;
use super::open;
use super::spec::{Direction, OwnPolicies, Spec, System};
use crate::diagnostic::Code;
use crate::kinds::kind::{Fault, Intent};
use crate::name::DocumentName;

pub(super) fn inspect(intent: &Intent<'_, Spec>) -> Vec<Fault> {
    let spec = intent.spec;
    let mut faults: Vec<Fault> = unscoped(intent.namespaced).into_iter().chain(silent(spec)).collect();
    faults.extend(segments::inspect(spec));
    faults.extend(ends::inspect(spec));
    faults.extend(system(spec));
    faults.extend(own_policies(spec));
    faults.extend(unbounded(spec));
    faults.extend(spec.encryption.map(|_| unenforced()));
    faults
}

fn unscoped(namespaced: bool) -> Option<Fault> {
    let message = "segments are of namespaces, and this rule selects none";
    let help = "add `namespaces` to spec.scope; `{}` selects all of them";
    (!namespaced).then(|| Fault::new(Code::MissingField, "/scope", message, help))
}

fn silent(spec: &Spec) -> Option<Fault> {
    let help = "give it `segments`, or leave `defaultDeny` out";
    (spec.segments.is_empty() && !spec.default_deny)
        .then(|| Fault::new(Code::MissingField, "", "this segmentation closes nothing", help))
}

/// System flows: what they name and in which direction they go.
fn system(spec: &Spec) -> Vec<Fault> {
    let System { dns, metrics, apiserver, webhooks } = &spec.system;
    let mut faults = Vec::new();
    let mut flow = |name: &str, direction, segments: Option<&Vec<DocumentName>>, mut found: Vec<Fault>| {
        let place = format!("/system/{name}");
        faults.append(&mut found);
        faults.extend(segments::all_known(spec, segments, &place));
        faults.extend(ungoverned(spec, direction, &place));
    };
    if let Some(dns) = dns {
        let mut found = places::ranges(&dns.cidrs, "/system/dns/cidrs");
        found
            .extend(dns.ports.iter().flat_map(|ports| places::ports(ports, "/system/dns/ports", dns.cidrs.is_empty())));
        found.extend(dns.namespaces.iter().flat_map(|term| places::namespaces(term, "/system/dns/namespaces")));
        found.extend(dns.pods.iter().flat_map(|pods| places::pods(pods, "/system/dns/pods")));
        flow("dns", Direction::Egress, dns.segments.as_ref(), found);
    }
    if let Some(metrics) = metrics {
        let mut found = places::namespaces(&metrics.namespaces, "/system/metrics/namespaces");
        found.extend(metrics.pods.iter().flat_map(|pods| places::pods(pods, "/system/metrics/pods")));
        found.extend(places::ports(&metrics.ports, "/system/metrics/ports", true));
        flow("metrics", Direction::Ingress, metrics.segments.as_ref(), found);
    }
    if let Some(apiserver) = apiserver {
        let mut found = places::ranges(&apiserver.cidrs, "/system/apiserver/cidrs");
        found.extend(apiserver.ports.iter().flat_map(|ports| places::ports(ports, "/system/apiserver/ports", false)));
        flow("apiserver", Direction::Egress, apiserver.segments.as_ref(), found);
    }
    if let Some(webhooks) = webhooks {
        let mut found = places::ranges(&webhooks.cidrs, "/system/webhooks/cidrs");
        found.extend(places::ports(&webhooks.ports, "/system/webhooks/ports", true));
        flow("webhooks", Direction::Ingress, webhooks.segments.as_ref(), found);
    }
    faults
}

/// What opens a direction that is not closed.
fn ungoverned(spec: &Spec, direction: Direction, place: &str) -> Option<Fault> {
    let word = match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    };
    let message = format!("this opens {word}, which is open already: spec.directions leaves it out");
    let help = format!("add {word} to spec.directions, or take this out");
    (!spec.governs(direction)).then(|| Fault::new(Code::InvalidValue, place, message, help))
}

fn own_policies(spec: &Spec) -> Option<Fault> {
    let message = "a namespace's own policies are bounded only where every pod is closed, and `defaultDeny` is false";
    (spec.own_policies == Some(OwnPolicies::Narrow) && !spec.default_deny).then(|| {
        Fault::new(
            Code::InvalidValue,
            "/ownPolicies",
            message,
            "let every pod be closed, or write `ownPolicies: widen`",
        )
    })
}

/// More openings than a ClusterNetworkPolicy has room for.
fn unbounded(spec: &Spec) -> Vec<Fault> {
    // What cannot be read has been told.
    let closed = open::closed(spec).ok().filter(|_| spec.narrows()).unwrap_or_default();
    let too_many = closed.iter().filter_map(|closed| {
        let most = closed.ingress.len().max(closed.egress.len());
        let whose =
            closed.segment.map_or_else(|| "every pod".to_owned(), |segment| format!("segment `{}`", segment.name));
        let place =
            closed.segment.and_then(|segment| segments::place(spec, segment)).unwrap_or_else(|| "/system".to_owned());
        let message =
            format!("{whose} has {most} openings in one direction, and a ClusterNetworkPolicy takes {MOST_RULES}");
        let help = "join ranges of addresses, or write `ownPolicies: widen`, which does without";
        (most > MOST_RULES).then(|| Fault::new(Code::TooLarge, place, message, help))
    });
    too_many.collect()
}

fn unenforced() -> Fault {
    let message = "nothing enforces encryption yet: pods of these segments may talk in plain text";
    let help = "see to it by other means (a service mesh, WireGuard between nodes) until a later version of Writ does";
    Fault::warning(Code::Unsupported, "/encryption", message, help)
}
