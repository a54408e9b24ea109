//! Walking a working copy. Each folder is opened beneath its parent's own handle and no symbolic link is ever followed,
//! so nobody who changes the files meanwhile can lead the walk out of the catalog.

use super::gather::{Entry, Gather, Seen, Verdict};
use super::{Limits, Read};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;
use std::ffi::CString;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A working copy that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing there.
    #[error("there is no folder `{0}`; name the folder that holds the catalog's writ.yaml")]
    Missing(PathBuf),
    /// A file, or something else.
    #[error("`{0}` is not a folder; name the folder that holds the catalog's writ.yaml")]
    NotAFolder(PathBuf),
    /// Anything else.
    #[error("cannot read the folder `{path}`")]
    Unreadable {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Reads the catalog in a folder. The path to the folder itself may lead over symbolic links; nothing in it may.
pub fn read_folder(folder: &Path, limits: Limits) -> Result<Read, ReadError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(folder, flags, Mode::empty()).map_err(|errno| unreadable(folder, errno))?;
    let mut gather = Gather::new(limits);
    walk(&root, "", &mut gather);
    Ok(gather.finish())
}

fn unreadable(folder: &Path, errno: Errno) -> ReadError {
    let path = folder.to_owned();
    match errno {
        Errno::NOENT => ReadError::Missing(path),
        Errno::NOTDIR => ReadError::NotAFolder(path),
        _ => ReadError::Unreadable { path, source: errno.into() },
    }
}

fn walk(folder: &OwnedFd, path: &str, gather: &mut Gather) {
    let names = match names(folder, path, gather) {
        Ok(names) => names,
        Err(errno) => return gather.unreadable(path, &describe(errno)),
    };
    let mut seen = Seen::default();
    for name in names {
        if gather.is_full() {
            return;
        }
        if let Err((path, errno)) = visit(folder, path, &name, &mut seen, gather) {
            gather.unreadable(&path, &describe(errno));
        }
    }
}

/// The folder's names, sorted; no more of them than the walk can still count. The working copy's own `.git`, at the
/// root, is no part of the catalog; elsewhere it marks a repository within, and is refused.
fn names(folder: &OwnedFd, path: &str, gather: &Gather) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        let own = path.is_empty() && name.as_bytes() == b".git";
        if !own && !matches!(name.as_bytes(), b"." | b"..") {
            names.push(name);
        }
        if names.len() > gather.room() {
            break;
        }
    }
    names.sort();
    Ok(names)
}

fn visit(
    folder: &OwnedFd,
    parent: &str,
    name: &CString,
    seen: &mut Seen,
    gather: &mut Gather,
) -> Result<(), (String, Errno)> {
    let entry = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => kind(FileType::from_raw_mode(stat.st_mode)),
        // Gone since the folder was listed: as if it had never been there.
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err((parent.to_owned(), errno)),
    };
    match gather.admit(parent, name.as_bytes(), entry, seen) {
        Verdict::Skip => Ok(()),
        Verdict::Take(path) => take(folder, name, &path, gather).map_err(|errno| (path, errno)),
        Verdict::Enter(path) => match open(folder, name, OFlags::DIRECTORY) {
            Ok(inner) => {
                walk(&inner, &path, gather);
                Ok(())
            }
            Err(errno) => Err((path, errno)),
        },
    }
}

fn take(folder: &OwnedFd, name: &CString, path: &str, gather: &mut Gather) -> Result<(), Errno> {
    // Without NONBLOCK, opening a FIFO put here since the look above would wait for ever.
    let file = open(folder, name, OFlags::NONBLOCK)?;
    let stat = fstat(&file)?;
    if kind(FileType::from_raw_mode(stat.st_mode)) != Entry::File {
        return Err(Errno::AGAIN);
    }
    let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    if !gather.has_room(path, size) {
        return Ok(());
    }
    let mut bytes = Vec::new();
    let read = File::from(file).take(size).read_to_end(&mut bytes);
    read.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    gather.take(path.to_owned(), bytes);
    Ok(())
}

fn open(folder: &OwnedFd, name: &CString, more: OFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY | more;
    openat(folder, name, flags, Mode::empty())
}

const fn kind(kind: FileType) -> Entry {
    match kind {
        FileType::RegularFile => Entry::File,
        FileType::Directory => Entry::Folder,
        FileType::Symlink => Entry::Symlink,
        _ => Entry::Special,
    }
}

fn describe(errno: Errno) -> String {
    match errno {
        Errno::ACCESS | Errno::PERM => "permission denied".into(),
        Errno::LOOP | Errno::NOTDIR | Errno::AGAIN => "it was exchanged while it was read".into(),
        other => std::io::Error::from(other).kind().to_string(),
    }
}
