//! A cluster as a directory of YAML: the embedded default, and what GitOps tools can take up.
//!
//! The files under `objects/` are the observed state, foreign objects included. What a server would keep for us
//! (identities, what was applied) stands in `status/`.

mod brake;
mod cluster;
mod inventory;
mod layout;
mod merge;
mod operators;
mod place;
mod read;
mod status;
mod undo;
pub mod watch;
mod write;
mod yaml;

pub use brake::brake;
pub use layout::Layout;

use super::{Looked, News, Refusal, Sight, Target, TargetError, Telling, Told};
use crate::blocking;
use crate::cache::good::Good;
use crate::chance::Chance;
use async_trait::async_trait;
use inventory::{Book, Record};
use jiff::Timestamp;
use operators::Operators;
use policy::access::{self, Binding, Bindings};
use policy::digest::Digest;
use policy::facts::Capabilities;
use policy::health::Health;
use policy::name::Namespace;
use policy::object::{ApiVersion, Object, ObjectId};
use policy::plan::inventory::{State, Uid, Version};
use policy::plan::{Ends, Step, Undo};
use policy::seen::{NamespaceSeen, Observed, Seen};
use read::{File, Objects, Parsed};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The target directory of one cluster.
#[derive(Debug, Clone)]
pub struct Directory {
    inner: Arc<Mutex<Inner>>,
}

/// The status document that an agent told last, and when, without opening the target.
///
/// # Errors
/// [`TargetError`] when it cannot be read or understood.
pub fn told(layout: &Layout) -> Result<Option<(Object, Timestamp)>, TargetError> {
    let Some(status) = status::read(layout)? else { return Ok(None) };
    Ok(Some((status, status::written(layout)?)))
}

/// Whether an agent could open the directory at `root`; changes nothing.
///
/// # Errors
/// [`TargetError`] as [`Directory::open`].
pub fn inspect(root: PathBuf) -> Result<(), TargetError> {
    look(&Layout::new(root)).map(drop)
}

/// What must be there and understood: the directory itself, what the cluster can do, the inventory if there is one.
fn look(layout: &Layout) -> Result<(Capabilities, Book), TargetError> {
    std::fs::read_dir(layout.root()).map_err(|error| TargetError::Missing(layout.root().to_owned(), error))?;
    Ok((cluster::read(layout)?, Book::read(layout)?))
}

/// Everything that blocks: used on blocking threads only.
#[derive(Debug)]
struct Inner {
    layout: Layout,
    good: Good,
    chance: Arc<Chance>,
    book: Book,
    parsed: Parsed,
    operators: Operators,
    /// All objects, as the round that runs found them.
    files: BTreeMap<ObjectId, File>,
    capabilities: Capabilities,
    /// What the last step left of each object: its version, or nothing.
    left: BTreeMap<ObjectId, Option<Digest>>,
}

impl Directory {
    /// The directory at `root`; last good objects come from `good`, identities from `chance`.
    ///
    /// # Errors
    /// [`TargetError`] when the directory is not there or holds an inventory that cannot be understood.
    pub fn open(root: PathBuf, good: Good, chance: Arc<Chance>) -> Result<Self, TargetError> {
        let layout = Layout::new(root);
        let (capabilities, book) = look(&layout)?;
        place::sweep(&layout)?;
        let (parsed, operators) = (Parsed::new(), Operators::default());
        let (files, left) = (BTreeMap::new(), BTreeMap::new());
        let inner = Inner { layout, good, chance, book, parsed, operators, files, capabilities, left };
        Ok(Self { inner: Arc::new(Mutex::new(inner)) })
    }

