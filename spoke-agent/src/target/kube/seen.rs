//! Looking: namespaces, rows and facts first, then the objects in question.

use super::discovery::Found;
use super::kinds::{AT_ONCE, Blind, Known, known};
use super::served::{Kind, Lookup, Resource};
use super::{Inner, Kube, drift, manager, part};
use crate::target::{Looked, Oddity, Sight, TargetError, remedy_of_rights};
use futures::StreamExt as _;
use policy::object::{ApiVersion, Object, ObjectId};
use policy::outcome::{Outcome, OutcomeCode};
use policy::plan::inventory::{Row, State};
use policy::seen::{Drifted, Observed, Seen};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a round waits for the first lists of kinds.
const FIRST_LIST: Duration = Duration::from_secs(10);

/// An object of which only metadata is known, and which must be read.
struct Unread {
    id: ObjectId,
    resource: Arc<Resource>,
}

impl Inner {
    pub(super) async fn observe(&mut self, kube: &Kube) -> Result<Sight, TargetError> {
        self.left.clear();
        let mut oddities = self.serves(kube);
        let namespaces = kube.namespaces.all().await.map_err(|blind| TargetError::Away(blind.why))?;
        let failing = kube.namespaces.failing();
        oddities.extend(failing.map(|Blind { why, .. }| Oddity { place: "namespaces".to_owned(), why }));
        let (local, odd) = self.operators.read(&kube.rest, &self.served).await?;
        oddities.extend(odd);
        for (kind, Blind { forbidden, why }) in self.kinds.blind() {
            // What may not be looked at is served all the same.
            if !forbidden {
                kube.discovery.again();
            }
            oddities.insert(Oddity { place: format!("{} {}", kind.api, kind.kind), why });
        }
        let inventory = self.book.inventory();
        let claimed = inventory.values().filter(|row| row.state == State::Claimed);
        self.claimed = claimed.map(|row| row.id.clone()).collect();
        let seen = Seen { namespaces, local, inventory, ..Seen::default() };
        Ok(Sight {
            seen,
            capabilities: self.served.capabilities.clone(),
            named: self.book.named(),
            oddities,
            elsewhere: BTreeMap::new(),
        })
    }

    /// Takes over what was found to be served. What could not be asked stays as it was, and is told.
    fn serves(&mut self, kube: &Kube) -> BTreeSet<Oddity> {
        let Found { served, failing } = kube.discovery.found();
        self.served = served;
        let failing = failing.map(|why| Oddity { place: "what the cluster serves".to_owned(), why });
        let why = "the server that serves it does not answer; what it served before is believed";
        let stale = self.served.stale.iter().map(|api| Oddity { place: api.to_string(), why: why.to_owned() });
        failing.into_iter().chain(stale).collect()
    }

    pub(super) async fn look(
        &mut self,
        kube: &Kube,
        at: &BTreeMap<&ObjectId, &ApiVersion>,
        seen: &Seen,
    ) -> Result<Looked, TargetError> {
        let (mut looked, mut found, mut unread) = (Looked::default(), Vec::with_capacity(at.len()), Vec::new());
        let places = self.places(at, &mut looked);
        self.kinds.keep(&places.iter().map(|(resource, _)| resource.kind.clone()).collect());
        self.compared.retain(|id, _| at.contains_key(id));
        self.prune_uids(at);
        places.iter().for_each(|(resource, ids)| self.kinds.watch(&kube.rest, resource, ids));
        // All of them are listed at once, so they are waited for together.
        let deadline = Instant::now() + FIRST_LIST;
        for (resource, ids) in places {
            match self.kinds.of(&kube.rest, &resource, &ids, deadline).await {
                Ok(known) => self.known(seen, &resource, known, &mut found, &mut unread),
                Err(blind) => {
                    let unseen = |id: &ObjectId| (id.clone(), unseen(id, &resource.kind, &blind));
                    looked.unseen.extend(ids.into_iter().map(unseen));
                }
            }
        }
        // Of many thousand, a tree grows faster from all of them than one by one.
        looked.objects = found.into_iter().collect();
        self.read(kube, seen, unread, &mut looked).await;
        Ok(looked)
    }

