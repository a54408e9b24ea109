//! News as Events (events.k8s.io/v1), about the object itself, so that `kubectl describe` and `kubectl events` show them.

use super::rest::{Ask, Rest};
use super::served::{Kind, Resource, Served};
use super::status::failed;
use crate::target::{News, TargetError};
use http::{Method, StatusCode};
use policy::digest::Digest;
use policy::object::ObjectId;
use serde_json::{Value, json};

/// Who tells.
const CONTROLLER: &str = "writ.dev/spoke";
/// Where Events about objects without a namespace stand.
const NOWHERE: &str = "default";

/// Makes an Event of each.
pub(super) async fn announce(rest: &Rest, served: &Served, cluster: &str, news: &[News]) -> Result<(), TargetError> {
    for news in news {
        let resource = served.of_group(&news.about.group, &news.about.kind);
        let there = match resource {
            Some(resource) => look(rest, resource, &news.about).await,
            None => Value::Null,
        };
        let namespace = news.about.namespace.as_ref().map_or(NOWHERE, |namespace| namespace.as_str());
        let event = event(news, &regarding(&news.about, resource.map(|resource| &resource.kind), &there), cluster);
        let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
        match rest.ask(&Ask::send(Method::POST, path, &event)).await {
            // It was made before, and the answer lost; or its namespace is going, and takes its Events along.
            Err(fault) if fault.is(StatusCode::CONFLICT) || fault.is(StatusCode::NOT_FOUND) => {}
            Err(fault) => return Err(failed(fault)),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// An Event is shown with its object by the uid. What cannot be looked at has an Event all the same.
async fn look(rest: &Rest, resource: &Resource, id: &ObjectId) -> Value {
    let path = format!("{}/{}", resource.path(id.namespace.as_ref()), id.name);
    rest.get(&Ask::get(path).metadata()).await.ok().flatten().unwrap_or_default()
}

fn regarding(id: &ObjectId, kind: Option<&Kind>, there: &Value) -> Value {
    let mut regarding = json!({"kind": id.kind, "name": id.name});
    if let Some(regarding) = regarding.as_object_mut() {
        let uid = there.pointer("/metadata/uid").cloned();
        let api = kind.map(|kind| json!(kind.api));
        let namespace = id.namespace.as_ref().map(|namespace| json!(namespace));
        let known = [("uid", uid), ("apiVersion", api), ("namespace", namespace)];
        regarding.extend(known.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))));
    }
    regarding
}

fn event(news: &News, regarding: &Value, cluster: &str) -> Value {
    let namespace = news.about.namespace.as_ref().map_or(NOWHERE, |namespace| namespace.as_str());
    let what = Digest::of(format!("{} {} {} {}", news.about, news.reason, news.note, news.at).as_bytes());
    let name = format!("writ-{}", what.hex().get(..20).unwrap_or_default());
    json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": name, "namespace": namespace},
        "type": if news.warning { "Warning" } else { "Normal" }, "reason": news.reason, "note": news.note,
        "action": "Enforce", "eventTime": news.at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        "reportingController": CONTROLLER, "reportingInstance": cluster, "regarding": regarding})
}
