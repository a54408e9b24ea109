//! What writes left: of one whose answer was lost, nobody knows. Until somebody does, its row stands.

use super::Kube;
use super::fault::Fault;
use super::kinds::{Known, known};
use super::part;
use super::rest::Ask;
use super::seen::is_as_written;
use super::served::Resource;
use super::write::{Apply, object_path};
use super::{Inner, manager};
use crate::target::Refusal;
use http::StatusCode;
use policy::object::ObjectId;
use policy::plan::inventory::{Row, State, Uid, Version};
use serde_json::Value;

/// What the last step left of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Left {
    /// It, at this version.
    At(Version),
    /// Nothing.
    Gone,
    /// It was deleted, and finalizers hold it: it stands until they are done.
    Held,
    /// A write was sent, and no answer says whether it was done, or will be.
    Open,
}

impl Left {
    /// As an answer tells it.
    pub(super) fn of(object: &Value) -> Self {
        known(object).map_or(Self::Open, |known| Self::At(known.version))
    }
}

/// Why nothing more can be said of a write.
pub(super) fn open(id: &ObjectId) -> Refusal {
    let why = "no answer tells whether its last write was done; it stays claimed until that is known";
    Refusal::Unwritable { id: Box::new(id.clone()), why: why.to_owned() }
}

/// Why what was made is not taken back yet.
pub(super) fn held(id: &ObjectId) -> Refusal {
    let why = "it is being deleted, and finalizers hold it; its row stays until it is gone";
    Refusal::Unwritable { id: Box::new(id.clone()), why: why.to_owned() }
}

impl Kube {
    /// Sends a write of an object: all of them go this way.
    pub(super) async fn write(
        &self,
        resource: &Resource,
        id: &ObjectId,
        ask: &Ask,
    ) -> Result<(StatusCode, Value), Fault> {
        let answer = self.rest.ask(ask).await;
        if answer.as_ref().is_err_and(Fault::leaves_open) {
            let mut inner = self.inner.lock().await;
            inner.left.insert(id.clone(), Left::Open);
            // What was known before the write says nothing of what stands now.
            inner.kinds.doubt(&resource.kind, id);
        }
        answer
    }

    /// What a fault means for a write. Whether the agent may not do that to that kind, or something else forbids it for
    /// this object, is asked; where something else stands than was known, the next plan begins with that.
    pub(super) async fn refused(
        &self,
        resource: &Resource,
        id: &ObjectId,
        verb: &'static str,
        fault: Fault,
    ) -> Refusal {
        if fault.is(StatusCode::FORBIDDEN) && !self.may(resource, id, verb).await {
            let resource = resource.plural.clone();
            return Refusal::NotPermitted { id: Box::new(id.clone()), verb, resource };
        }
        let refusal = fault.refusal(id, resource);
        match &refusal {
            Refusal::Changed { .. } => self.doubt_of(resource, id).await,
            Refusal::NotServed { .. } => self.discovery.again(),
            _ => {}
        }
        refusal
    }

    /// What is known of the object is wrong: the next round asks about it.
    pub(super) async fn doubt_of(&self, resource: &Resource, id: &ObjectId) {
        self.inner.lock().await.kinds.doubt(&resource.kind, id);
    }

    /// Before an object is made over a claim that an earlier round left: that one's write may have been done since.
    pub(super) async fn is_absent_still(&self, resource: &Resource, id: &ObjectId) -> Result<(), Refusal> {
        if !self.inner.lock().await.claimed.contains(id) {
            return Ok(());
        }
        match self.rest.ask(&Ask::get(object_path(resource, id)?)).await {
            Err(fault) if fault.is_absence_of(id, resource) => Ok(()),
            Err(fault) => Err(self.refused(resource, id, "get", fault).await),
            Ok(_) => {
                self.doubt_of(resource, id).await;
                Err(Refusal::Changed { id: Box::new(id.clone()) })
            }
        }
    }

    /// An apply that was to make an object found one. Where that is ours all the same (an earlier write of ours was done
    /// late, or the watch had not told of it), all is well; else we give back what we laid over it.
    pub(super) async fn found_one(&self, apply: Apply<'_>, resource: &Resource, left: &Value) -> Result<(), Refusal> {
        let id = apply.object.id();
        let changed = || Refusal::Changed { id: Box::new(id.clone()) };
        let manager = manager(apply.own, apply.rule);
        let found = known(left).ok_or_else(|| open(id))?;
        if self.inner.lock().await.is_ours(id, &found) || part::was_made_by(left, &manager) {
            if !found.terminating {
                return Ok(());
            }
            self.doubt_of(resource, id).await;
            return Err(changed());
        }
        self.inner.lock().await.left.insert(id.clone(), Left::Open);
        self.give_up(apply.object, &manager, Some(found.uid)).await?;
        self.inner.lock().await.left.remove(id);
        self.doubt_of(resource, id).await;
        Err(changed())
    }

    /// The object that a step made, as it stands now; none where it is gone.
    ///
    /// # Errors
    /// [`Refusal`] when that is not known, or when somebody else has changed what we made of it.
    pub(super) async fn made(&self, row: &Row) -> Result<Option<(Uid, Version)>, Refusal> {
        let (id, resource) = (&row.id, self.resource(&row.id, &row.api).await?);
        let tree = match self.rest.ask(&Ask::get(object_path(&resource, id)?)).await {
            Ok((_, tree)) => tree,
            Err(fault) if row.owned() && fault.is_absence_of(id, &resource) => return Ok(None),
            // A write may be done yet.
            Err(_) => return Err(open(id)),
        };
        match (known(&tree), &row.state) {
            (Some(found), _) if is_as_written(row, &found, &tree) => Ok(Some((found.uid, found.version))),
            (Some(found), State::Owned { uid }) if found.uid != *uid => Ok(None),
            (Some(_), State::Owned { .. }) => Err(Refusal::Changed { id: Box::new(id.clone()) }),
            _ => Err(open(id)),
        }
    }
}

impl Inner {
    /// Whether this is the very object that was ours before its row was claimed anew.
    fn is_ours(&self, id: &ObjectId, found: &Known) -> bool {
        self.uids.get(id) == Some(&found.uid) || self.owned(id).as_ref() == Some(&found.uid)
    }
}
