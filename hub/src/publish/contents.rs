//! Content that a publish puts by digest, before its commit moves the pointer.

use super::fleet::Wanted;
use super::standing::{Lists, Standing};
use crate::following::Listed;
use crate::records::Fleet;
use crate::store::{Blob, StoreError};
use bytes::Bytes;
use policy::bundle::contents::{Contents, FORMAT, Line};
use policy::compile::{Compiled, Rendered};
use policy::digest::Digest;
use policy::name::ClusterName;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Shares a rendering's bytes with the store, without a copy.
struct Shared(Arc<Rendered>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes
    }
}

/// What the store lacks of `wanted`, each once.
pub(super) fn lacking(wanted: &Wanted, stored: &BTreeSet<Digest>) -> Vec<Blob> {
    let mut put = BTreeSet::new();
    let mut blobs = Vec::new();
    for (_, compiled) in wanted.values() {
        let mut is_new = |digest| !stored.contains(&digest) && put.insert(digest);
        if !is_new(compiled.digest) {
            continue;
        }
        let new = compiled.entries.iter().filter(|made| is_new(made.digest));
        blobs.extend(new.map(|made| Blob { digest: made.digest, bytes: Bytes::from_owner(Shared(made.clone())) }));
        blobs.push(Blob { digest: compiled.digest, bytes: Bytes::from_owner(compiled.bytes.clone()) });
    }
    blobs
}

/// The fleet as content.
pub(super) fn fleet_blob(fleet: &Fleet) -> Result<Blob, StoreError> {
    let unreadable = |source| StoreError::Unreadable { key: crate::store::Key::of("content", &"fleet"), source };
    let bytes = serde_json::to_vec(fleet).map_err(unreadable)?;
    Ok(Blob { digest: Digest::of(&bytes), bytes: bytes.into() })
}

/// The lists of the new fleet; those that stand already are shared.
pub(super) fn lists(standing: &Standing, wanted: Wanted) -> BTreeMap<ClusterName, Lists> {
    let mut known: BTreeMap<Digest, Arc<Listed>> = BTreeMap::new();
    let mut listed = BTreeMap::new();
    for (name, (_, compiled)) in wanted {
        let stands = standing.listed.get(&name);
        let lists = match stands {
            Some(stands) if stands.contents.digest == compiled.digest => stands.clone(),
            _ => {
                Lists { contents: share(&mut known, &compiled), previous: stands.map(|stands| stands.contents.clone()) }
            }
        };
        listed.insert(name, lists);
    }
    listed
}

fn share(known: &mut BTreeMap<Digest, Arc<Listed>>, compiled: &Compiled) -> Arc<Listed> {
    let list = || Arc::new(Listed { digest: compiled.digest, contents: contents(&compiled.entries) });
    known.entry(compiled.digest).or_insert_with(list).clone()
}

fn contents(entries: &[Arc<Rendered>]) -> Contents {
    let line =
        |made: &Arc<Rendered>| Line { name: made.name.clone(), digest: made.digest, size: made.bytes.len() as u64 };
    Contents { format: FORMAT, entries: entries.iter().map(line).collect() }
}
