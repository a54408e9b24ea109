//! Folders that are ours to fill.

use crate::fault::Fault;
use service::fault::{Act, FileError};
use std::fs;
use std::io;
use std::path::Path;

/// Nothing that stands in a folder is ever mixed with what is written now; only `.git` may be there already.
pub(super) fn refuse_unless_empty(folder: &Path) -> Result<(), Fault> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileError::new(Act::Read, folder, error).into()),
    };
    for entry in entries {
        let name = entry.map_err(|error| FileError::new(Act::Read, folder, error))?.file_name();
        if name != ".git" {
            let folder = folder.display();
            let name = name.to_string_lossy();
            return Err(Fault::Refused(format!(
                "`{folder}` is not empty (it holds `{name}`); name a new or empty folder"
            )));
        }
    }
    Ok(())
}
