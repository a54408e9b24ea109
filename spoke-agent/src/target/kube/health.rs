//! How objects are: read whole, with what their controllers say of them.

use super::Kube;
use super::kinds::AT_ONCE;
use super::rest::Ask;
use super::write::object_path;
use futures::StreamExt as _;
use policy::health::{self, Health};
use policy::object::{ApiVersion, ObjectId};
use std::collections::BTreeMap;

/// Reads each. Of one that cannot be read nothing is known.
pub(super) async fn read(kube: &Kube, of: &BTreeMap<ObjectId, ApiVersion>) -> BTreeMap<ObjectId, Health> {
    let read = of.clone().into_iter().map(|(id, api)| async move {
        let health = one(kube, &id, &api).await;
        (id, health)
    });
    futures::stream::iter(read).buffer_unordered(AT_ONCE).collect().await
}

async fn one(kube: &Kube, id: &ObjectId, api: &ApiVersion) -> Health {
    let path = match kube.resource(id, api).await.and_then(|resource| object_path(&resource, id)) {
        Ok(path) => path,
        Err(refusal) => return Health::Unknown(refusal.to_string()),
    };
    match kube.rest.get(&Ask::get(path)).await {
        Ok(Some(object)) => health::of(id, &object),
        Ok(None) => Health::Ailing("it is not there".to_owned()),
        Err(fault) => Health::Unknown(format!("it cannot be read: {}", service::exit::chain(&fault))),
    }
}
