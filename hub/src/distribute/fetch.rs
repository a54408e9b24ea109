//! Blobs by digest: only the caller's own newest two contents and their entries (invariant 13). Whether anything else
//! exists is not told.

use crate::following::Published;
use crate::hub::Hub;
use crate::spokes::{ClusterId, status};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{BoxStream, iter};
use policy::digest::Digest;
use proto::grpc::{FetchRequest, FetchResponse};
use std::collections::BTreeSet;
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
    let newest = hub.followed(cluster.name()).borrow().clone();
    own_only(&digests, &newest.map(|newest| own(&newest)).unwrap_or_default())?;
    Ok(digests)
}

fn own_only(digests: &[Digest], own: &BTreeSet<Digest>) -> Result<(), Status> {
    match digests.iter().find(|digest| !own.contains(digest)) {
        None => Ok(()),
        Some(digest) => {
            Err(Status::permission_denied(format!("{digest} is not in this cluster's newest two contents")))
        }
    }
}

fn own(published: &Published) -> BTreeSet<Digest> {
    let listed = std::iter::once(&published.contents).chain(&published.previous);
    listed.flat_map(|l| std::iter::once(l.digest).chain(l.contents.entries.iter().map(|line| line.digest))).collect()
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
