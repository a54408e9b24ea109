//! Steps as server-side apply: the row in the cluster before the write that it speaks of.

use super::fault::{Fault, Taken};
use super::kinds::known;
use super::left::Left;
use super::rest::Ask;
use super::served::{Kind, Resource};
use super::{Kube, manager, own, path};
use crate::target::Refusal;
use http::{Method, StatusCode};
use jiff::Timestamp;
use policy::bundle::entry::Own;
use policy::name::{RuleName, is_plain};
use policy::object::{ApiVersion, Object, ObjectId};
use policy::plan::inventory::{Row, Uid, Version};
use policy::plan::{Expects, Step};
use serde_json::{Value, json};

/// The apply of one object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Apply<'a> {
    pub(super) object: &'a Object,
    pub(super) own: Own,
    pub(super) rule: &'a RuleName,
    pub(super) expects: &'a Expects,
    /// Whether fields that others hold are taken from them.
    pub(super) adopt: bool,
}

impl Kube {
    pub(super) async fn take(&self, step: &Step, now: Timestamp) -> Result<bool, Refusal> {
        match step {
            Step::Claim(row) => {
                self.inner.lock().await.claim(row);
                Ok(false)
            }
            Step::Apply { object, own, rule, expects, adopt } => {
                let apply = Apply { object, own: *own, rule, expects, adopt: *adopt };
                self.apply(apply, now).await
            }
            Step::Release { object, rule, after } => {
                self.release(object, rule, after).await?;
                Ok(true)
            }
            Step::Delete { id, uid, version, after } => {
                self.delete(id, (uid, version), after).await?;
                Ok(true)
            }
            Step::Forget(id) => {
                self.inner.lock().await.forget(id);
                Ok(false)
            }
        }
    }

    /// Says whether the object is another than before: applying what stands leaves its version as it is.
    async fn apply(&self, apply: Apply<'_>, now: Timestamp) -> Result<bool, Refusal> {
        let id = apply.object.id();
        own::is_for_rules(&self.namespace, id)?;
        // What cannot be written at all needs no row.
        let resource = self.resource(id, apply.object.api()).await?;
        self.record_first(id).await?;
        let makes = *apply.expects == Expects::Absent;
        if makes {
            self.is_absent_still(&resource, id).await?;
        }
        let _writing = self.inner.lock().await.kinds.writing(&Kind::of(id, apply.object.api()), id);
        let (code, left) = self.send(apply, false).await?;
        if makes && code != StatusCode::CREATED {
            self.found_one(apply, &resource, &left).await?;
        }
        self.inner.lock().await.wrote(apply, &left, now);
        let version = known(&left).map(|known| known.version);
        Ok(!matches!((apply.expects, &version), (Expects::At(before), Some(after)) if before == after))
    }

    /// Sends an apply: first without taking anybody's fields; then with, where they were ours before or the intent
    /// takes the object over. What is to be made has no fields of others: nothing is taken then.
    pub(super) async fn send(&self, apply: Apply<'_>, dry: bool) -> Result<(StatusCode, Value), Refusal> {
        let id = apply.object.id();
        let resource = self.resource(id, apply.object.api()).await?;
        let mut body = apply.object.tree().clone();
        let repairs = self.inner.lock().await.repairs(&apply);
        match (apply.expects, &repairs) {
            (Expects::At(_), Some(uid)) => insert(&mut body, "uid", json!(uid)),
            (Expects::At(version), None) => insert(&mut body, "resourceVersion", json!(version)),
            (Expects::Absent, _) => {}
        }
        let path = object_path(&resource, id)?;
        let so = if dry { "&dryRun=All" } else { "" };
        let manager = manager(apply.own, apply.rule);
        let ask = |force: bool| {
            let query = format!("fieldManager={manager}&force={force}&fieldValidation=Strict{so}");
            Ask::apply(format!("{path}?{query}"), &body)
        };
        // Nobody closes it.
        let _turn = self.turnstile.acquire().await;
        let force = repairs.is_some() && *apply.expects != Expects::Absent;
        let answer = match self.attempt(&resource, id, &ask(force), dry).await {
            Err(fault) if !fault.taken().is_empty() => {
                let taken = fault.taken();
                if *apply.expects == Expects::Absent {
                    self.doubt_of(&resource, id).await;
                    return Err(Refusal::Changed { id: Box::new(id.clone()) });
                }
                if !(apply.adopt || self.were_ours(id, &taken).await) {
                    return Err(conflicted(id, &taken));
                }
                self.attempt(&resource, id, &ask(true), dry).await
            }
            answer => answer,
        };
        match answer {
            Ok(answer) => Ok(answer),
            Err(fault) => Err(self.refused(&resource, id, "patch", fault).await),
        }
    }

    async fn attempt(
        &self,
        resource: &Resource,
        id: &ObjectId,
        ask: &Ask,
        dry: bool,
    ) -> Result<(StatusCode, Value), Fault> {
        if dry { self.rest.ask(ask).await } else { self.write(resource, id, ask).await }
    }

    /// Whether all these fields were in what we applied last: then somebody took them from us.
    async fn were_ours(&self, id: &ObjectId, taken: &[Taken]) -> bool {
        let last = self.inner.lock().await.last_applied(id);
        let last = last.and_then(|digest| self.good.get(&digest).ok());
        last.is_some_and(|last| taken.iter().all(|taken| path::is_in(last.tree(), &taken.field)))
    }

