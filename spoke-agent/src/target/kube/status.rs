//! The status in the cluster: `Enforcement`, which also holds the second watermark.

use super::rest::{Ask, Rest};
use crate::target::TargetError;
use jiff::Timestamp;
use policy::object::Object;
use serde_json::{Value, json};

const PATH: &str = "/apis/writ.dev/v1alpha1/enforcements";

/// The uid of kube-system: as good as a cluster's own.
pub(super) async fn cluster_uid(rest: &Rest) -> Result<String, TargetError> {
    let system = rest.get(&Ask::get("/api/v1/namespaces/kube-system").metadata()).await?.unwrap_or_default();
    let uid = system.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
    uid.ok_or_else(|| TargetError::Server("the cluster has no namespace kube-system to tell it by".to_owned()))
}

/// The document that stands in the cluster.
pub(super) async fn read(rest: &Rest) -> Result<Option<Object>, TargetError> {
    let Some(tree) = rest.get(&Ask::get(format!("{PATH}/writ"))).await? else { return Ok(None) };
    let corrupt =
        |error: policy::object::NotAnObject| TargetError::Corrupt("Enforcement writ".into(), error.to_string());
    Object::try_from(tree).map(Some).map_err(corrupt)
}

/// Writes it, where it says something else.
pub(super) async fn write(rest: &Rest, status: &Object) -> Result<(), TargetError> {
    let there = read(rest).await?;
    let said = |object: &Object| object.tree().get("status").cloned();
    if there.as_ref().is_some_and(|there| said(there) == said(status)) {
        return Ok(());
    }
    let body = |status: Option<Value>| json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement", "metadata": {"name": "writ"}, "status": status});
    if there.is_none() {
        rest.ask(&Ask::apply(format!("{PATH}/writ?fieldManager=writ-spoke&force=true"), &body(None))).await?;
    }
    rest.ask(&Ask::apply(format!("{PATH}/writ/status?fieldManager=writ-spoke&force=true"), &body(said(status))))
        .await?;
    Ok(())
}

/// When a status was written: the newest time that the server noted with its fields.
pub(super) fn told_at(status: &Object) -> Timestamp {
    let entries = status.tree().pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    let times = entries.filter_map(|entry| entry.get("time")?.as_str()?.parse().ok());
    times.max().unwrap_or(Timestamp::UNIX_EPOCH)
}