    async fn blocking<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce(&mut Inner) -> T + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        blocking::run(move || work(&mut inner.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

#[async_trait]
impl Target for Directory {
    /// A directory has none: it is made once, and stands in the status.
    fn cluster_uid(&self) -> Option<&str> {
        None
    }

    async fn capabilities(&self) -> Capabilities {
        self.blocking(|inner| inner.capabilities.clone()).await
    }

    async fn observe(&self) -> Result<Sight, TargetError> {
        self.blocking(Inner::observe).await
    }

    async fn look(&self, at: &BTreeMap<&ObjectId, &ApiVersion>, _seen: &Seen) -> Result<Looked, TargetError> {
        let at: BTreeSet<ObjectId> = at.keys().copied().cloned().collect();
        Ok(self.blocking(move |inner| inner.look(&at)).await)
    }

    /// Nothing runs in a directory: what stands there is as well as it can be.
    async fn health(&self, of: &BTreeMap<ObjectId, ApiVersion>) -> BTreeMap<ObjectId, Health> {
        of.keys().map(|id| (id.clone(), Health::Well)).collect()
    }

    async fn bindings(&self) -> Result<Bindings, TargetError> {
        Ok(self.blocking(|inner| Bindings(vec![Arc::new(bindings(&inner.files))])).await)
    }

    async fn dry_run(&self, steps: &[Step]) -> Result<(), Refusal> {
        let steps = steps.to_vec();
        self.blocking(move |inner| inner.dry_run(&steps)).await
    }

    async fn step(&self, step: &Step, now: Timestamp) -> Result<bool, Refusal> {
        let step = step.clone();
        self.blocking(move |inner| inner.step(&step, now)).await
    }

    async fn undo(&self, undo: &Undo, now: Timestamp) -> Result<(), Refusal> {
        let undo = undo.clone();
        self.blocking(move |inner| inner.undo(&undo, now)).await
    }

    async fn ended(&self, ends: &Ends) {
        let ends = ends.clone();
        self.blocking(move |inner| inner.book.ended(&ends)).await;
    }

    async fn settle(&self) -> Result<(), TargetError> {
        self.blocking(Inner::settle).await
    }

    async fn told(&self) -> Result<Option<Telling>, TargetError> {
        let told = self.blocking(|inner| status::read(&inner.layout)).await?;
        Ok(told.map(|enforcement| Telling { enforcement, rules: BTreeMap::new(), verdicts: BTreeMap::new() }))
    }

    /// A directory has one agent.
    async fn tell(&self, telling: &Telling, _over: Option<&Value>) -> Result<Told, TargetError> {
        let status = telling.enforcement.clone();
        self.blocking(move |inner| status::write(&inner.layout, &status)).await.map(|()| Told::Written)
    }

    async fn forget(&self) -> Result<(), TargetError> {
        self.blocking(|inner| {
            status::remove(&inner.layout)?;
            inner.book.give_up(&inner.layout)
        })
        .await
    }

    /// A directory has only its status and the log.
    async fn announce(&self, _news: &[News]) -> Result<(), TargetError> {
        Ok(())
    }
}

impl Inner {
    fn observe(&mut self) -> Result<Sight, TargetError> {
        self.left.clear();
        self.capabilities = cluster::read(&self.layout)?;
        self.book.reread(&self.layout)?;
        let ours = self.book.records().map(|record| &record.row).filter(|row| matches!(row.state, State::Owned { .. }));
        let ours = ours.filter_map(|row| Some((self.layout.object(&row.id).ok()?, row))).collect();
        let (objects, parsed) = read::all(&self.layout, &self.parsed, &ours)?;
        self.parsed = parsed;
        let elsewhere = objects.elsewhere(|id| self.book.get(id).is_some_and(|record| record.row.live()));
        let Objects { files, mut oddities, .. } = objects;
        let (local, odd) = self.operators.read(&self.layout)?;
        oddities.extend(odd);
        let seen = Seen {
            namespaces: Arc::new(namespaces(&files)),
            local,
            inventory: self
                .book
                .records()
                .map(|record| (record.row.id.clone(), Arc::new(record.row.clone())))
                .collect(),
            ..Seen::default()
        };
        self.files = files;
        Ok(Sight { seen, capabilities: self.capabilities.clone(), named: self.book.named(), oddities, elsewhere })
    }

    fn look(&self, at: &BTreeSet<ObjectId>) -> Looked {
        let there = self.files.iter().filter(|(id, _)| at.contains(*id));
        let objects = there.map(|(id, file)| self.observed(id.clone(), file.clone())).collect();
        Looked { objects, ..Looked::default() }
    }

    fn observed(&self, id: ObjectId, file: File) -> (ObjectId, Observed) {
        let ours = |record: &&Record| !matches!(record.row.state, State::Removed { .. });
        let record = self.book.get(&id).filter(ours);
        let uid = record.map_or_else(|| Uid(format!("unowned {id}").into()), |record| record.identity.clone());
        let version = Version(file.version.to_string().into());
        (id, Observed { object: file.object, as_applied: None, drifted: None, terminating: false, uid, version })
    }
}

fn bindings(files: &BTreeMap<ObjectId, File>) -> BTreeMap<ObjectId, Binding> {
    let bindings = files.iter().filter(|(id, _)| access::is_binding(id));
    bindings.filter_map(|(id, file)| Some((id.clone(), Binding::read(file.object.tree())?))).collect()
}

/// Namespaces are the Namespace objects of the cluster.
fn namespaces(files: &BTreeMap<ObjectId, File>) -> BTreeMap<Namespace, NamespaceSeen> {
    let of_kind = |id: &ObjectId| id.group.is_empty() && id.kind == "Namespace" && id.namespace.is_none();
    files
        .iter()
        .filter(|(id, _)| of_kind(id))
        .filter_map(|(id, file)| Some((id.name.parse().ok()?, namespace(&file.object))))
        .collect()
}

fn namespace(object: &Object) -> NamespaceSeen {
    let labels = object.tree().pointer("/metadata/labels").cloned().unwrap_or_default();
    NamespaceSeen {
        labels: serde_json::from_value(labels).unwrap_or_default(),
        terminating: object.tree().pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null()),
    }
}
