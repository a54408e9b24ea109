//! Files that are whole or absent: a temporary file in the same folder, fsync, rename, fsync of the folder.

use crate::fault::{Act, FileError, Reason};
use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const PREFIX: &str = ".writ-";
const SUFFIX: &str = ".tmp";

/// Who may read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The owner alone: 0600, folders 0700. For keys and tokens.
    Owner,
    /// Everybody may read: 0644, folders 0755.
    Everyone,
}

impl Access {
    const fn file(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Everyone => 0o644,
        }
    }

    const fn folder(self) -> u32 {
        match self {
            Self::Owner => 0o700,
            Self::Everyone => 0o755,
        }
    }
}

/// Writes the file, in place of one that may stand there. When this returns, it is durable. On an error the old file
/// stands or the new one does: the folder may have failed to be synced after the rename.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    let fail = |error: std::io::Error| FileError::new(Act::Write, path, error);
    let temporary = staged(path, bytes, access).map_err(fail)?;
    temporary.persist(path).map_err(|error| fail(error.error))?;
    sync_folder(path).map_err(fail)
}

/// Writes a file that must not exist yet; refuses to overwrite. When this returns, it is durable.
pub fn create_new(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    let fail = |error: std::io::Error| FileError::new(Act::Create, path, error);
    let temporary = staged(path, bytes, access).map_err(fail)?;
    temporary.persist_noclobber(path).map_err(|error| fail(error.error))?;
    sync_folder(path).map_err(fail)
}

/// Removes a file durably; one that is not there is fine.
pub fn remove(path: &Path) -> Result<(), FileError> {
    let fail = |error: std::io::Error| FileError::new(Act::Remove, path, error);
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(fail(error)),
        Ok(()) => sync_folder(path).map_err(fail),
    }
}

/// Removes a folder with all that is in it, durably; one that is not there is fine.
pub fn remove_folder(path: &Path) -> Result<(), FileError> {
    let fail = |error: std::io::Error| FileError::new(Act::Remove, path, error);
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(fail(error)),
        Ok(()) => sync_folder(path).map_err(fail),
    }
}

/// Gives a folder its final name, which must be free, on the same file system. When this returns, it is durable.
pub fn rename_folder(from: &Path, to: &Path) -> Result<(), FileError> {
    let fail = |error: std::io::Error| FileError::new(Act::CreateFolder, to, error);
    fs::rename(from, to).map_err(fail)?;
    sync_folder(to).map_err(fail)
}

/// Makes a folder and those above it; one that stands already is fine. Access holds for the new ones only.
pub fn create_folder(path: &Path, access: Access) -> Result<(), FileError> {
    let fail = |error: std::io::Error| FileError::new(Act::CreateFolder, path, error);
    fs::DirBuilder::new().recursive(true).mode(access.folder()).create(path).map_err(fail)?;
    sync_folder(path).map_err(fail)
}

/// Makes a folder in one that stands; one that stands already is fine.
pub fn create_folder_within(path: &Path, access: Access) -> Result<(), FileError> {
    let fail = |error: std::io::Error| FileError::new(Act::CreateFolder, path, error);
    match fs::DirBuilder::new().mode(access.folder()).create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(fail(error)),
        Ok(()) => sync_folder(path).map_err(fail),
    }
}

/// Reads a regular file of at most `limit` bytes. A FIFO or device in its place is refused, not waited for.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let fail = |reason: Reason| FileError::new(Act::Read, path, reason);
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = File::options().read(true).custom_flags(nonblocking).open(path).map_err(|error| fail(error.into()))?;
    if !file.metadata().map_err(|error| fail(error.into()))?.is_file() {
        return Err(fail(Reason::WrongType));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| fail(error.into()))?;
    if bytes.len() as u64 > limit { Err(fail(Reason::TooLarge(limit))) } else { Ok(bytes) }
}

/// Reads UTF-8 text of at most `limit` bytes.
pub fn read_text(path: &Path, limit: u64) -> Result<String, FileError> {
    String::from_utf8(read(path, limit)?).map_err(|_| FileError::new(Act::Read, path, Reason::NotText))
}

/// Removes the temporary files that a killed process left in this folder.
pub fn sweep(folder: &Path) -> Result<(), FileError> {
    let fail = |error: std::io::Error| FileError::new(Act::Read, folder, error);
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name();
        if name.to_str().is_some_and(is_temporary) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether a file name is one of the temporary files made here; whoever lists a folder passes over these.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

fn staged(path: &Path, bytes: &[u8], access: Access) -> std::io::Result<tempfile::NamedTempFile> {
    let mut temporary = tempfile::Builder::new()
        .prefix(PREFIX)
        .suffix(SUFFIX)
        .permissions(Permissions::from_mode(access.file()))
        .tempfile_in(folder_of(path))?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn replaces_whole_files_and_leaves_no_temporary() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("head");
        write(&path, b"one", Access::Everyone).unwrap();
        write(&path, b"two", Access::Owner).unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"two");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn never_overwrites_what_must_be_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_new(&path, b"first", Access::Owner).unwrap();
        let error = create_new(&path, b"second", Access::Owner).unwrap_err();
        assert!(matches!(error.reason, Reason::Exists), "{error}");
        assert_eq!(read(&path, 100).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("no/head"), b"", Access::Everyone).unwrap_err();
        assert!(error.to_string().ends_with("its folder does not exist; create it first"), "{error}");
    }

    #[test]
    fn reads_no_more_than_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big");
        fs::write(&path, vec![0; 11]).unwrap();
        assert!(matches!(read(&path, 10).unwrap_err().reason, Reason::TooLarge(10)));
        assert_eq!(read(&path, 11).unwrap().len(), 11);
    }

    #[test]
    fn refuses_what_is_no_regular_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert!(matches!(read(&path, 10).unwrap_err().reason, Reason::WrongType));
        assert!(matches!(read(folder.path(), 10).unwrap_err().reason, Reason::WrongType));
    }

    #[test]
    fn sweeps_only_its_own_temporary_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".writ-abc.tmp", "head", ".writ"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        sweep(folder.path()).unwrap();
        assert!(!folder.path().join(".writ-abc.tmp").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
