//! `status/enforcement.yaml`: what the agent says of itself, and the second watermark.

use super::layout::Layout;
use super::yaml;
use crate::files;
use crate::target::TargetError;
use jiff::Timestamp;
use policy::object::Object;
use service::atomic::{self, Access};
use service::fault::{Act, FileError};

const LIMIT: usize = 8 << 20;

/// Reads it; none where there is none.
pub(super) fn read(layout: &Layout) -> Result<Option<Object>, TargetError> {
    let path = layout.enforcement();
    let Some(bytes) = files::read(&path, LIMIT)? else { return Ok(None) };
    let corrupt = |why: String| TargetError::Corrupt(path.clone(), why);
    let tree = yaml::parse(&bytes).map_err(|error| corrupt(error.to_string()))?;
    Object::try_from(tree).map(Some).map_err(|error| corrupt(error.to_string()))
}

/// When it was written last.
pub(super) fn written(layout: &Layout) -> Result<Timestamp, TargetError> {
    let path = layout.enforcement();
    let modified = std::fs::metadata(&path).and_then(|metadata| metadata.modified());
    let modified = modified.map_err(|error| FileError::new(Act::Read, &path, error))?;
    let unreadable = |_| FileError::new(Act::Read, &path, std::io::Error::other("its time is no time"));
    Ok(Timestamp::try_from(modified).map_err(unreadable)?)
}

/// Writes it, where it says something else.
pub(super) fn write(layout: &Layout, status: &Object) -> Result<(), TargetError> {
    if read(layout).ok().flatten().as_ref() == Some(status) {
        return Ok(());
    }
    atomic::create_folder_within(&layout.status(), Access::Everyone)?;
    Ok(atomic::write(&layout.enforcement(), &yaml::print(status.tree()), Access::Everyone)?)
}

/// Removes it.
pub(super) fn remove(layout: &Layout) -> Result<(), TargetError> {
    Ok(atomic::remove(&layout.enforcement())?)
}
