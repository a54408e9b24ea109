//! Holds.

use crate::records::{self, HoldKind};
use proto::rest::hold::{Hold, Reason, Released};

pub(in crate::people) fn hold(hold: records::Hold) -> Hold {
    let records::Hold { digest, kind, since, released } = hold;
    let told = told(kind);
    let items_total = told.total;
    let released = released.map(|(by, at)| Released { by: by.to_string(), at });
    let Told { reason, cluster, message, items, .. } = told;
    Hold { digest, reason, cluster, since, message, items, items_total, released }
}

/// What a kind of hold has to tell.
struct Told {
    reason: Reason,
    cluster: Option<policy::name::ClusterName>,
    message: String,
    items: Vec<String>,
    total: u64,
}

fn told(kind: HoldKind) -> Told {
    match kind {
        HoldKind::Removals { cluster, objects, count } => Told {
            reason: Reason::Removals,
            message: format!("{cluster} would remove {count} objects"),
            cluster: Some(cluster),
            items: objects.iter().map(ToString::to_string).collect(),
            total: count,
        },
        HoldKind::Rendering { rules } => {
            let line = |(cluster, rules): (&policy::name::ClusterName, &std::collections::BTreeSet<_>)| {
                let names: Vec<_> = rules.iter().map(policy::name::RuleName::to_string).collect();
                format!("{cluster}: {}", names.join(", "))
            };
            let items: Vec<_> = rules.iter().map(line).collect();
            let message = format!("this version of Writ renders rules of {} clusters differently", items.len());
            Told { reason: Reason::Rendering, cluster: None, message, total: items.len() as u64, items }
        }
        HoldKind::Restored { cluster, shown, stored } => Told {
            reason: Reason::Restored,
            cluster: None,
            message: format!(
                "{cluster} showed sequence {shown}, this hub's store has {stored}: it was restored from a backup"
            ),
            items: Vec::new(),
            total: 0,
        },
    }
}
