//! Reading files of the agent: plain files only, with a limit, and no link is followed.

use rustix::fs::{Mode, OFlags};
use service::atomic::{self, Access};
use service::fault::{Act, FileError, Reason};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The bytes of the plain file at `path`; none where there is nothing.
///
/// # Errors
/// [`FileError`] for a link, a folder, a device, a file above `limit` bytes, or one that the system refuses.
pub fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, FileError> {
    let fail = |reason: Reason| FileError::new(Act::Read, path, reason);
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(fail(Reason::WrongType)),
        Err(error) => return Err(fail(std::io::Error::from(error).into())),
    };
    if !file.metadata().map_err(|error| fail(error.into()))?.is_file() {
        return Err(fail(Reason::WrongType));
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| fail(error.into()))?;
    if bytes.len() > limit { Err(fail(Reason::TooLarge(limit as u64))) } else { Ok(Some(bytes)) }
}

/// Makes a folder where there is none; one that stands costs no write.
///
/// # Errors
/// [`FileError`] when it cannot be made.
pub fn folder(path: &Path, access: Access) -> Result<(), FileError> {
    if path.is_dir() { Ok(()) } else { atomic::create_folder(path, access) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_plain_files_only_and_no_more_than_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert!(read(&path, 10).unwrap().is_none());
        std::fs::write(&path, b"0123456789").unwrap();
        assert_eq!(read(&path, 10).unwrap().unwrap().len(), 10);
        assert!(matches!(read(&path, 9).unwrap_err().reason, Reason::TooLarge(9)));
        let link = dir.path().join("b");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(read(&link, 10).unwrap_err().reason, Reason::WrongType));
        assert!(matches!(read(dir.path(), 10).unwrap_err().reason, Reason::WrongType));
    }
}
