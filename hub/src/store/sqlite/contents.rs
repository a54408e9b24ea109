//! Content by digest: put if absent, read, collected.

use super::fault::Place;
use crate::store::{Blob, StoreError};
use bytes::Bytes;
use policy::digest::Digest;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use std::collections::BTreeSet;

/// All blobs in one transaction: a publish for a thousand clusters waits for the disk once.
pub(super) fn put(connection: &mut Connection, place: &Place, blobs: &[Blob]) -> Result<(), StoreError> {
    if blobs.is_empty() {
        return Ok(());
    }
    let fault = |e| place.fault("content", e);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    {
        let sql = "INSERT OR IGNORE INTO content (digest, bytes) VALUES (?1, ?2)";
        let mut statement = transaction.prepare_cached(sql).map_err(fault)?;
        for blob in blobs {
            statement.execute(params![blob.digest.as_bytes(), &blob.bytes[..]]).map_err(fault)?;
        }
    }
    transaction.commit().map_err(fault)
}

/// The bytes, checked against their name: a damaged disk is found here and not at the spokes.
pub(super) fn get(connection: &Connection, place: &Place, digest: Digest) -> Result<Option<Bytes>, StoreError> {
    let found: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM content WHERE digest = ?1")
        .and_then(|mut s| s.query_row([digest.as_bytes()], |row| row.get(0)).optional())
        .map_err(|e| place.fault("to read content", e))?;
    match found {
        Some(bytes) if Digest::of(&bytes) != digest => Err(StoreError::Content(digest)),
        found => Ok(found.map(Bytes::from)),
    }
}

pub(super) fn collect(connection: &mut Connection, place: &Place, keep: &BTreeSet<Digest>) -> Result<u64, StoreError> {
    let fault = |e| place.fault("to collect content", e);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    let stands: Vec<[u8; 32]> = {
        let mut statement = transaction.prepare_cached("SELECT digest FROM content").map_err(fault)?;
        let rows = statement.query_map([], |row| row.get(0)).map_err(fault)?;
        rows.collect::<Result<_, _>>().map_err(fault)?
    };
    let kept: BTreeSet<&[u8; 32]> = keep.iter().map(Digest::as_bytes).collect();
    let mut gone = 0;
    for digest in stands.iter().filter(|digest| !kept.contains(digest)) {
        transaction.execute("DELETE FROM content WHERE digest = ?1", [digest]).map_err(fault)?;
        gone += 1;
    }
    transaction.commit().map_err(fault)?;
    Ok(gone)
}
