//! From what is wanted to what is issued: who gets a new sequence. Pure.

use crate::records::{Accepted, Fleet, Issued};
use policy::canonical::{self, NotCanonical};
use policy::digest::Digest;
use policy::facts::Declared;
use policy::name::ClusterName;
use std::collections::BTreeMap;

/// How many heads before the one in force are remembered for each cluster.
const REMEMBERED: usize = 8;

/// The fleet as it shall be issued. `floor` is the highest sequence that any cluster has shown: all continue above it.
pub(super) fn place<'a>(
    before: &Fleet,
    wanted: impl Iterator<Item = (&'a Declared, Digest)>,
    accepted: &Accepted,
    floor: u64,
) -> Result<Fleet, NotCanonical> {
    let mut clusters: BTreeMap<ClusterName, Issued> = BTreeMap::new();
    for (declared, contents) in wanted {
        clusters.insert(declared.name.clone(), issue(before, declared, contents, accepted, floor)?);
    }
    let gone = before.clusters.iter().map(|(name, issued)| (name.clone(), issued.sequence));
    let mut retired: BTreeMap<_, _> = before.retired.clone().into_iter().chain(gone).collect();
    retired.retain(|name, _| !clusters.contains_key(name));
    Ok(Fleet { clusters, retired })
}

fn issue(
    before: &Fleet,
    declared: &Declared,
    contents: Digest,
    accepted: &Accepted,
    floor: u64,
) -> Result<Issued, NotCanonical> {
    let stands = before.clusters.get(&declared.name);
    let last = stands.map(|issued| issued.sequence).or_else(|| before.retired.get(&declared.name).copied());
    let replaced =
        stands.and_then(|stands| if stands.contents == contents { stands.previous } else { Some(stands.contents) });
    let new = Issued {
        cluster: declared.clone(),
        sequence: last.unwrap_or(0).max(floor) + 1,
        contents,
        previous: replaced,
        revision: accepted.revision.clone(),
        region_revision: accepted.region_revision(&declared.region).to_owned(),
        before: BTreeMap::new(),
    };
    match stands {
        // The sequence rises exactly when what is said changes.
        Some(stands) if stands.says() == new.says() && stands.sequence > floor => Ok(stands.clone()),
        Some(stands) => Ok(Issued { before: remembered(stands)?, ..new }),
        None => Ok(new),
    }
}

/// What the newest heads said, `stands` among them.
fn remembered(stands: &Issued) -> Result<BTreeMap<u64, Digest>, NotCanonical> {
    let mut before = stands.before.clone();
    before.insert(stands.sequence, canonical::digest(&stands.says())?);
    while before.len() > REMEMBERED {
        before.pop_first();
    }
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::mode::Mode;

    fn declared(name: &str) -> Declared {
        let labels = BTreeMap::new();
        Declared { name: name.parse().unwrap(), region: "eu".parse().unwrap(), labels, mode: Mode::Enforce }
    }

    fn placed(before: &Fleet, wanted: &[(&str, &str)], revision: &str, floor: u64) -> Fleet {
        let wanted: Vec<_> = wanted.iter().map(|(name, text)| (declared(name), Digest::of(text.as_bytes()))).collect();
        place(before, wanted.iter().map(|(d, c)| (d, *c)), &Accepted::at(revision), floor).unwrap()
    }

    fn sequence(fleet: &Fleet, name: &str) -> u64 {
        fleet.clusters[&name.parse::<ClusterName>().unwrap()].sequence
    }

    #[test]
    fn the_sequence_rises_with_contents_revision_and_declaration_only() {
        let first = placed(&Fleet::default(), &[("a", "1")], "r1", 0);
        assert_eq!(sequence(&first, "a"), 1);
        assert_eq!(placed(&first, &[("a", "1")], "r1", 0), first);
        assert_eq!(sequence(&placed(&first, &[("a", "2")], "r1", 0), "a"), 2);
        assert_eq!(sequence(&placed(&first, &[("a", "1")], "r2", 0), "a"), 2);
        let audit = Declared { mode: Mode::Audit, ..declared("a") };
        let changed = place(&first, [(&audit, Digest::of(b"1"))].into_iter(), &Accepted::at("r1"), 0).unwrap();
        assert_eq!(sequence(&changed, "a"), 2);
    }

    #[test]
    fn the_contents_before_stay_at_hand() {
        let name: ClusterName = "a".parse().unwrap();
        let first = placed(&Fleet::default(), &[("a", "1")], "r1", 0);
        let second = placed(&first, &[("a", "2")], "r2", 0);
        let third = placed(&second, &[("a", "2")], "r3", 0);
        assert_eq!(first.clusters[&name].previous, None);
        assert_eq!(second.clusters[&name].previous, Some(Digest::of(b"1")));
        assert_eq!(third.clusters[&name].previous, Some(Digest::of(b"1")));
    }

    #[test]
    fn a_cluster_that_comes_back_continues_above_its_last_sequence() {
        let first = placed(&Fleet::default(), &[("a", "1"), ("b", "1")], "r1", 0);
        let without = placed(&first, &[("b", "1")], "r2", 0);
        assert_eq!(without.retired, BTreeMap::from([("a".parse().unwrap(), 1)]));
        let again = placed(&without, &[("a", "1"), ("b", "1")], "r3", 0);
        assert_eq!((sequence(&again, "a"), again.retired.len()), (2, 0));
    }

    #[test]
    fn the_newest_heads_are_remembered_by_what_they_said() {
        let name: ClusterName = "a".parse().unwrap();
        let mut fleet = Fleet::default();
        for revision in 1..=10 {
            let before = fleet.clusters.get(&name).cloned();
            fleet = placed(&fleet, &[("a", "1")], &format!("r{revision}"), 0);
            let remembered = &fleet.clusters[&name].before;
            let said = before.map(|before| (before.sequence, canonical::digest(&before.says()).unwrap()));
            assert_eq!(remembered.last_key_value().map(|(sequence, digest)| (*sequence, *digest)), said);
        }
        assert_eq!(fleet.clusters[&name].before.keys().copied().collect::<Vec<_>>(), (2..=9).collect::<Vec<_>>());
    }

    #[test]
    fn continues_above_what_was_shown() {
        let first = placed(&Fleet::default(), &[("a", "1")], "r1", 0);
        let above = placed(&first, &[("a", "1")], "r1", 40);
        assert_eq!(sequence(&above, "a"), 41);
        assert_eq!(placed(&above, &[("a", "1")], "r1", 40), above);
    }
}
