//! What the cluster's operators say, as files: `overrides/`, `constraints/`, and the brake in `brake.yaml`. Odd files are
//! passed over and told, never followed.

use super::layout::Layout;
use super::read::{entries, plain_files};
use crate::files;
use crate::target::{Oddity, TargetError};
use policy::digest::Digest;
use policy::document;
use policy::local::{Brakes, Local};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most bytes of a file: what the catalog takes too.
const LIMIT: usize = 1 << 20;
/// More files than this are nobody's handwriting.
const FILES: usize = 1_000;

/// What was read last: as long as the files are the same, so is what they say.
#[derive(Debug, Default)]
pub(super) struct Operators {
    of: Option<Digest>,
    local: Arc<Local>,
    /// The documents of each file, as they were understood last.
    understood: Understood,
    oddities: BTreeSet<Oddity>,
}

type Understood = BTreeMap<PathBuf, Vec<Value>>;

/// A file, or why it cannot be read.
type Found = (PathBuf, Result<Vec<u8>, String>);

impl Operators {
    /// What they say now, and what was passed over.
    pub(super) fn read(&mut self, layout: &Layout) -> Result<(Arc<Local>, BTreeSet<Oddity>), TargetError> {
        let mut oddities = BTreeSet::new();
        let found = found(layout, &mut oddities)?;
        let of = digest(&found, &oddities);
        if self.of != Some(of) {
            let local = local(layout, &found, &mut self.understood, &mut oddities);
            if *self.local != local {
                self.local = Arc::new(local);
            }
            (self.of, self.oddities) = (Some(of), oddities);
        }
        Ok((Arc::clone(&self.local), self.oddities.clone()))
    }
}

fn found(layout: &Layout, oddities: &mut BTreeSet<Oddity>) -> Result<Vec<Found>, TargetError> {
    let mut paths = Vec::new();
    // Where there are too many, what forbids comes first.
    for folder in [layout.constraints(), layout.overrides()] {
        let files = plain_files(entries(&folder)?, |path, why| {
            oddities.insert(odd(path, why));
        });
        paths.extend(files.into_iter().filter(|path| is_yaml(path)));
    }
    for path in paths.get(FILES..).unwrap_or_default() {
        oddities.insert(odd(path, format!("it does not count: there are more than {FILES} files")));
    }
    paths.truncate(FILES);
    paths.push(layout.brake());
    let read = |path: PathBuf| match files::read(&path, LIMIT) {
        Ok(bytes) => bytes.map(|bytes| (path, Ok(bytes))),
        Err(error) => Some((path, Err(error.to_string()))),
    };
    Ok(paths.into_iter().filter_map(read).collect())
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn digest(found: &[Found], oddities: &BTreeSet<Oddity>) -> Digest {
    let of =
        |(path, bytes): &Found| format!("{} {:?}\n", path.display(), bytes.as_ref().map(|bytes| Digest::of(bytes)));
    let odd = oddities.iter().map(|odd| format!("{} {}\n", odd.place, odd.why));
    Digest::of(found.iter().map(of).chain(odd).collect::<String>().as_bytes())
}

/// What the files say. One that cannot be understood now, as while somebody writes it, goes on saying what it said: a veto or
/// a brake is not lifted by half a file.
fn local(layout: &Layout, found: &[Found], understood: &mut Understood, oddities: &mut BTreeSet<Oddity>) -> Local {
    let (mut local, before) = (Local::default(), std::mem::take(understood));
    let mut said = Vec::new();
    for (path, bytes) in found {
        let mut pass_over = |why: String| {
            oddities.insert(odd(path, why));
        };
        let mut faults = Vec::new();
        let read = bytes.as_ref().map(|bytes| documents(path, bytes, &mut |why| faults.push(why)));
        faults.extend(read.as_ref().err().map(ToString::to_string));
        let documents = match before.get(path).filter(|_| !faults.is_empty()) {
            Some(before) => before.clone(),
            None => read.unwrap_or_default(),
        };
        faults.into_iter().for_each(&mut pass_over);
        understood.insert(path.clone(), documents.clone());
        if *path == layout.brake() {
            let (brakes, faults) = Brakes::read(&annotations(&documents));
            local.brakes = brakes;
            faults.into_iter().for_each(pass_over);
        } else {
            said.extend(documents.into_iter().map(|document| (path, document)));
        }
    }
    let faulty = local.take_all(said);
    oddities.extend(faulty.into_iter().map(|(path, fault)| odd(path, fault.to_string())));
    local
}

/// The documents of a file. Of one that is no YAML there are none.
fn documents(path: &Path, bytes: &[u8], pass_over: &mut impl FnMut(String)) -> Vec<Value> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        pass_over("it is not UTF-8 text".to_owned());
        return Vec::new();
    };
    if text.is_empty() {
        pass_over("it is empty; remove it if it shall say nothing".to_owned());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (documents, faults) = document::parse(&name, text);
    faults
        .iter()
        .for_each(|fault| pass_over(format!("line {}, column {}: {}", fault.line, fault.column, fault.message)));
    documents.into_iter().map(|document| document.value).filter(|document| !document.is_null()).collect()
}

