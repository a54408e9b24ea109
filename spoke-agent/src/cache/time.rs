//! `time.json`: trusted time, so that no end is read earlier after a restart.

use crate::files;
use jiff::Timestamp;
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
struct Document {
    time: Timestamp,
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
        document.map(|document| Some(document.time)).map_err(|_| TimeError::Corrupt(self.path.clone()))
    }

    /// Stores `time`.
    ///
    /// # Errors
    /// [`FileError`] when it cannot be written; what was stored stays.
    pub fn store(&self, time: Timestamp) -> Result<(), FileError> {
        let text = serde_json::json!(Document { time }).to_string();
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
}
