//! From SQLite's errors to ours.

use crate::store::StoreError;
use rusqlite::ErrorCode;
use std::path::Path;
use std::sync::Arc;

/// The database file, for messages.
#[derive(Debug, Clone)]
pub(super) struct Place(Arc<str>);

impl Place {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.display().to_string().into())
    }

    pub(super) fn name(&self) -> String {
        self.0.to_string()
    }

    pub(super) fn fault(&self, what: &'static str, source: rusqlite::Error) -> StoreError {
        let place = self.name();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full { place },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::InUse { place },
            _ => StoreError::Database { place, what, source },
        }
    }
}
