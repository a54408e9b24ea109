//! `time.json`: trusted time, so that no end is read earlier after a restart.

use crate::files;
use jiff::Timestamp;
use policy::digest::Digest;
use serde::{Deserialize, Serialize};
use service::atomic::{self, Access};
use service::fault::FileError;
use std::path::{Path, PathBuf};

const LIMIT: usize = 4096;

/// Why the stored time cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not what was stored.
    #[error("{0} holds no time; the time of the newest head is used instead")]
    Corrupt(PathBuf),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    time: Timestamp,
    /// Of the time's text: with another digit it would be a time all the same.
    digest: Digest,
}

impl Document {
    fn new(time: Timestamp) -> Self {
        Self { time, digest: Digest::of(time.to_string().as_bytes()) }
    }

    fn is_whole(&self) -> bool {
        self.digest == Self::new(self.time).digest
    }
}

/// The file.
#[derive(Debug, Clone)]
pub struct StoredTime {
    path: PathBuf,
}

impl StoredTime {
    /// The file under the agent's data.
    #[must_use]
    pub fn under(data: &Path) -> Self {
        Self { path: data.join("time.json") }
    }

    /// What was stored; none before the first time.
    ///
    /// # Errors
    /// [`TimeError`] when the file cannot be read or understood.
    pub fn load(&self) -> Result<Option<Timestamp>, TimeError> {
        let Some(bytes) = files::read(&self.path, LIMIT)? else { return Ok(None) };
        let document: Result<Document, _> = serde_json::from_slice(&bytes);
        let whole = document.ok().filter(Document::is_whole);
        whole.map(|document| Some(document.time)).ok_or_else(|| TimeError::Corrupt(self.path.clone()))
    }

    /// Stores `time`.
    ///
    /// # Errors
    /// [`FileError`] when it cannot be written; what was stored stays.
    pub fn store(&self, time: Timestamp) -> Result<(), FileError> {
        let text = serde_json::json!(Document::new(time)).to_string();
        atomic::write(&self.path, text.as_bytes(), Access::Owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_it_was_given_and_refuses_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let stored = StoredTime::under(dir.path());
        assert!(stored.load().unwrap().is_none());
        let time = "2026-11-21T03:00:00Z".parse().unwrap();
        stored.store(time).unwrap();
        assert_eq!(stored.load().unwrap(), Some(time));
        std::fs::write(dir.path().join("time.json"), "{}").unwrap();
        assert!(matches!(stored.load(), Err(TimeError::Corrupt(_))));
    }

    #[test]
    fn inv04_a_byte_that_was_flipped_anywhere_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let (stored, path) = (StoredTime::under(dir.path()), dir.path().join("time.json"));
        stored.store("2026-11-21T03:00:06.123456789Z".parse().unwrap()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x01;
            std::fs::write(&path, bytes).unwrap();
            assert!(matches!(stored.load(), Err(TimeError::Corrupt(_))), "byte {at}");
        }
    }
}
