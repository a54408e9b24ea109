//! What the agent tells in the cluster: `Enforcement`, which also holds the second watermark, and one `RuleStatus` for
//! each rule. Written on change only.

use super::fault::Fault;
use super::operators::Documents;
use super::rest::{Ask, Rest};
use super::verdicts;
use super::write::insert;
use crate::target::{TargetError, Telling, Told};
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

pub(super) const ENFORCEMENTS: &str = "/apis/writ.dev/v1alpha1/enforcements";
const RULES: &str = "/apis/writ.dev/v1alpha1/rulestatuses";
/// The field manager of what is told.
pub(super) const MANAGER: &str = "writ-spoke";
/// How long what was read or written is believed to stand: somebody may remove it.
const BELIEVED: Duration = Duration::from_secs(60);
/// How long the cluster is left alone after it refused.
const PAUSE: Duration = Duration::from_secs(10);
/// How often what stands is looked at for one telling.
const TRIES: usize = 4;
/// How many documents are written at once.
const AT_ONCE: usize = 8;

/// The uid of kube-system: as good as a cluster's own.
pub(super) async fn cluster_uid(rest: &Rest) -> Result<String, TargetError> {
    let system = rest.get(&Ask::get("/api/v1/namespaces/kube-system").metadata()).await?.unwrap_or_default();
    let uid = system.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
    uid.ok_or_else(|| TargetError::Server("the cluster has no namespace kube-system to tell it by".to_owned()))
}

/// What stands in the cluster; none where nothing was ever told, or could be. The Enforcement alone holds the watermark:
/// rules that cannot be read keep it from nobody, unless that may pass.
pub(super) async fn read(rest: &Rest) -> Result<Option<Telling>, TargetError> {
    let enforcement = rest.get(&Ask::get(format!("{ENFORCEMENTS}/{ENFORCEMENT}"))).await.map_err(failed)?;
    let corrupt = |error: policy::object::NotAnObject| TargetError::Corrupt(ENFORCEMENTS.into(), error.to_string());
    let Some(enforcement) = enforcement.map(Object::try_from).transpose().map_err(corrupt)? else { return Ok(None) };
    let rules = match list(rest, RULES).await {
        Err(error) if error.may_pass() => return Err(error),
        Err(error) => {
            tracing::warn!(why = service::exit::chain(&error), "what was told of rules cannot be read");
            BTreeMap::new()
        }
        Ok(rules) => rules.unwrap_or_default(),
    };
    Ok(Some(Telling { enforcement, rules, verdicts: BTreeMap::new() }))
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
    enforcement: Option<There>,
    /// Whether the Enforcement is as this agent wrote it.
    ours: bool,
    rules: BTreeMap<String, Value>,
    read: Duration,
}

/// An Enforcement as it stands.
#[derive(Debug, Clone, PartialEq)]
struct There {
    said: Value,
    version: Option<String>,
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

    /// Writes what is not as `telling` has it, and removes rules that it has not. `documents` are those that are answered.
    pub(super) async fn tell(
        &mut self,
        rest: &Rest,
        telling: &Telling,
        documents: &BTreeMap<&'static str, (&'static str, Documents)>,
        over: Option<&Value>,
    ) -> Result<Told, TargetError> {
        let now = self.clock.monotonic();
        if let Some(refused) = self.refused.as_ref().filter(|refused| now.saturating_sub(refused.at) < PAUSE) {
            return Err(TargetError::Untold(refused.why.clone()));
        }
        let told = match self.write(rest, telling, over, now).await {
            Ok(Told::Written) => {
                let answered = verdicts::answer(rest, documents, &telling.verdicts, self.clock.wall()).await;
                answered.map(|()| Told::Written)
            }
            told => told,
        };
        self.refused = told.as_ref().err().map(|error| Refused { why: service::exit::chain(error), at: now });
        if told.is_err() {
            self.known = None;
        }
        told
    }

    async fn write(
        &mut self,
        rest: &Rest,
        telling: &Telling,
        over: Option<&Value>,
        now: Duration,
    ) -> Result<Told, TargetError> {
        for _ in 0..TRIES {
            let known = match self.known.take().filter(|known| now.saturating_sub(known.read) < BELIEVED) {
                Some(known) => known,
                None => look(rest, now).await?,
            };
            if let Some(head) = known.remembers(&telling.enforcement, over).cloned() {
                self.known = Some(known);
                return Ok(Told::Remembers(head));
            }
            // Somebody else wrote since: what stands now is looked at, and judged again.
            let Some(there) = enforce(rest, known.enforcement, &telling.enforcement).await? else { continue };
            tell_rules(rest, &known.rules, &telling.rules).await?;
            let rules = telling.rules.iter().filter_map(|(name, rule)| Some((name.clone(), said(rule)?))).collect();
            self.known = Some(Known { enforcement: Some(there), ours: true, rules, read: known.read });
            return Ok(Told::Written);
        }
        Err(TargetError::Server("somebody else writes the Enforcement all the time".to_owned()))
    }
}

