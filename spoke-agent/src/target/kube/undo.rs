//! Taking steps back: only what is still as the step left it.

use super::kinds::known;
use super::left::{Left, held, open};
use super::rest::Ask;
use super::write::{Apply, insert, object_path};
use super::{Kube, manager};
use crate::target::Refusal;
use http::{Method, StatusCode};
use jiff::Timestamp;
use policy::bundle::entry::Own;
use policy::name::RuleName;
use policy::object::{Object, ObjectId};
use policy::plan::inventory::{State, Version};
use policy::plan::{Expects, Undo};
use serde_json::{Value, json};

/// How often an object that others write beside us is looked at again, to take it back.
const TRIES: usize = 4;

/// What was applied before, and how.
struct Before<'a> {
    object: &'a Object,
    own: Own,
    rule: &'a RuleName,
}

impl Kube {
    pub(super) async fn take_back(&self, undo: &Undo, now: Timestamp) -> Result<(), Refusal> {
        match undo {
            Undo::Withdraw(id) => self.withdraw(id).await,
            Undo::Restore { before, as_applied, own, rule } => {
                let before = Before { object: before, own: *own, rule };
                let left = self.inner.lock().await.left.get(before.object.id()).cloned();
                let left = match left {
                    None => return Ok(()),
                    Some(Left::Open) => return Err(open(before.object.id())),
                    Some(Left::At(version)) => Some(version),
                    Some(Left::Gone | Left::Held) => None,
                };
                if *as_applied {
                    self.reapply(&before, left, now).await
                } else {
                    self.put_back(&before, left, now).await
                }
            }
            Undo::Row(id, row) => {
                let mut inner = self.inner.lock().await;
                match row {
                    Some(row) => inner.book.put((**row).clone()),
                    None => inner.book.remove(id),
                }
                Ok(())
            }
        }
    }

    /// Deletes what a step made, or may have made. Others may have written beside us since, as controllers do at once: it
    /// is ours still. What somebody else made of our part stays, and so does what nobody knows of: both with their rows.
    async fn withdraw(&self, id: &ObjectId) -> Result<(), Refusal> {
        let (left, row) = {
            let inner = self.inner.lock().await;
            (inner.left.get(id).cloned(), inner.book.get(id).cloned())
        };
        let (Some(left), Some(row)) = (left, row) else { return Ok(()) };
        let mut at = match (left, &row.state) {
            (Left::At(version), State::Owned { uid }) => Some((uid.clone(), version)),
            (Left::Open, _) => None,
            (Left::At(_) | Left::Gone | Left::Held, _) => return Ok(()),
        };
        for _ in 0..TRIES {
            let found = match at.take() {
                Some(found) => Some(found),
                None => self.made(&row).await?,
            };
            let Some((uid, version)) = found else { return Ok(()) };
            match self.remove(id, &row.api, (&uid, &version)).await {
                Err(Refusal::Changed { .. }) => {}
                Ok(false) => return Err(held(id)),
                removed => return unless_changed(removed.map(drop)),
            }
        }
        Err(Refusal::Changed { id: Box::new(id.clone()) })
    }

    /// Applies what stood before, over what the step left.
    async fn reapply(&self, before: &Before<'_>, left: Option<Version>, now: Timestamp) -> Result<(), Refusal> {
        let expects = left.map_or(Expects::Absent, Expects::At);
        let apply = Apply { object: before.object, own: before.own, rule: before.rule, expects: &expects, adopt: true };
        match self.bring_back(apply).await {
            Ok(left) => self.inner.lock().await.wrote(apply, &left, now),
            refused => unless_changed(refused.map(drop))?,
        }
        Ok(())
    }

    /// What the step has deleted is made anew; where somebody else has made one since, that stays.
    async fn bring_back(&self, apply: Apply<'_>) -> Result<Value, Refusal> {
        let (code, left) = self.send(apply, false).await?;
        if *apply.expects == Expects::Absent && code != StatusCode::CREATED {
            let resource = self.resource(apply.object.id(), apply.object.api()).await?;
            self.found_one(apply, &resource, &left).await?;
        }
        Ok(left)
    }

    /// Puts back what somebody else had made of it: our own fields are given up first.
    async fn put_back(&self, before: &Before<'_>, left: Option<Version>, now: Timestamp) -> Result<(), Refusal> {
        let id = before.object.id();
        let resource = self.resource(id, before.object.api()).await?;
        let path = object_path(&resource, id)?;
        let mut body = before.object.tree().clone();
        let ask = if left.is_some() {
            let uid = self.inner.lock().await.owned(id);
            self.give_up(before.object, &manager(before.own, before.rule), uid).await?;
            let version = match self.inner.lock().await.left.get(id) {
                Some(Left::At(version)) => version.clone(),
                // Without a version it would be put over whatever stands there by now.
                _ => return Err(open(id)),
            };
            insert(&mut body, "resourceVersion", json!(version));
            Ask::send(Method::PUT, format!("{path}?fieldManager=writ-spoke"), &body)
        } else {
            let (folder, _) = path.rsplit_once('/').unwrap_or((&path, ""));
            Ask::send(Method::POST, format!("{folder}?fieldManager=writ-spoke"), &body)
        };
        match self.write(&resource, id, &ask).await {
            Ok((_, tree)) => {
                let state = known(&tree).map(|known| State::Owned { uid: known.uid });
                let mut inner = self.inner.lock().await;
                if let (Some(mut row), Some(state)) = (inner.book.get(id).cloned(), state) {
                    row.since = if row.state == state { row.since } else { now };
                    (row.state, row.written) = (state, None);
                    inner.book.put(row);
                }
                Ok(())
            }
            Err(fault) if fault.is(StatusCode::CONFLICT) || fault.is(StatusCode::NOT_FOUND) => Ok(()),
            Err(fault) => Err(self.refused(&resource, id, "update", fault).await),
        }
    }
}

/// Where somebody else has written since, nothing is taken back.
fn unless_changed<T: Default>(undone: Result<T, Refusal>) -> Result<T, Refusal> {
    match undone {
        Err(Refusal::Changed { .. } | Refusal::NoNamespace { .. }) => Ok(T::default()),
        undone => undone,
    }
}
