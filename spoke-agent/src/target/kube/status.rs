//! What the agent tells in the cluster: `Enforcement`, which also holds the second watermark, and one `RuleStatus` for
//! each rule. Written on change only.

use super::fault::Fault;
use super::rest::{Ask, Rest};
use crate::target::{TargetError, Telling};
use futures::{StreamExt as _, TryStreamExt as _};
use http::{Method, StatusCode};
use jiff::Timestamp;
use policy::object::Object;
use proto::resources::ENFORCEMENT;
use serde_json::{Value, json};
use service::clock::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const ENFORCEMENTS: &str = "/apis/writ.dev/v1alpha1/enforcements";
const RULES: &str = "/apis/writ.dev/v1alpha1/rulestatuses";
/// The field manager of what is told.
const MANAGER: &str = "writ-spoke";
/// How long what was read or written is believed to stand: somebody may remove it.
const BELIEVED: Duration = Duration::from_secs(60);
/// How long the cluster is left alone after it refused.
const PAUSE: Duration = Duration::from_secs(10);
/// How many documents are written at once.
const AT_ONCE: usize = 8;

/// The uid of kube-system: as good as a cluster's own.
pub(super) async fn cluster_uid(rest: &Rest) -> Result<String, TargetError> {
    let system = rest.get(&Ask::get("/api/v1/namespaces/kube-system").metadata()).await?.unwrap_or_default();
    let uid = system.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
    uid.ok_or_else(|| TargetError::Server("the cluster has no namespace kube-system to tell it by".to_owned()))
}

/// What stands in the cluster; none where nothing was ever told, or could be.
pub(super) async fn read(rest: &Rest) -> Result<Option<Telling>, TargetError> {
    let Some(enforcements) = list(rest, ENFORCEMENTS).await? else { return Ok(None) };
    let rules = list(rest, RULES).await?.unwrap_or_default();
    let mut enforcements = enforcements;
    Ok(enforcements.remove(ENFORCEMENT).map(|enforcement| Telling { enforcement, rules }))
}

/// All documents of a kind, by name; none where the kind is not served.
async fn list(rest: &Rest, path: &str) -> Result<Option<BTreeMap<String, Object>>, TargetError> {
    let Some(mut list) = rest.get(&Ask::get(path)).await.map_err(failed)? else { return Ok(None) };
    let kind = list.get("kind").and_then(Value::as_str).and_then(|kind| kind.strip_suffix("List")).map(str::to_owned);
    let items = list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let document = |mut item: Value| {
        // The items of a list bear neither.
        if let (Some(item), Some(kind)) = (item.as_object_mut(), &kind) {
            item.insert("apiVersion".to_owned(), json!("writ.dev/v1alpha1"));
            item.insert("kind".to_owned(), json!(kind));
        }
        let corrupt = |error: policy::object::NotAnObject| TargetError::Corrupt(path.into(), error.to_string());
        let object = Object::try_from(item).map_err(corrupt)?;
        Ok((object.id().name.clone(), object))
    };
    items.into_iter().map(document).collect::<Result<_, TargetError>>().map(Some)
}

/// What stands in the cluster, as far as this agent knows.
pub(super) struct Standing {
    clock: Arc<dyn Clock>,
    known: Option<Known>,
    refused: Option<Refused>,
}

#[derive(Debug)]
struct Known {
    enforcement: Option<Value>,
    rules: BTreeMap<String, Value>,
    read: Duration,
}

#[derive(Debug)]
struct Refused {
    why: String,
    at: Duration,
}

