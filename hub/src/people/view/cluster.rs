//! One cluster.

use crate::hub::Hub;
use crate::records::Revocation;
use crate::views::ClusterView;
use policy::catalog;
use policy::facts::{Capabilities, Declared};
use policy::report::{Condition, ConditionKind, Truth};
use proto::rest::cluster::{Cluster, Metadata, Position, Spec, State, Status};

pub(in crate::people) fn cluster(hub: &Hub, seen: ClusterView) -> Cluster {
    let declared = seen.declared.as_ref().map(|cluster| &cluster.declared);
    let labels = declared.map(|declared| declared.labels.clone()).unwrap_or_default();
    let spec = declared.map(|Declared { region, mode, .. }| Spec { region: region.clone(), mode: *mode });
    let status = status(hub, &seen);
    Cluster { metadata: Metadata { name: seen.name, labels }, spec, status }
}

fn status(hub: &Hub, seen: &ClusterView) -> Status {
    let report = seen.told();
    let published = seen.issued.as_ref();
    let enforced = report.and_then(|report| report.head.as_ref());
    let heard = seen.report.as_ref().map(|kept| kept.at);
    Status {
        state: state(seen),
        reason: reason(seen),
        published: published.map(|head| Position { sequence: head.sequence, revision: head.revision.clone() }),
        enforced: enforced.map(|head| Position { sequence: head.sequence, revision: head.revision.clone() }),
        capabilities: capabilities(seen),
        last_seen: if seen.following { Some(hub.clock.wall()) } else { heard },
        fresh_until: fresh_until(hub, seen),
        units: report.map(|report| report.counts.clone()).unwrap_or_default(),
        notes: report.map(|report| report.notes.clone()).unwrap_or_default(),
        conditions: report
            .into_iter()
            .flat_map(|report| &report.conditions)
            .map(|held| condition(held, seen))
            .collect(),
        findings: report.map(|report| report.findings.clone()).unwrap_or_default(),
    }
}

/// Where it stands with the hub.
pub(super) fn state(seen: &ClusterView) -> State {
    match &seen.identity {
        Some(identity) if identity.revoked.is_none() && seen.declared.is_none() => State::Undeclared,
        Some(identity) if identity.revoked.is_none() && seen.following => State::Connected,
        Some(identity) if identity.revoked.is_none() => State::Disconnected,
        _ if seen.invited => State::Invited,
        Some(_) => State::Revoked,
        None => State::Declared,
    }
}

/// Why it stands there and what to do, where that is for a person to know.
fn reason(seen: &ClusterView) -> Option<String> {
    let name = &seen.name;
    let revoked = seen.identity.as_ref().and_then(|identity| identity.revoked.as_ref());
    match (state(seen), revoked) {
        (State::Undeclared, _) => Some(format!(
            "the catalog declares it no longer: it gets no new heads, and goes on enforcing what it has; declare it again, \
             or end its identity with `writ cluster revoke {name}`"
        )),
        (State::Revoked, Some(Revocation { at, by })) => {
            Some(format!("revoked by {by} at {at}; `writ cluster invite {name} --replace` lets it in anew"))
        }
        _ => None,
    }
}

fn capabilities(seen: &ClusterView) -> Option<Capabilities> {
    let reported = seen.facts.as_ref().map(|facts| &facts.capabilities);
    let pinned = seen.declared.as_ref().and_then(|catalog::Cluster { pinned, .. }| pinned.as_ref());
    reported.or(pinned).cloned()
}

fn fresh_until(hub: &Hub, seen: &ClusterView) -> Option<jiff::Timestamp> {
    hub.newest(&seen.name).filter(|_| seen.following).map(|newest| newest.head.fresh_until)
}

/// As the spoke reported it; whether it is connected, the hub knows better.
fn condition(held: &Condition, seen: &ClusterView) -> Condition {
    let follows = Truth::from(seen.following);
    if held.kind != ConditionKind::Connected || held.status == follows {
        return held.clone();
    }
    Condition { status: follows, reason: "NotFollowing".to_owned(), ..held.clone() }
}
