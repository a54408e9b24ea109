//! All namespaces with their labels: of their metadata, what matters.

use super::mirror::Mirror;
use super::rest::Rest;
use k8s_openapi::api::core::v1::Namespace as Resource;
use kube::api::{Api, PartialObjectMeta};
use policy::name::Namespace;
use policy::seen::NamespaceSeen;
use std::sync::Arc;
use tokio::sync::Notify;

/// All namespaces. Dropping it ends the watch.
pub(super) type Namespaces = Mirror<Namespace, NamespaceSeen>;

/// Begins to watch; `wake` is woken when one comes, goes or changes its labels.
pub(super) fn start(rest: &Rest, wake: Arc<Notify>) -> Namespaces {
    let api: Api<PartialObjectMeta<Resource>> = Api::all(rest.client());
    Mirror::start("namespaces", api, seen, wake)
}

fn seen(object: &PartialObjectMeta<Resource>) -> Option<(Namespace, NamespaceSeen)> {
    let metadata = &object.metadata;
    let labels = metadata.labels.clone().unwrap_or_default();
    let terminating = metadata.deletion_timestamp.is_some();
    Some((metadata.name.as_ref()?.parse().ok()?, NamespaceSeen { labels, terminating }))
}
