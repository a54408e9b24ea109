//! PEM files, small and bounded; private ones are readable by their owner only.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

const MOST_BYTES: u64 = 256 * 1024;

/// Why a key or certificate file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {path}; check that the file exists and that this user may read it", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is too large to be what it should be.
    #[error("{path} is larger than 256 KiB; it is not a key or certificate file", path = .path.display())]
    Large {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write {path}; an existing file is never overwritten", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Reads a text file of at most 256 KiB.
///
/// # Errors
/// [`FileError`] when it is missing, unreadable, too large or not UTF-8.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MOST_BYTES { Err(FileError::Large { path: path.to_owned() }) } else { Ok(text) }
}

/// Writes a new file with mode 0600, synced to disk.
///
/// # Errors
/// [`FileError::Write`], also when the file exists.
pub fn write_new_private(path: &Path, text: &str) -> Result<(), FileError> {
    write(path, text, 0o600)
}

/// Writes a new file with mode 0644, synced to disk.
///
/// # Errors
/// [`FileError::Write`], also when the file exists.
pub fn write_new(path: &Path, text: &str) -> Result<(), FileError> {
    write(path, text, 0o644)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), FileError> {
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn private_files_are_the_owners_alone_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        write_new_private(&path, "first").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(write_new_private(&path, "second"), Err(FileError::Write { .. })));
        assert_eq!(read_text(&path).unwrap(), "first");
    }

    #[test]
    fn large_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        std::fs::write(&path, vec![b'a'; 300 * 1024]).unwrap();
        assert!(matches!(read_text(&path), Err(FileError::Large { .. })));
    }
}