impl Known {
    /// A head that this agent did not put there, is not about to write, and was not told to write over.
    fn remembers(&self, enforcement: &Object, over: Option<&Value>) -> Option<&Value> {
        let there = self.enforcement.as_ref().filter(|_| !self.ours)?.said.get("watermark")?;
        let wanted = enforcement.tree().pointer("/status/watermark");
        (Some(there) != wanted && Some(there) != over).then_some(there)
    }
}

/// Writes the Enforcement over what was read, and over nothing else: none where it is another by now.
async fn enforce(rest: &Rest, there: Option<There>, document: &Object) -> Result<Option<There>, TargetError> {
    let said = said(document).unwrap_or_default();
    let (name, query) = (&document.id().name, format!("fieldManager={MANAGER}&force=true"));
    let mut body = json!({"apiVersion": document.api(), "kind": document.id().kind, "metadata": {"name": name}});
    let version = match there {
        Some(there) if there.said == said => return Ok(Some(there)),
        Some(there) => there.version,
        None => {
            let made = Ask::apply(format!("{ENFORCEMENTS}/{name}?{query}"), &body);
            match rest.ask(&made).await.map_err(failed)? {
                (StatusCode::CREATED, made) => version_of(&made),
                _ => return Ok(None),
            }
        }
    };
    insert(&mut body, "resourceVersion", json!(version));
    if let Some(body) = body.as_object_mut() {
        body.insert("status".to_owned(), said.clone());
    }
    match rest.ask(&Ask::apply(format!("{ENFORCEMENTS}/{name}/status?{query}"), &body)).await {
        Ok((_, left)) => Ok(Some(There { said, version: version_of(&left) })),
        Err(fault) if fault.is(StatusCode::CONFLICT) || fault.is(StatusCode::NOT_FOUND) => Ok(None),
        Err(fault) => Err(failed(fault)),
    }
}

fn version_of(object: &Value) -> Option<String> {
    object.pointer("/metadata/resourceVersion")?.as_str().map(str::to_owned)
}

/// Writes what is told of rules, and takes away what is told no longer.
async fn tell_rules(
    rest: &Rest,
    known: &BTreeMap<String, Value>,
    rules: &BTreeMap<String, Object>,
) -> Result<(), TargetError> {
    let news = rules.iter().filter(|(name, rule)| known.get(*name) != said(rule).as_ref());
    let writes: Vec<_> = news.map(|(name, rule)| put(rest, RULES, rule, !known.contains_key(name))).collect();
    futures::stream::iter(writes).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    for name in known.keys().filter(|name| !rules.contains_key(*name)) {
        remove(rest, &format!("{RULES}/{name}")).await?;
    }
    Ok(())
}

async fn look(rest: &Rest, now: Duration) -> Result<Known, TargetError> {
    let enforcements = list(rest, ENFORCEMENTS).await?.ok_or(TargetError::NotInstalled("Enforcement"))?;
    let rules = list(rest, RULES).await?.ok_or(TargetError::NotInstalled("RuleStatus"))?;
    // One that says nothing yet was made, and not written to the end.
    let rules = rules.into_iter().map(|(name, rule)| (name, said(&rule).unwrap_or_default())).collect();
    let there = |document: &Object| {
        let version = version_of(document.tree());
        There { said: said(document).unwrap_or_default(), version }
    };
    let enforcement = enforcements.get(ENFORCEMENT).map(there);
    Ok(Known { enforcement, ours: false, rules, read: now })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn enforcement(watermark: Option<&str>) -> Object {
        let mut status = json!({"mode": "enforce"});
        if let (Some(watermark), Some(status)) = (watermark, status.as_object_mut()) {
            status.insert("watermark".to_owned(), json!({"payload": watermark}));
        }
        Object::try_from(json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Enforcement", "metadata": {"name": "writ"},
            "status": status}))
        .unwrap()
    }

    fn known(watermark: Option<&str>, ours: bool) -> Known {
        let there = There { said: said(&enforcement(watermark)).unwrap(), version: Some("1".to_owned()) };
        Known { enforcement: Some(there), ours, rules: BTreeMap::new(), read: Duration::ZERO }
    }

    #[test]
    fn inv01_a_head_that_another_may_have_put_there_is_judged_before_it_is_written_over() {
        let (two, judged) = (enforcement(Some("2")), json!({"payload": "9"}));
        assert_eq!(known(Some("9"), false).remembers(&two, None), Some(&judged));
        assert_eq!(known(Some("9"), false).remembers(&enforcement(None), None), Some(&judged));
        assert_eq!(known(Some("8"), false).remembers(&two, Some(&judged)), Some(&json!({"payload": "8"})));
        assert_eq!(known(Some("9"), false).remembers(&two, Some(&judged)), None);
        assert_eq!(known(Some("1"), true).remembers(&two, None), None, "our own last one");
        assert_eq!(known(Some("2"), false).remembers(&two, None), None);
        assert_eq!(known(None, false).remembers(&two, None), None);
    }
}