    /// Where each kind can be looked at. What is not served is not there; where nobody can say, nothing is concluded.
    fn places<'a>(
        &self,
        at: &BTreeMap<&'a ObjectId, &'a ApiVersion>,
        looked: &mut Looked,
    ) -> Vec<(Resource, Vec<&'a ObjectId>)> {
        let mut by_kind: BTreeMap<(&ApiVersion, &str), Vec<&'a ObjectId>> = BTreeMap::new();
        for (id, api) in at {
            by_kind.entry((*api, id.kind.as_str())).or_default().push(id);
        }
        let mut places: BTreeMap<Kind, (Resource, Vec<&ObjectId>)> = BTreeMap::new();
        for ((api, kind), ids) in by_kind {
            let kind = Kind { api: api.clone(), kind: kind.to_owned() };
            match self.served.lookup(&kind) {
                Lookup::At(resource) => {
                    let place = places.entry(resource.kind.clone());
                    place.or_insert_with(|| (resource.clone(), Vec::new())).1.extend(ids);
                }
                Lookup::Nowhere => {}
                Lookup::Unknown => {
                    let why = "the server that serves it does not answer".to_owned();
                    let blind = Blind { forbidden: false, why };
                    looked.unseen.extend(ids.into_iter().map(|id| (id.clone(), unseen(id, &kind, &blind))));
                }
            }
        }
        places.into_values().collect()
    }

    /// What metadata alone tells: that an object is as our last write left it.
    fn known(
        &self,
        seen: &Seen,
        resource: &Resource,
        known: Vec<(ObjectId, Option<Known>)>,
        found: &mut Vec<(ObjectId, Observed)>,
        unread: &mut Vec<Unread>,
    ) {
        let resource = Arc::new(resource.clone());
        for (id, known) in known {
            let Some(known) = known else { continue };
            match self.as_left(seen, &id, &known) {
                Some(observed) => found.push((id, observed)),
                None => unread.push(Unread { id, resource: Arc::clone(&resource) }),
            }
        }
    }

    /// The object as applied, where its version is the one that our last write left, or one that was compared since.
    fn as_left(&self, seen: &Seen, id: &ObjectId, known: &Known) -> Option<Observed> {
        let row = seen.inventory.get(id).filter(|row| is_of(row, known))?;
        let own = row.written.as_ref().is_some_and(|written| written.version == known.version);
        let compared = self.compared.get(id).is_some_and(|(at, digest)| *at == known.version && *digest == row.digest);
        let object = seen.good.get(&row.digest).filter(|_| own || compared)?;
        Some(stands(row, object.clone(), known))
    }

    async fn read(&mut self, kube: &Kube, seen: &Seen, unread: Vec<Unread>, looked: &mut Looked) {
        let read = futures::stream::iter(unread).map(|Unread { id, resource }| async move {
            let found = kube.rest.find(&id, &resource, true).await;
            (id, found)
        });
        let mut read = std::pin::pin!(read.buffer_unordered(AT_ONCE));
        while let Some((id, found)) = read.next().await {
            match found {
                Ok(None) => {}
                Ok(Some(tree)) => match self.compare(seen, &id, tree) {
                    Some(observed) => drop(looked.objects.insert(id, observed)),
                    None => {
                        drop(looked.unseen.insert(id.clone(), unread_outcome(&id, "the server's answer is no object")))
                    }
                },
                Err(fault) => {
                    drop(looked.unseen.insert(id.clone(), unread_outcome(&id, &service::exit::chain(&fault))));
                }
            }
        }
    }

    /// Compares our part of an object with what our last write left.
    fn compare(&mut self, seen: &Seen, id: &ObjectId, tree: Value) -> Option<Observed> {
        let known = known(&tree)?;
        let row = seen.inventory.get(id).filter(|row| row.live() && is_as_written(row, &known, &tree));
        if let Some((row, object)) = row.and_then(|row| Some((row, seen.good.get(&row.digest)?))) {
            self.compared.insert(id.clone(), (known.version.clone(), row.digest));
            return Some(stands(row, object.clone(), &known));
        }
        let drifted = drifted(seen, id, &known, &tree);
        let object = Object::try_from(tree).ok()?;
        let Known { uid, version, terminating } = known;
        Some(Observed { object, as_applied: None, drifted, terminating, uid, version })
    }
}

/// What somebody else made of our object.
fn drifted(seen: &Seen, id: &ObjectId, known: &Known, tree: &Value) -> Option<Drifted> {
    let row = seen.inventory.get(id).filter(|row| is_of(row, known))?;
    Some(drift::of(seen.good.get(&row.digest)?.tree(), tree, &manager(row.own, &row.rule)))
}

fn stands(row: &Row, object: Object, known: &Known) -> Observed {
    let Known { uid, version, terminating } = known.clone();
    Observed { object, as_applied: Some(row.digest), drifted: None, terminating, uid, version }
}

fn is_of(row: &Row, known: &Known) -> bool {
    matches!(&row.state, State::Owned { uid } if *uid == known.uid)
}

/// Whether our part of the object is as the row says. Of a row that is only claimed (we were cut off between the write
/// and its record) this can be told by who made the object.
pub(super) fn is_as_written(row: &Row, known: &Known, tree: &Value) -> bool {
    let manager = manager(row.own, &row.rule);
    match &row.state {
        State::Owned { .. } => {
            let written = row.written.as_ref().map(|written| written.part);
            is_of(row, known) && written.is_some() && written == part::digest(tree, &manager)
        }
        State::Claimed => part::was_made_by(tree, &manager),
        State::Removed { .. } | State::Disowned { .. } => false,
    }
}

fn unseen(id: &ObjectId, kind: &Kind, blind: &Blind) -> Outcome {
    let code = if blind.forbidden { OutcomeCode::NotPermitted } else { OutcomeCode::Failed };
    let remedy = if blind.forbidden { format!("; {}", remedy_of_rights(id)) } else { String::new() };
    let message = format!("{} {} cannot be looked at: {}{remedy}", kind.api, kind.kind, blind.why);
    Outcome::new(code, "Unseen").saying(message).about(id)
}

fn unread_outcome(id: &ObjectId, why: &str) -> Outcome {
    Outcome::new(OutcomeCode::Failed, "Unseen").saying(format!("{id} cannot be read: {why}")).about(id)
}
