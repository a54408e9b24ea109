//! What the cluster's operators say: Overrides, LocalConstraints, and the brake on the Enforcement; and what they are
//! answered.

use super::kinds::Blind;
use super::mirror::Mirror;
use super::rest::Rest;
use super::served::Served;
use crate::target::{Oddity, TargetError};
use kube::api::{Api, PartialObjectMeta};
use kube::core::{ApiResource, DynamicObject};
use policy::local::{ANNOTATIONS, Brakes, Local, OVERRIDE};
use policy::{constraint, local};
use proto::resources::{Answer, ENFORCEMENT, GROUP, VERSION};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Notify;

/// The kinds of their documents, with the names of their resources.
const DOCUMENTS: [(&str, &str); 2] = [(OVERRIDE, "overrides"), (constraint::KIND, "localconstraints")];
/// What bears the brake.
const BRAKED: (&str, &str) = ("Enforcement", "enforcements");

/// One document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    /// What it says; nothing of it where that is too much.
    spec: Value,
    /// How many bytes that has.
    bytes: usize,
    /// What it was answered.
    pub(super) answer: Answer,
}

/// Annotations of ours.
#[derive(Debug, Clone, PartialEq)]
struct Marks(BTreeMap<String, String>);

/// The documents of one kind, by name.
pub(super) type Documents = Arc<BTreeMap<String, Document>>;
type ByKind = BTreeMap<&'static str, Documents>;

/// All that they say. Dropping it ends the watches.
#[derive(Debug)]
pub(super) struct Operators {
    wake: Arc<Notify>,
    documents: BTreeMap<&'static str, Mirror<String, Document>>,
    brake: Option<Mirror<String, Marks>>,
    read: Option<Read>,
}

/// What is known of what they say.
#[derive(Debug, Default)]
struct Heard {
    documents: ByKind,
    marks: Arc<BTreeMap<String, Marks>>,
    /// The kinds that the agent may not list, and never could.
    unread: BTreeSet<&'static str>,
}

/// What was made of it last, and of what.
#[derive(Debug)]
struct Read {
    heard: Heard,
    local: Arc<Local>,
    odd: BTreeSet<Oddity>,
}

impl Operators {
    /// Nothing is watched yet; `wake` is woken when one of them says something else.
    pub(super) fn new(wake: Arc<Notify>) -> Self {
        Self { wake, documents: BTreeMap::new(), brake: None, read: None }
    }

    /// What they say now, and what is odd about it. What the cluster does not serve nobody can say. Of what the agent may not
    /// read, what was last heard counts; where nothing ever was, that is noted, so that nothing is written over it.
    pub(super) async fn read(
        &mut self,
        rest: &Rest,
        served: &Served,
    ) -> Result<(Arc<Local>, BTreeSet<Oddity>), TargetError> {
        self.watch(rest, served);
        let (mut odd, mut heard) = (BTreeSet::new(), Heard::default());
        for (kind, all) in &self.documents {
            match listed(kind, all, &mut odd).await? {
                Some(all) => drop(heard.documents.insert(kind, all)),
                None => drop(heard.unread.insert(kind)),
            }
        }
        if let Some(all) = &self.brake {
            match listed(BRAKED.0, all, &mut odd).await? {
                Some(all) => heard.marks = all,
                None => drop(heard.unread.insert(BRAKED.0)),
            }
        }
        let (local, faults) = self.made(heard);
        odd.extend(faults);
        Ok((local, odd))
    }

    /// Watches what is served, and nothing else.
    fn watch(&mut self, rest: &Rest, served: &Served) {
        let is_served = |kind: &str| served.of_group(GROUP, kind).is_some();
        self.documents.retain(|kind, _| is_served(kind));
        for (kind, plural) in DOCUMENTS.into_iter().filter(|(kind, _)| is_served(kind)) {
            let api = || Api::all_with(rest.client(), &resource(kind, plural));
            self.documents.entry(kind).or_insert_with(|| Mirror::start(kind, api(), document, Arc::clone(&self.wake)));
        }
        let (kind, plural) = BRAKED;
        let api = || Api::all_with(rest.client(), &resource(kind, plural));
        self.brake = self.brake.take().filter(|_| is_served(kind));
        if self.brake.is_none() && is_served(kind) {
            self.brake = Some(Mirror::start(kind, api(), marks, Arc::clone(&self.wake)));
        }
    }

