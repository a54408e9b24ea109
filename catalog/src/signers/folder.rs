//! Keys in a folder of this machine, as authority/ of a catalog has them.

use super::Signers;
use policy::catalog::{ALLOWED_SIGNERS, OPENPGP, Sources};
use policy::diagnostic::Diagnostic;
use std::fs;
use std::io;
use std::path::Path;

impl Signers {
    /// Reads `allowed_signers` and `openpgp/PERSON.asc` of a folder; either may be absent.
    ///
    /// # Errors
    /// When something that is there cannot be read as text.
    pub fn in_folder(folder: &Path) -> io::Result<(Self, Vec<Diagnostic>)> {
        let mut sources = Sources::new();
        if let Some(text) = if_there(fs::read_to_string(folder.join("allowed_signers")))? {
            sources.insert(ALLOWED_SIGNERS.to_owned(), text.into());
        }
        for entry in if_there(fs::read_dir(folder.join("openpgp")))?.into_iter().flatten() {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            sources.insert(format!("{OPENPGP}{name}"), fs::read_to_string(entry.path())?.into());
        }
        Ok(Self::read(&sources))
    }
}

fn if_there<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