/// What the file of the brake says: annotations, as the Enforcement of a cluster bears them.
pub(super) fn annotations(documents: &[Value]) -> BTreeMap<String, String> {
    let of = |document: &Value| document.pointer("/metadata/annotations").and_then(Value::as_object).cloned();
    let texts = documents.iter().filter_map(of).flatten();
    texts.filter_map(|(name, text)| Some((name, text.as_str()?.to_owned()))).collect()
}

fn odd(path: &Path, why: impl Into<String>) -> Oddity {
    Oddity { place: path.display().to_string(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(layout: &Layout, file: &str, text: &str) {
        let path = layout.root().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn world() -> (tempfile::TempDir, Layout) {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path().to_owned());
        let document = |name: &str| {
            format!(
                "apiVersion: writ.dev/v1alpha1\nkind: Override\nmetadata: {{name: {name}}}\n\
                 spec: {{rule: ResourceGuard/quota, field: 'spec.quota[pods]', value: '50', reason: small}}\n"
            )
        };
        write(&layout, "overrides/quota.yaml", &format!("{}---\n{}", document("a"), document("b")));
        (dir, layout)
    }

    #[test]
    fn what_is_no_document_is_told_by_its_file_and_the_others_count() {
        let (_dir, layout) = world();
        write(&layout, "constraints/bad.yaml", "a: [\n");
        write(&layout, "constraints/other.yaml", "kind: Pod\n---\n");
        write(&layout, "constraints/README.md", "not ours");
        write(
            &layout,
            "constraints/none.yaml",
            "apiVersion: writ.dev/v1alpha1\nkind: LocalConstraint\nmetadata: {name: none}\nspec: {}\n",
        );
        std::os::unix::fs::symlink("/etc/passwd", layout.constraints().join("link.yaml")).unwrap();
        let (local, oddities) = Operators::default().read(&layout).unwrap();
        let names: Vec<_> = local.overrides.keys().map(|name| name.as_str()).collect();
        assert_eq!((names, local.faulty.len()), (vec!["a", "b"], 1));
        let told: Vec<_> = oddities.iter().map(|odd| odd.place.rsplit('/').next().unwrap()).collect();
        assert_eq!(told, ["bad.yaml", "link.yaml", "other.yaml"]);
    }

    #[test]
    fn inv30_a_file_that_is_being_written_goes_on_saying_what_it_said() {
        let (_dir, layout) = world();
        let brake = "metadata: {annotations: {writ.dev/brake-until: '2026-11-21T12:00:00Z'}}\n";
        write(&layout, "brake.yaml", brake);
        let mut operators = Operators::default();
        let first = operators.read(&layout).unwrap().0;
        assert!(first.brakes.all.is_some() && first.overrides.len() == 2);
        for torn in ["", "metadata: {annotations: {writ.dev/bra"] {
            write(&layout, "brake.yaml", torn);
            write(&layout, "overrides/quota.yaml", torn);
            let (local, oddities) = operators.read(&layout).unwrap();
            assert!(Arc::ptr_eq(&local, &first), "{torn:?}");
            assert_eq!(oddities.len(), 2, "{oddities:?}");
        }
        std::fs::remove_file(layout.brake()).unwrap();
        std::fs::remove_file(layout.overrides().join("quota.yaml")).unwrap();
        assert_eq!(*operators.read(&layout).unwrap().0, Local::default());
    }

    #[test]
    fn what_stands_as_it_was_is_the_same() {
        let (_dir, layout) = world();
        let mut operators = Operators::default();
        let mut read = || operators.read(&layout).unwrap().0;
        let first = read();
        write(&layout, "overrides/notes.yaml", "# nothing yet\n");
        assert!(Arc::ptr_eq(&first, &read()), "a comment says nothing");
        write(&layout, "brake.yaml", "metadata: {annotations: {writ.dev/brake-until: '2026-11-21T12:00:00Z'}}\n");
        let braked = read();
        assert!(braked.brakes.all.is_some() && braked.overrides == first.overrides);
        std::fs::remove_file(layout.brake()).unwrap();
        assert_eq!(read(), first);
    }
}