    /// The same as before, as long as it says the same.
    fn made(&mut self, heard: Heard) -> (Arc<Local>, BTreeSet<Oddity>) {
        if let Some(read) = self.read.as_ref().filter(|read| read.heard.is_same(&heard)) {
            return (Arc::clone(&read.local), read.odd.clone());
        }
        let (local, odd) = local_of(&heard);
        let before = self.read.take().map(|read| read.local).filter(|before| **before == local);
        let local = before.unwrap_or_else(|| Arc::new(local));
        self.read = Some(Read { heard, local: Arc::clone(&local), odd: odd.clone() });
        (local, odd)
    }

    /// Their documents as they stand, by kind, with the names of their resources.
    pub(super) fn documents(&self) -> BTreeMap<&'static str, (&'static str, Documents)> {
        let of = |(kind, plural)| Some((kind, (plural, self.documents.get(kind)?.now()?)));
        DOCUMENTS.into_iter().filter_map(of).collect()
    }
}

impl Heard {
    fn is_same(&self, other: &Self) -> bool {
        let same = |((one, before), (other, now)): ((&&str, &Documents), (&&str, &Documents))| {
            one == other && Arc::ptr_eq(before, now)
        };
        let (ours, theirs) = (&self.documents, &other.documents);
        let documents = ours.len() == theirs.len() && ours.iter().zip(theirs).all(same);
        documents && Arc::ptr_eq(&self.marks, &other.marks) && self.unread == other.unread
    }
}

/// All of one kind; none where the agent may not list them, and never could.
async fn listed<V: Clone + PartialEq + Send + Sync + 'static>(
    kind: &str,
    all: &Mirror<String, V>,
    odd: &mut BTreeSet<Oddity>,
) -> Result<Option<Arc<BTreeMap<String, V>>>, TargetError> {
    let found = all.all().await;
    if let Some(Blind { why, forbidden }) = all.failing() {
        let meanwhile = match &found {
            Ok(_) => "what they said before counts",
            Err(_) => "nothing is known of them, so no rule goes further than warn",
        };
        let remedy = if forbidden { "; repeat `writ-spoke install`, which grants it" } else { "" };
        odd.insert(Oddity { place: format!("{kind} of {GROUP}"), why: format!("{meanwhile}: {why}{remedy}") });
    }
    match found {
        Ok(all) => Ok(Some(all)),
        Err(Blind { forbidden: true, .. }) => Ok(None),
        // What they say may forbid what the bundle wants: nothing is done before it is known.
        Err(Blind { why, .. }) => Err(TargetError::Away(format!("{kind} of {GROUP} cannot be listed: {why}"))),
    }
}

fn local_of(heard: &Heard) -> (Local, BTreeSet<Oddity>) {
    let (mut local, mut odd) = (Local { unread: heard.unread.clone(), ..Local::default() }, BTreeSet::new());
    let each =
        heard.documents.iter().flat_map(|(kind, all)| all.iter().map(move |(name, document)| (kind, name, document)));
    // Constraints come first, by the name of their kind: where there are too many documents, what forbids counts.
    for (kind, name, Document { spec, bytes, .. }) in each {
        let api = format!("{GROUP}/{VERSION}");
        let document = json!({"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec});
        if let Err(local::Faulty(why)) = local.take_sized(&document, *bytes) {
            odd.insert(Oddity { place: format!("{kind} {name}"), why });
        }
    }
    if let Some(Marks(marks)) = heard.marks.get(ENFORCEMENT) {
        let (brakes, faults) = Brakes::read(marks);
        local.brakes = brakes;
        odd.extend(faults.into_iter().map(|why| Oddity { place: format!("Enforcement {ENFORCEMENT}"), why }));
    }
    (local, odd)
}

fn resource(kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: GROUP.to_owned(),
        version: VERSION.to_owned(),
        api_version: format!("{GROUP}/{VERSION}"),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

fn document(object: &DynamicObject) -> Option<(String, Document)> {
    let spec = object.data.get("spec");
    let bytes = spec.map_or(0, local::bytes);
    let spec = spec.filter(|_| bytes <= local::BYTES).cloned().unwrap_or_default();
    let answer = object.data.get("status").cloned().and_then(|status| serde_json::from_value(status).ok());
    Some((object.metadata.name.clone()?, Document { spec, bytes, answer: answer.unwrap_or_default() }))
}

fn marks(object: &PartialObjectMeta<DynamicObject>) -> Option<(String, Marks)> {
    let mut marks = object.metadata.annotations.clone().unwrap_or_default();
    marks.retain(|name, _| ANNOTATIONS.contains(&name.as_str()));
    Some((object.metadata.name.clone()?, Marks(marks)))
}
