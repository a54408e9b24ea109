//! Reading and checking the catalog in a folder.

use crate::fault::Fault;
use catalog::{Limits, ReadError, read_folder};
use policy::catalog::{Catalog, Checked, Sources, check};
use policy::diagnostic::{Diagnostic, Severity};
use service::exit;
use std::path::Path;

/// A catalog as it was found.
pub(super) struct WorkingCopy {
    /// Its files.
    pub(super) sources: Sources,
    /// Everything found, sorted by file and place.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The catalog itself, where nothing refuses it.
    pub(super) catalog: Option<Catalog>,
}

/// Reads and checks. Where a file could not be taken, the others are not judged: half a catalog has faults of its own.
pub(super) fn read(folder: &Path) -> Result<WorkingCopy, Fault> {
    let read = read_folder(folder, Limits::default()).map_err(|error: ReadError| Fault::Usage(exit::chain(&error)))?;
    let (sources, mut diagnostics) = (read.sources, read.diagnostics);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Ok(WorkingCopy { sources, diagnostics, catalog: None });
    }
    let Checked { catalog, diagnostics: found } = check(&sources);
    diagnostics.extend(found);
    diagnostics.sort();
    Ok(WorkingCopy { sources, diagnostics, catalog })
}
