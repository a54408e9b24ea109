//! Files and folders in their place.

use super::layout::{CLUSTER, Layout};
use crate::target::TargetError;
use service::atomic::{self, Access};
use service::fault::FileError;
use std::path::Path;

/// Writes a file whose folder may not be there yet. A link in the folder's place is refused.
pub(super) fn place(path: &Path, bytes: &[u8]) -> Result<(), TargetError> {
    if let Some(folder) = path.parent() {
        match std::fs::symlink_metadata(folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(TargetError::Corrupt(folder.to_owned(), "it is not a folder".to_owned())),
            Err(_) => {
                // One by one: a target directory that is gone is never made anew.
                folder.parent().map_or(Ok(()), |objects| atomic::create_folder_within(objects, Access::Everyone))?;
                atomic::create_folder_within(folder, Access::Everyone)?;
            }
        }
    }
    Ok(atomic::write(path, bytes, Access::Everyone)?)
}

/// Removes temporary files that a killed process left.
pub(super) fn sweep(layout: &Layout) -> Result<(), FileError> {
    let mut folders = vec![layout.status(), layout.objects().join(CLUSTER)];
    if let Ok(entries) = std::fs::read_dir(layout.objects()) {
        let real = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        folders.extend(entries.flatten().filter(real).map(|entry| entry.path()));
    }
    folders.iter().filter(|folder| folder.is_dir()).try_for_each(|folder| atomic::sweep(folder))
}
