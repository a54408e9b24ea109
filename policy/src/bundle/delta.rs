//! Contents as the difference from other contents: what `Follow` pushes.

use super::contents::{Contents, FORMAT, Line};
use crate::canonical;
use crate::digest::Digest;
use crate::name::RuleName;
use std::collections::BTreeMap;

/// From contents that the receiver holds to those of the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The digest of what it starts from; none: from nothing.
    pub base: Option<Digest>,
    /// Lines that are new or have another digest.
    pub changed: Vec<Line>,
    /// Names that are no longer there.
    pub removed: Vec<RuleName>,
}

/// The delta does not lead to the head's contents. The whole contents must be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the difference leads to other contents than the head names ({wanted}); fetch them whole")]
pub struct DeltaMismatch {
    /// What the head names.
    pub wanted: Digest,
}

/// What leads from `base` (with its digest) to `to`.
#[must_use]
pub fn diff(base: Option<(Digest, &Contents)>, to: &Contents) -> Delta {
    let empty = Vec::new();
    let (digest, from) = base.map_or((None, &empty), |(digest, contents)| (Some(digest), &contents.entries));
    let from: BTreeMap<_, _> = from.iter().map(|line| (&line.name, line)).collect();
    let into: BTreeMap<_, _> = to.entries.iter().map(|line| (&line.name, line)).collect();
    let changed = to.entries.iter().filter(|line| from.get(&line.name) != Some(line)).cloned().collect();
    let removed = from.keys().filter(|name| !into.contains_key(*name)).map(|name| (*name).clone()).collect();
    Delta { base: digest, changed, removed }
}

/// The canonical bytes of the contents that `delta` makes of `base`, if they are those that the head names.
///
/// # Errors
/// [`DeltaMismatch`] when they hash to another digest than `wanted`.
pub fn apply(base: Option<&Contents>, delta: &Delta, wanted: Digest) -> Result<Vec<u8>, DeltaMismatch> {
    let lines = base.map_or(&[][..], |base| &base.entries);
    let mut lines: BTreeMap<_, _> = lines.iter().map(|line| (&line.name, line)).collect();
    lines.retain(|name, _| !delta.removed.contains(name));
    lines.extend(delta.changed.iter().map(|line| (&line.name, line)));
    let contents = Contents { format: FORMAT, entries: lines.into_values().cloned().collect() };
    let bytes = canonical::to_vec(&contents).map_err(|_| DeltaMismatch { wanted })?;
    leads_to(&bytes, wanted)?;
    Ok(bytes)
}

fn leads_to(bytes: &[u8], wanted: Digest) -> Result<(), DeltaMismatch> {
    if Digest::of(bytes) == wanted { Ok(()) } else { Err(DeltaMismatch { wanted }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contents(entries: &BTreeMap<u8, u8>) -> Contents {
        let line = |(name, byte): (&u8, &u8)| Line {
            name: format!("ConfigTemplate/e{name:03}").parse().unwrap(),
            digest: Digest::of(&[*byte]),
            size: u64::from(*byte),
        };
        Contents { format: FORMAT, entries: entries.iter().map(line).collect() }
    }

    proptest! {
        #[test]
        fn inv05_applying_what_differs_gives_what_was_meant(
            from in prop::collection::btree_map(0u8..20, any::<u8>(), 0..12),
            to in prop::collection::btree_map(0u8..20, any::<u8>(), 0..12),
        ) {
            let (from, to) = (contents(&from), contents(&to));
            let wanted = canonical::digest(&to).unwrap();
            let delta = diff(Some((canonical::digest(&from).unwrap(), &from)), &to);
            prop_assert_eq!(apply(Some(&from), &delta, wanted), Ok(canonical::to_vec(&to).unwrap()));
            prop_assert_eq!(apply(None, &diff(None, &to), wanted), Ok(canonical::to_vec(&to).unwrap()));
        }
    }

    #[test]
    fn inv05_a_delta_that_leads_elsewhere_is_refused() {
        let from = contents(&BTreeMap::from([(1, 1), (2, 2)]));
        let to = contents(&BTreeMap::from([(1, 1), (3, 3)]));
        let wanted = canonical::digest(&to).unwrap();
        let mut delta = diff(Some((canonical::digest(&from).unwrap(), &from)), &to);
        delta.removed.clear();
        assert_eq!(apply(Some(&from), &delta, wanted), Err(DeltaMismatch { wanted }));
        let other = contents(&BTreeMap::from([(9, 9)]));
        let delta = diff(Some((canonical::digest(&from).unwrap(), &from)), &to);
        assert_eq!(apply(Some(&other), &delta, wanted), Err(DeltaMismatch { wanted }));
    }
}
