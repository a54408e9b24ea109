//! The tables, and the settings that make a commit durable.

use super::fault::Place;
use crate::store::{Revision, StoreError};
use rusqlite::{Connection, OptionalExtension as _};

/// Raised with every change of the tables.
const FORMAT: u32 = 1;

/// A deleted record keeps its row without a value, so that a watch can tell the deletion.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS meta (id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, revision INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, value BLOB, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_by_revision ON record (revision);
CREATE TABLE IF NOT EXISTS audit (revision INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS content (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL);
INSERT OR IGNORE INTO meta VALUES (1, 1, 0);
";

/// Exclusive locking keeps a second hub off the same file; a killed hub leaves no lock behind.
const SETTINGS: &str = "
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA journal_size_limit = 16777216;
";

/// Sets the connection up and gives the newest revision.
pub(super) fn prepare(connection: &mut Connection, place: &Place) -> Result<Revision, StoreError> {
    let fault = |e| place.fault("to be set up", e);
    connection.execute_batch(SETTINGS).map_err(fault)?;
    check_format(connection, place)?;
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} COMMIT;")).map_err(fault)?;
    super::records::revision(connection, place)
}

fn check_format(connection: &Connection, place: &Place) -> Result<(), StoreError> {
    let fault = |e| place.fault("to tell its format", e);
    let made = connection.table_exists(None, "meta").map_err(fault)?;
    if !made {
        return Ok(());
    }
    let found: Option<u32> =
        connection.query_row("SELECT format FROM meta", [], |row| row.get(0)).optional().map_err(fault)?;
    match found {
        Some(found) if found != FORMAT => Err(StoreError::Format { place: place.name(), found, known: FORMAT }),
        _ => Ok(()),
    }
}