    pub(super) async fn may(&self, resource: &Resource, id: &ObjectId, verb: &str) -> bool {
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {
            "resourceAttributes": {"namespace": id.namespace, "verb": verb, "group": id.group,
                "version": resource.kind.api.version, "resource": resource.plural, "name": id.name}}});
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let answer = self.rest.ask(&Ask::send(Method::POST, path, &review)).await;
        // Whoever cannot be asked has not said no.
        answer.map_or(true, |(_, answer)| answer.pointer("/status/allowed").and_then(Value::as_bool) != Some(false))
    }

    async fn release(&self, object: &Object, rule: &RuleName, after: &Row) -> Result<(), Refusal> {
        let id = object.id();
        self.record_first(id).await?;
        let uid = self.inner.lock().await.owned(id);
        self.give_up(object, &manager(Own::Fields, rule), uid).await?;
        self.inner.lock().await.book.put(after.clone());
        Ok(())
    }

    /// Applies nothing: the fields that only `manager` had go away. With its uid, an object that is gone is not made.
    pub(super) async fn give_up(&self, object: &Object, manager: &str, uid: Option<Uid>) -> Result<(), Refusal> {
        let id = object.id();
        let resource = self.resource(id, object.api()).await?;
        let mut body = json!({"apiVersion": object.api(), "kind": id.kind, "metadata": {"name": id.name}});
        if let Some(namespace) = &id.namespace {
            insert(&mut body, "namespace", json!(namespace));
        }
        let Some(uid) = uid else { return Ok(()) };
        insert(&mut body, "uid", json!(uid));
        let path = format!("{}?fieldManager={manager}&force=true", object_path(&resource, id)?);
        match self.write(&resource, id, &Ask::apply(path, &body)).await {
            Ok((_, left)) => {
                self.inner.lock().await.left.insert(id.clone(), Left::of(&left));
                Ok(())
            }
            // It is gone, or another one has its name: nothing of ours is there.
            Err(fault) if fault.is(StatusCode::CONFLICT) || fault.is_absence_of(id, &resource) => Ok(()),
            Err(fault) => Err(self.refused(&resource, id, "patch", fault).await),
        }
    }

    async fn delete(&self, id: &ObjectId, at: (&Uid, &Version), after: &Row) -> Result<(), Refusal> {
        self.record_first(id).await?;
        // What something holds stays ours until it is gone.
        if self.remove(id, &after.api, at).await? {
            self.inner.lock().await.book.put(after.clone());
        }
        Ok(())
    }

    /// Invariant 29: deletes this very object at this very version, or nothing. Says whether it is gone: finalizers may
    /// hold it.
    pub(super) async fn remove(
        &self,
        id: &ObjectId,
        api: &ApiVersion,
        (uid, version): (&Uid, &Version),
    ) -> Result<bool, Refusal> {
        let resource = self.resource(id, api).await?;
        let body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
            "preconditions": preconditions(uid, version)});
        let held = match self.write(&resource, id, &Ask::send(Method::DELETE, object_path(&resource, id)?, &body)).await
        {
            Ok((_, left)) => known(&left).filter(|known| known.terminating),
            Err(fault) if fault.is_absence_of(id, &resource) => None,
            Err(fault) => return Err(self.refused(&resource, id, "delete", fault).await),
        };
        let (mut inner, gone) = (self.inner.lock().await, held.is_none());
        inner.left.insert(id.clone(), if gone { Left::Gone } else { Left::Held });
        if let Some(held) = held {
            // It is not deleted again before the watch tells of it.
            inner.kinds.wrote(&Kind::of(id, api), id, held);
        }
        Ok(gone)
    }

    /// Invariant 35: what no row speaks of is not written, and the row stands in the cluster before the write.
    pub(super) async fn record_first(&self, id: &ObjectId) -> Result<(), Refusal> {
        // Others wait meanwhile: their rows are in the same flush.
        let mut inner = self.inner.lock().await;
        if !inner.book.get(id).is_some_and(Row::live) {
            return Err(Refusal::Unclaimed { id: Box::new(id.clone()) });
        }
        if inner.book.stands(id) {
            return Ok(());
        }
        let flushed = inner.book.flush(&self.rest).await;
        flushed.map_err(|error| Refusal::Unwritable { id: Box::new(id.clone()), why: service::exit::chain(&error) })
    }

    pub(super) async fn resource(&self, id: &ObjectId, api: &ApiVersion) -> Result<Resource, Refusal> {
        let not_served = || Refusal::NotServed { id: Box::new(id.clone()), api: Box::new(api.clone()) };
        let resource = self.inner.lock().await.served.resource(&Kind::of(id, api)).cloned().ok_or_else(not_served)?;
        if resource.namespaced == id.namespace.is_some() {
            return Ok(resource);
        }
        let why = if resource.namespaced { "its kind needs a namespace" } else { "its kind has no namespace" };
        Err(Refusal::BadName { id: Box::new(id.clone()), why: why.to_owned() })
    }
}

/// Without them, a deletion would meet whatever has the name by then.
fn preconditions(uid: &Uid, version: &Version) -> Value {
    json!({"uid": uid, "resourceVersion": version})
}

/// Where an object stands; names that would lead elsewhere are refused.
pub(super) fn object_path(resource: &Resource, id: &ObjectId) -> Result<String, Refusal> {
    if !is_plain(&id.name) {
        let why = format!("the name `{}` cannot stand in a path", id.name);
        return Err(Refusal::BadName { id: Box::new(id.clone()), why });
    }
    Ok(format!("{}/{}", resource.path(id.namespace.as_ref()), id.name))
}

fn conflicted(id: &ObjectId, taken: &[Taken]) -> Refusal {
    let fields = taken.iter().map(|taken| format!("{} ({})", taken.field, taken.by)).collect();
    Refusal::Conflict { id: Box::new(id.clone()), fields }
}

pub(super) fn insert(tree: &mut Value, field: &str, value: Value) {
    if let Some(metadata) = tree.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert(field.to_owned(), value);
    }
}
