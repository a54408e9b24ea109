//! Blobs by digest: only the caller's own newest two contents and their entries (invariant 13). Whether anything else
//! exists is not told.

use crate::following::{Listed, Published};
use crate::hub::Hub;
use crate::spokes::{ClusterId, status};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{BoxStream, iter};
use policy::bundle::verify::{MAX_BUNDLE, MAX_CONTENTS};
use policy::digest::Digest;
use proto::grpc::{FetchRequest, FetchResponse};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tonic::Status;

/// How many blobs one call may name.
const MOST_DIGESTS: usize = 4096;
/// How much of a blob comes in one message.
const PART: usize = 256 * 1024;

/// The digests of a request, all of which the caller may have.
pub(super) fn wanted(hub: &Hub, cluster: &ClusterId, request: &FetchRequest) -> Result<Vec<Digest>, Status> {
    if request.digests.len() > MOST_DIGESTS {
        return Err(Status::invalid_argument("a call may name at most 4096 digests"));
    }
    let digests: Result<Vec<Digest>, _> = request.digests.iter().map(|text| text.parse()).collect();
    let digests = digests.map_err(|error: policy::digest::NotADigest| Status::invalid_argument(error.to_string()))?;
    let newest = hub.newest(cluster.name());
    let own = newest.map(|newest| own(&newest)).unwrap_or_default();
    let digests = each_once(digests);
    own_only(&digests, &own)?;
    within_a_bundle(&digests, &own)?;
    Ok(digests)
}

/// Who names a blob twice gets it once.
fn each_once(digests: Vec<Digest>) -> Vec<Digest> {
    let mut seen = BTreeSet::new();
    digests.into_iter().filter(|digest| seen.insert(*digest)).collect()
}

/// A whole bundle fits into one call, and no more.
fn within_a_bundle(digests: &[Digest], own: &BTreeMap<Digest, u64>) -> Result<(), Status> {
    let sizes = digests.iter().filter_map(|digest| own.get(digest));
    let total = sizes.fold(0u64, |total, size| total.saturating_add(*size));
    if total <= MAX_BUNDLE as u64 {
        return Ok(());
    }
    Err(Status::invalid_argument(format!("a call may ask for at most {MAX_BUNDLE} bytes; these blobs have {total}")))
}

fn own_only(digests: &[Digest], own: &BTreeMap<Digest, u64>) -> Result<(), Status> {
    match digests.iter().find(|digest| !own.contains_key(digest)) {
        None => Ok(()),
        Some(digest) => {
            Err(Status::permission_denied(format!("{digest} is not in this cluster's newest two contents")))
        }
    }
}

/// What the caller may have, with sizes. Contents count as the most that they may be: their bytes are in the store.
fn own(published: &Published) -> BTreeMap<Digest, u64> {
    let listed = std::iter::once(&published.contents).chain(&published.previous);
    let entries =
        |listed: &Listed| listed.contents.entries.iter().map(|line| (line.digest, line.size)).collect::<Vec<_>>();
    listed.flat_map(|listed| std::iter::once((listed.digest, MAX_CONTENTS as u64)).chain(entries(listed))).collect()
}

/// The blobs, each in parts, in the order they were asked for; loaded one at a time as the caller takes them.
pub(super) fn blobs(hub: Arc<Hub>, digests: Vec<Digest>) -> BoxStream<'static, Result<FetchResponse, Status>> {
    let load = move |digest| {
        let hub = Arc::clone(&hub);
        async move { load(&hub, digest).await }
    };
    iter(digests).then(load).flat_map(|loaded| iter(parts(loaded))).boxed()
}

async fn load(hub: &Hub, digest: Digest) -> Result<(Digest, Bytes), Status> {
    let found = hub.content(digest).await.map_err(|error| status(&error))?;
    let bytes =
        found.ok_or_else(|| Status::not_found(format!("{digest} is no longer kept; ask for the newest head")))?;
    Ok((digest, bytes))
}

fn parts(loaded: Result<(Digest, Bytes), Status>) -> Vec<Result<FetchResponse, Status>> {
    let (digest, mut rest) = match loaded {
        Ok(loaded) => loaded,
        Err(status) => return vec![Err(status)],
    };
    let mut parts = Vec::with_capacity(rest.len() / PART + 1);
    loop {
        let data = rest.split_to(rest.len().min(PART));
        let last = rest.is_empty();
        parts.push(Ok(FetchResponse { digest: digest.to_string(), data, last }));
        if last {
            return parts;
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn attack12_more_than_a_bundle_in_one_call_is_refused() {
        let sized = |text: &str, size: u64| (Digest::of(text.as_bytes()), size);
        let own = BTreeMap::from([sized("a", MAX_BUNDLE as u64), sized("b", 1)]);
        let all: Vec<Digest> = own.keys().copied().collect();
        assert!(within_a_bundle(&[Digest::of(b"a")], &own).is_ok());
        assert_eq!(within_a_bundle(&all, &own).unwrap_err().code(), tonic::Code::InvalidArgument);
    }
}
