//! Building the binaries, once: in a folder beside their final one, which appears whole or not at all.

use super::recipe::Recipe;
use super::{check, progress};
use crate::{tools, wait};
use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What builds that are not finished are named.
const UNFINISHED: &str = "building-";

/// Gives the folder of the binaries, and how long it took to build them if they were not there.
///
/// # Errors
/// When a build fails, or the cache folder cannot be written.
pub(crate) fn unless_there(recipe: &Recipe) -> Result<(PathBuf, Option<Duration>)> {
    let folder = recipe.folder()?;
    once(&folder, |unfinished| everything(recipe, unfinished))
}

/// Fills a folder unless it stands, however many ask at once; `fill` works in another folder.
fn once(folder: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<(PathBuf, Option<Duration>)> {
    if folder.is_dir() {
        return Ok((folder.to_owned(), None));
    }
    let store = folder.parent().context("the cache has no folder")?;
    fs::create_dir_all(store).with_context(|| format!("cannot make {}", store.display()))?;
    let _lock = lock(store)?;
    if folder.is_dir() {
        return Ok((folder.to_owned(), None));
    }
    let took = wait::stopwatch();
    sweep(store)?;
    let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(store)?;
    fill(unfinished.path())?;
    fs::rename(unfinished.path(), folder).with_context(|| format!("cannot write {}", folder.display()))?;
    // It has its final name; there is nothing left to remove.
    drop(unfinished.keep());
    Ok((folder.to_owned(), Some(took())))
}

/// The lock of the cache folder. The system lets go of it when this program ends, however it ends.
fn lock(store: &Path) -> Result<File> {
    let path = store.join("lock");
    let file = File::options().create(true).append(true).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        tools::tell("   another run builds binaries for the tests; waiting for it");
        flock(&file, FlockOperation::LockExclusive).with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

/// Removes what killed builds left. Whoever holds the lock is the only one who builds.
fn sweep(store: &Path) -> Result<()> {
    for entry in fs::read_dir(store)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Builds each program and sees that it runs.
fn everything(recipe: &Recipe, folder: &Path) -> Result<()> {
    let programs = recipe.module.programs;
    let names: Vec<&str> = programs.iter().map(|program| program.name).collect();
    tools::tell(&format!("   building {} with {}: once, {}", names.join(", "), recipe.go(), recipe.module.takes));
    for program in programs {
        progress::run(&format!("go build {}", program.name), recipe.call(program, folder))?;
        check::one(folder, program)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn many_at_once_build_once() {
        let store = tempfile::tempdir().unwrap();
        let folder = store.path().join("0123");
        let builds = AtomicU32::new(0);
        let fill = |unfinished: &Path| {
            builds.fetch_add(1, Ordering::SeqCst);
            Ok(fs::write(unfinished.join("etcd"), "")?)
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(|| once(&folder, fill).unwrap()))));
        assert_eq!(builds.load(Ordering::SeqCst), 1);
        assert!(folder.join("etcd").is_file());
    }

    #[test]
    fn a_build_that_fails_or_was_killed_leaves_nothing() {
        let store = tempfile::tempdir().unwrap();
        let folder = store.path().join("0123");
        fs::create_dir(store.path().join("building-killed")).unwrap();
        assert!(once(&folder, |unfinished| Ok(fs::write(unfinished.join("no/etcd"), "")?)).is_err());
        let left: Vec<_> = fs::read_dir(store.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["lock"]);
    }
}
