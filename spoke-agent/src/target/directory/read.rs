//! Reading all objects of a target directory. Odd files are passed over and told, never followed.

use super::layout::{self, Layout};
use super::yaml;
use crate::files;
use crate::target::{Oddity, TargetError};
use policy::digest::Digest;
use policy::name::Namespace;
use policy::object::{Object, ObjectId};
use policy::plan::inventory::Row;
use rustix::fs::{Access, AtFlags};
use serde_json::json;
use service::atomic;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

/// What a real server takes.
pub(super) const OBJECT: usize = 1_572_864;
/// More files than this are not a cluster.
const OBJECTS: usize = 50_000;

/// One object file.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Of the file's bytes.
    pub(super) version: Digest,
    pub(super) object: Object,
}

/// All objects, and what was passed over.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) files: BTreeMap<ObjectId, File>,
    pub(super) oddities: BTreeSet<Oddity>,
    /// Folders that may not be written into.
    closed: BTreeSet<PathBuf>,
}

/// Files parsed earlier, by path: one whose bytes are the same is not parsed again.
pub(super) type Parsed = BTreeMap<PathBuf, File>;

/// Reads everything under `objects/`.
/// A file of `ours` that cannot be understood stands for an object that says nothing.
pub(super) fn all(
    layout: &Layout,
    earlier: &Parsed,
    ours: &BTreeMap<PathBuf, &Row>,
) -> Result<(Objects, Parsed), TargetError> {
    let (mut objects, mut parsed) = (Objects::default(), Parsed::new());
    for folder in folders(layout, &mut objects)? {
        for path in plain_files(entries(&folder.0)?, |path, why| objects.pass_over(path, why)) {
            if parsed.len() >= OBJECTS {
                return Err(TargetError::Corrupt(layout.objects(), format!("it holds more than {OBJECTS} files")));
            }
            match one(&path, folder.1.as_ref(), earlier) {
                Ok(Some(file)) => {
                    objects.files.insert(file.object.id().clone(), file.clone());
                    parsed.insert(path, file);
                }
                Ok(None) => {}
                Err(why) => match ours.get(&path).and_then(|row| torn(&path, row)) {
                    Some(file) => drop(objects.files.insert(file.object.id().clone(), file)),
                    None => objects.pass_over(&path, why),
                },
            }
        }
    }
    Ok((objects, parsed))
}

impl Objects {
    /// The digests of all that is there but what is `ours`, by namespace; a Namespace belongs to itself.
    pub(super) fn elsewhere(&self, ours: impl Fn(&ObjectId) -> bool) -> BTreeMap<Option<Namespace>, Digest> {
        let closed = self.closed.iter().map(|path| path.display().to_string());
        let oddities = self.oddities.iter().map(|oddity| format!("{} {}", oddity.place, oddity.why));
        let mut places: BTreeMap<Option<Namespace>, Vec<String>> = BTreeMap::new();
        places.insert(None, closed.chain(oddities).collect());
        for (id, file) in self.files.iter().filter(|(id, _)| !ours(id)) {
            places.entry(id.concerns()).or_default().push(format!("{id} {}", file.version));
        }
        places.into_iter().map(|(place, lines)| (place, Digest::of(lines.join("\n").as_bytes()))).collect()
    }

    fn folder(&mut self, path: &Path) {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        if rustix::fs::accessat(rustix::fs::CWD, path, access, AtFlags::EACCESS).is_err() {
            self.closed.insert(path.to_owned());
        }
    }

    fn pass_over(&mut self, path: &Path, why: impl Into<String>) {
        self.oddities.insert(Oddity { place: path.display().to_string(), why: why.into() });
    }
}

/// One file, as the object that its name says.
pub(super) fn one(path: &Path, namespace: Option<&Namespace>, earlier: &Parsed) -> Result<Option<File>, String> {
    let Some(bytes) = files::read(path, OBJECT).map_err(|error| error.to_string())? else { return Ok(None) };
    let version = Digest::of(&bytes);
    if let Some(file) = earlier.get(path).filter(|file| file.version == version) {
        return Ok(Some(file.clone()));
    }
    let tree = yaml::parse(&bytes).map_err(|error| error.to_string())?;
    let object = Object::try_from(tree).map_err(|error| format!("it is not an object: {error}"))?;
    if object.id().namespace.as_ref() != namespace {
        return Err("its metadata.namespace is not that of its folder".to_owned());
    }
    let name = layout::file_name(object.id())?;
    if path.file_name().and_then(|name| name.to_str()) != Some(name.as_str()) {
        return Err(format!("the object in it belongs into a file named `{name}`"));
    }
    Ok(Some(File { version, object }))
}

/// What is left of an object of ours whose file was emptied or garbled: it is there and says nothing, so it is repaired
/// like any other drift.
pub(super) fn torn(path: &Path, row: &Row) -> Option<File> {
    let bytes = files::read(path, OBJECT).ok()??;
    let mut metadata = json!({"name": row.id.name});
    if let (Some(namespace), Some(metadata)) = (&row.id.namespace, metadata.as_object_mut()) {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    let tree = json!({"apiVersion": row.api, "kind": row.id.kind, "metadata": metadata});
    Some(File { version: Digest::of(&bytes), object: Object::try_from(tree).ok()? })
}

fn folders(layout: &Layout, objects: &mut Objects) -> Result<Vec<(PathBuf, Option<Namespace>)>, TargetError> {
    let mut folders = Vec::new();
    objects.folder(&layout.objects());
    for entry in entries(&layout.objects())? {
        let name = entry.file_name();
        let namespace = name.to_str().map(|name| (name == layout::CLUSTER, name.parse::<Namespace>()));
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        objects.folder(&entry.path());
        match namespace {
            Some((true, _)) if is_folder => folders.push((entry.path(), None)),
            Some((false, Ok(namespace))) if is_folder => folders.push((entry.path(), Some(namespace))),
            Some(_) | None => objects.pass_over(&entry.path(), "it is not a folder named as a namespace"),
        }
    }
    Ok(folders)
}

/// The files among them; what else there is, is passed over.
pub(super) fn plain_files(entries: Vec<DirEntry>, mut pass_over: impl FnMut(&Path, &'static str)) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in entries {
        if entry.file_name().to_str().is_some_and(atomic::is_temporary) {
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            paths.push(entry.path());
        } else {
            pass_over(&entry.path(), "it is not a plain file");
        }
    }
    paths
}

/// What a folder holds, by name; nothing where there is no folder. A link in its place is refused.
pub(super) fn entries(folder: &Path) -> Result<Vec<DirEntry>, TargetError> {
    match std::fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(TargetError::Corrupt(folder.to_owned(), "it is not a folder".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(TargetError::Missing(folder.to_owned(), error)),
    }
    let failed = |error| TargetError::Missing(folder.to_owned(), error);
    let mut entries = std::fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}
