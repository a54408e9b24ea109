//! Records and audit entries: each function is one transaction.

use super::fault::Place;
use crate::store::change::MOST;
use crate::store::{AuditEntry, Audited, Change, Event, Key, Precondition, Prefix, Revision, Row, StoreError, Write};
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

/// The first text that is greater than every key with this prefix: U+10FFFF appears in no key.
const AFTER_ALL: char = '\u{10FFFF}';

pub(super) fn revision(connection: &Connection, place: &Place) -> Result<Revision, StoreError> {
    connection
        .prepare_cached("SELECT revision FROM meta")
        .and_then(|mut s| s.query_row([], |row| row.get(0)))
        .map_err(|e| place.fault("to tell its revision", e))
}

pub(super) fn get(connection: &Connection, place: &Place, key: &Key) -> Result<Option<Row>, StoreError> {
    connection
        .prepare_cached("SELECT value, revision FROM record WHERE key = ?1 AND value IS NOT NULL")
        .and_then(|mut s| s.query_row([key.as_str()], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?))).optional())
        .map(|found| found.map(|(value, at)| Row { key: key.clone(), value: value.into(), revision: at }))
        .map_err(|e| place.fault("a read", e))
}

pub(super) fn list(connection: &Connection, place: &Place, prefix: &Prefix) -> Result<Vec<Row>, StoreError> {
    let fault = |e| place.fault("a list", e);
    let sql = "SELECT key, value, revision FROM record WHERE key >= ?1 AND key < ?2 AND value IS NOT NULL ORDER BY key";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let rows = statement
        .query_map([prefix.as_str(), &end_of(prefix)], |row| {
            let (key, value, at) = (row.get(0)?, row.get::<_, Vec<u8>>(1)?, row.get(2)?);
            Ok(Row { key: Key::stored(key), value: value.into(), revision: at })
        })
        .map_err(fault)?;
    rows.collect::<Result<_, _>>().map_err(fault)
}

fn end_of(prefix: &Prefix) -> String {
    format!("{}{AFTER_ALL}", prefix.as_str())
}

/// What a watch has not told yet.
pub(super) fn after(
    connection: &Connection,
    place: &Place,
    prefix: &Prefix,
    after: Revision,
) -> Result<Vec<Event>, StoreError> {
    let fault = |e| place.fault("a watch", e);
    let sql =
        "SELECT key, value, revision FROM record WHERE revision > ?1 AND key >= ?2 AND key < ?3 ORDER BY revision, key";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let rows = statement
        .query_map(params![after, prefix.as_str(), end_of(prefix)], |row| {
            let (key, value, at) = (row.get(0)?, row.get::<_, Option<Vec<u8>>>(1)?, row.get(2)?);
            Ok(Event { key: Key::stored(key), value: value.map(Bytes::from), revision: at })
        })
        .map_err(fault)?;
    rows.collect::<Result<_, _>>().map_err(fault)
}

/// The change and its audit entry, in one transaction: the only place that writes either.
pub(super) fn commit(
    connection: &mut Connection,
    place: &Place,
    change: &Change,
    entry: &AuditEntry,
) -> Result<Revision, StoreError> {
    if change.writes().len() > MOST {
        return Err(StoreError::TooManyWrites(change.writes().len()));
    }
    let transaction = begin(connection, place)?;
    let next = raise(&transaction, place)?;
    for write in change.writes() {
        expect(&transaction, place, write)?;
        put(&transaction, place, &write.key, write.value.as_ref(), next)?;
    }
    record_audit(&transaction, place, entry, next)?;
    transaction.commit().map_err(|e| place.fault("a change", e))?;
    Ok(next)
}

/// Writes the audit entry into the transaction of its change, so that neither is durable without the other.
fn record_audit(
    transaction: &Transaction<'_>,
    place: &Place,
    entry: &AuditEntry,
    at: Revision,
) -> Result<(), StoreError> {
    let bytes =
        serde_json::to_vec(entry).map_err(|source| StoreError::Unreadable { key: Key::of("audit", &at.0), source })?;
    transaction
        .prepare_cached("INSERT INTO audit (revision, entry) VALUES (?1, ?2)")
        .and_then(|mut s| s.execute(params![at, bytes]))
        .map(|_| ())
        .map_err(|e| place.fault("an audit entry", e))
}

pub(super) fn observe(
    connection: &mut Connection,
    place: &Place,
    key: &Key,
    value: &Bytes,
) -> Result<Revision, StoreError> {
    let transaction = begin(connection, place)?;
    let next = raise(&transaction, place)?;
    put(&transaction, place, key, Some(value), next)?;
    transaction.commit().map_err(|e| place.fault("an observation", e))?;
    Ok(next)
}

fn begin<'c>(connection: &'c mut Connection, place: &Place) -> Result<Transaction<'c>, StoreError> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|e| place.fault("a transaction", e))
}

fn raise(transaction: &Transaction<'_>, place: &Place) -> Result<Revision, StoreError> {
    transaction
        .prepare_cached("UPDATE meta SET revision = revision + 1 RETURNING revision")
        .and_then(|mut s| s.query_row([], |row| row.get(0)))
        .map_err(|e| place.fault("a change", e))
}

fn expect(transaction: &Transaction<'_>, place: &Place, write: &Write) -> Result<(), StoreError> {
    let stands = get(transaction, place, &write.key)?.map(|row| row.revision);
    let holds = match write.expects {
        Precondition::DoesNotExist => stands.is_none(),
        Precondition::MatchesRevision(revision) => stands == Some(revision),
        Precondition::Unconditional => true,
    };
    if holds { Ok(()) } else { Err(StoreError::Conflict { key: write.key.clone() }) }
}

fn put(
    transaction: &Transaction<'_>,
    place: &Place,
    key: &Key,
    value: Option<&Bytes>,
    at: Revision,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO record (key, value, revision) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision",
        )
        .and_then(|mut s| s.execute(params![key.as_str(), value.map(|v| &v[..]), at]))
        .map(|_| ())
        .map_err(|e| place.fault("a change", e))
}

pub(super) fn audit(
    connection: &Connection,
    place: &Place,
    after: Revision,
    limit: u32,
) -> Result<Vec<Audited>, StoreError> {
    let sql = "SELECT revision, entry FROM audit WHERE revision > ?1 ORDER BY revision LIMIT ?2";
    audited(connection, place, sql, params![after, limit])
}

pub(super) fn audit_newest(connection: &Connection, place: &Place, limit: u32) -> Result<Vec<Audited>, StoreError> {
    let sql = "SELECT revision, entry FROM audit ORDER BY revision DESC LIMIT ?1";
    audited(connection, place, sql, params![limit])
}

fn audited(
    connection: &Connection,
    place: &Place,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Vec<Audited>, StoreError> {
    let fault = |e| place.fault("to tell its audit entries", e);
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let rows = statement
        .query_map(values, |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))
        .map_err(fault)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(fault)?;
    rows.into_iter().map(|(revision, bytes)| read_entry(revision, &bytes)).collect()
}

fn read_entry(revision: Revision, bytes: &[u8]) -> Result<Audited, StoreError> {
    let key = || Key::of("audit", &revision.0);
    let entry = serde_json::from_slice(bytes).map_err(|source| StoreError::Unreadable { key: key(), source })?;
    Ok(Audited { revision, entry })
}
