//! What the agent keeps on disk. Nothing in it is believed because it lies there: every byte is verified at load.

mod bundle;
pub mod good;
mod time;

pub use bundle::{Bundles, CacheError};
pub use time::{StoredTime, TimeError};

use policy::digest::Digest;
use service::atomic;
use service::fault::{Act, FileError};
use std::collections::BTreeSet;
use std::path::Path;

/// Removes from a folder of files named by digest all that are not `named`.
fn collect(folder: &Path, named: &BTreeSet<Digest>) -> Result<(), FileError> {
    let names: BTreeSet<String> = named.iter().map(Digest::hex).collect();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileError::new(Act::Read, folder, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| FileError::new(Act::Read, folder, error))?;
        if !entry.file_name().to_str().is_some_and(|name| names.contains(name)) {
            atomic::remove(&entry.path())?;
        }
    }
    Ok(())
}
