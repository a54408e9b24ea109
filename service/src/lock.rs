//! One server per data folder.

use crate::fault::{Act, FileError};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::path::Path;

/// Holds a data folder for this process. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

impl DirLock {
    /// Takes the folder, or says that another process has it. The file `lock` in it stays.
    pub fn acquire(folder: &Path) -> Result<Self, FileError> {
        let path = folder.join("lock");
        let open = File::options().create(true).append(true).open(&path);
        let file = open.map_err(|error| FileError::new(Act::Write, &path, error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(error) => Err(FileError::new(Act::Lock, folder, std::io::Error::from(error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let held = DirLock::acquire(folder.path()).unwrap();
        let error = DirLock::acquire(folder.path()).unwrap_err();
        assert!(error.to_string().contains("another process holds it"), "{error}");
        drop(held);
        DirLock::acquire(folder.path()).unwrap();
    }
}
