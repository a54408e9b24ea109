//! Holds.

use crate::records::{self, HoldKind};
use policy::name::{ClusterName, RuleName};
use proto::rest::hold::{Hold, Reason, Released};
use std::collections::BTreeSet;

pub(in crate::people) fn hold(hold: records::Hold) -> Hold {
    let records::Hold { digest, kind, since, released, lapsed } = hold;
    let mut told = told(kind);
    if let Some(at) = lapsed {
        told.message.push_str(&format!("; it no longer holds, since {at}"));
    }
    let items_total = told.total;
    let released = released.map(|(by, at)| Released { by: by.to_string(), at });
    let Told { reason, clusters, message, items, .. } = told;
    Hold { digest, reason, clusters, since, message, items, items_total, released }
}

/// What a kind of hold has to tell.
struct Told {
    reason: Reason,
    clusters: Vec<ClusterName>,
    message: String,
    items: Vec<String>,
    total: u64,
}

fn told(kind: HoldKind) -> Told {
    match kind {
        HoldKind::Removals { clusters, objects, count, .. } => Told {
            reason: Reason::Removals,
            message: format!("{count} objects would be removed from {}", named(&clusters)),
            clusters: clusters.into_iter().collect(),
            items: objects.iter().map(ToString::to_string).collect(),
            total: count,
        },
        HoldKind::Rendering { rules, unreadable } => {
            let line = |(cluster, rules): (&ClusterName, &BTreeSet<RuleName>)| {
                let names: Vec<_> = rules.iter().map(RuleName::to_string).collect();
                format!("{cluster}: {}", names.join(", "))
            };
            let items: Vec<_> = rules.iter().map(line).collect();
            let message = match unreadable {
                None => format!("this version of Writ renders rules of {} clusters differently", items.len()),
                Some(revision) => format!(
                    "this version of Writ cannot read the published revision {revision}, so what it renders \
                     differently cannot be told; released, the newest accepted revision passes"
                ),
            };
            Told {
                reason: Reason::Rendering,
                clusters: rules.into_keys().collect(),
                message,
                total: items.len() as u64,
                items,
            }
        }
        HoldKind::Changes { from, revision, refused, count } => Told {
            reason: Reason::Changes,
            clusters: Vec::new(),
            message: format!(
                "{count} changes up to commit {revision} are not by people who may make them; released, all{} pass",
                from.map(|from| format!(" since {from}")).unwrap_or_default()
            ),
            items: refused,
            total: count,
        },
        HoldKind::Restored { cluster, shown, stored } => Told {
            reason: Reason::Restored,
            clusters: Vec::new(),
            message: format!(
                "{cluster} showed a head of sequence {shown} that this hub signed and its store, at {stored}, does not \
                 know: the store was restored from a backup"
            ),
            items: Vec::new(),
            total: 0,
        },
    }
}

fn named(clusters: &BTreeSet<ClusterName>) -> String {
    let mut names = clusters.iter();
    match (names.next(), names.len()) {
        (Some(only), 0) => only.to_string(),
        (_, _) => format!("each of {} clusters", clusters.len()),
    }
}