impl Standing {
    /// Nothing is known yet.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, known: None, refused: None }
    }

    /// Writes what is not as `telling` has it, and removes rules that it has not.
    pub(super) async fn tell(&mut self, rest: &Rest, telling: &Telling) -> Result<(), TargetError> {
        let now = self.clock.monotonic();
        if let Some(refused) = self.refused.as_ref().filter(|refused| now.saturating_sub(refused.at) < PAUSE) {
            return Err(TargetError::Untold(refused.why.clone()));
        }
        let told = self.write(rest, telling, now).await;
        self.refused = told.as_ref().err().map(|error| Refused { why: service::exit::chain(error), at: now });
        if told.is_err() {
            self.known = None;
        }
        told
    }

    async fn write(&mut self, rest: &Rest, telling: &Telling, now: Duration) -> Result<(), TargetError> {
        let known = match self.known.take().filter(|known| now.saturating_sub(known.read) < BELIEVED) {
            Some(known) => known,
            None => look(rest, now).await?,
        };
        let mut writes = Vec::new();
        if known.enforcement != said(&telling.enforcement) {
            writes.push(put(rest, ENFORCEMENTS, &telling.enforcement, known.enforcement.is_none()));
        }
        for (name, rule) in &telling.rules {
            let before = known.rules.get(name);
            if before != said(rule).as_ref() {
                writes.push(put(rest, RULES, rule, before.is_none()));
            }
        }
        futures::stream::iter(writes).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        for name in known.rules.keys().filter(|name| !telling.rules.contains_key(*name)) {
            remove(rest, &format!("{RULES}/{name}")).await?;
        }
        let rules = telling.rules.iter().filter_map(|(name, rule)| Some((name.clone(), said(rule)?))).collect();
        self.known = Some(Known { enforcement: said(&telling.enforcement), rules, read: known.read });
        Ok(())
    }
}

async fn look(rest: &Rest, now: Duration) -> Result<Known, TargetError> {
    let enforcements = list(rest, ENFORCEMENTS).await?.ok_or(TargetError::NotInstalled("Enforcement"))?;
    let rules = list(rest, RULES).await?.ok_or(TargetError::NotInstalled("RuleStatus"))?;
    // One that says nothing yet was made, and not written to the end.
    let rules = rules.into_iter().map(|(name, rule)| (name, said(&rule).unwrap_or_default())).collect();
    let enforcement = enforcements.get(ENFORCEMENT).map(|enforcement| said(enforcement).unwrap_or_default());
    Ok(Known { enforcement, rules, read: now })
}

fn said(document: &Object) -> Option<Value> {
    document.tree().get("status").cloned()
}

/// A status can only be applied to what is there.
async fn put(rest: &Rest, folder: &str, document: &Object, is_new: bool) -> Result<(), TargetError> {
    let name = &document.id().name;
    let mut body = json!({"apiVersion": document.api(), "kind": document.id().kind, "metadata": {"name": name}});
    let query = format!("fieldManager={MANAGER}&force=true");
    if is_new {
        rest.ask(&Ask::apply(format!("{folder}/{name}?{query}"), &body)).await.map_err(failed)?;
    }
    if let Some(body) = body.as_object_mut() {
        body.extend(said(document).map(|status| ("status".to_owned(), status)));
    }
    rest.ask(&Ask::apply(format!("{folder}/{name}/status?{query}"), &body)).await.map_err(failed)?;
    Ok(())
}

/// Removes all that was told.
pub(super) async fn remove_all(rest: &Rest) -> Result<(), TargetError> {
    for folder in [RULES, ENFORCEMENTS] {
        for name in list(rest, folder).await?.unwrap_or_default().into_keys() {
            remove(rest, &format!("{folder}/{name}")).await?;
        }
    }
    Ok(())
}

async fn remove(rest: &Rest, path: &str) -> Result<(), TargetError> {
    match rest.ask(&Ask::send(Method::DELETE, path, &json!({}))).await {
        Err(fault) if !fault.is(StatusCode::NOT_FOUND) => Err(failed(fault)),
        _ => Ok(()),
    }
}

pub(super) fn failed(fault: Fault) -> TargetError {
    if fault.is(StatusCode::FORBIDDEN) { TargetError::Forbidden(service::exit::chain(&fault)) } else { fault.into() }
}

/// When a status was written: the newest time that the server noted with its fields.
pub(super) fn told_at(status: &Object) -> Timestamp {
    let entries = status.tree().pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    let times = entries.filter_map(|entry| entry.get("time")?.as_str()?.parse().ok());
    times.max().unwrap_or(Timestamp::UNIX_EPOCH)
}
