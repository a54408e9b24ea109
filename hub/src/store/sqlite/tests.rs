use super::SqliteStore;
use crate::store::contract::{entry, suite};
use crate::store::{Blob, Change, Key, Precondition, Store as _, StoreError};
use bytes::Bytes;
use policy::digest::Digest;
use std::sync::Arc;

const ABSENT: Precondition = Precondition::DoesNotExist;

fn one(name: &str) -> Change {
    Change::new().put(Key::of("thing", &name), Bytes::from_static(b"1"), ABSENT)
}

#[tokio::test]
async fn keeps_the_contract_in_memory() {
    suite(Arc::new(SqliteStore::in_memory().unwrap())).await;
}

#[tokio::test]
async fn keeps_the_contract_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    suite(Arc::new(SqliteStore::open(&folder.path().join("writ.db")).unwrap())).await;
}

/// A copy of the files, taken the moment a change is acknowledged, is what a crash leaves behind: the change and its
/// audit entry are both in it.
#[tokio::test]
async fn inv17_a_crash_loses_neither_a_change_nor_its_audit_entry() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("writ.db")).unwrap();
    for n in 0..20_u64 {
        let acknowledged = store.commit(one(&n.to_string()), entry(&n.to_string())).await.unwrap();
        let crashed = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), crashed.path().join(file.file_name())).unwrap();
        }
        let again = SqliteStore::open(&crashed.path().join("writ.db")).unwrap();
        assert_eq!(again.revision().await.unwrap(), acknowledged);
        assert!(again.get(&Key::of("thing", &n)).await.unwrap().is_some());
        let audited = again.audit_newest(1_000).await.unwrap();
        assert_eq!(audited.len() as u64, n + 1, "one audit entry per acknowledged change");
        assert_eq!(audited[0].entry.subject, n.to_string());
    }
}

/// Neither is there without the other, whichever fails.
#[tokio::test]
async fn inv17_a_change_whose_audit_entry_cannot_be_written_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("writ.db");
    let before = SqliteStore::open(&path).unwrap().revision().await.unwrap();
    let no_audit = "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END";
    let mut outside = rusqlite::Connection::open(&path).unwrap();
    // The thread of the dropped store closes the file a moment later.
    outside.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    outside.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap().commit().unwrap();
    outside.execute_batch(no_audit).unwrap();
    drop(outside);
    let store = reopened(&path).await;
    store.commit(one("a"), entry("a")).await.unwrap_err();
    assert!(store.get(&Key::of("thing", &"a")).await.unwrap().is_none());
    assert_eq!(store.revision().await.unwrap(), before);
}

#[tokio::test]
async fn comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("writ.db");
    let store = SqliteStore::open(&path).unwrap();
    let at = store.commit(one("a"), entry("a")).await.unwrap();
    drop(store);
    let store = reopened(&path).await;
    assert_eq!(store.get(&Key::of("thing", &"a")).await.unwrap().unwrap().revision, at);
}

/// The thread of the dropped store closes the file a moment later.
async fn reopened(path: &std::path::Path) -> SqliteStore {
    for _ in 0..1_000 {
        match SqliteStore::open(path) {
            Err(StoreError::InUse { .. }) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            other => return other.unwrap(),
        }
    }
    panic!("the file stays in use");
}

#[tokio::test]
async fn a_second_hub_on_the_same_file_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("writ.db");
    let _first = SqliteStore::open(&path).unwrap();
    let error = SqliteStore::open(&path).err().unwrap();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_a_sentence_and_changes_nothing() {
    let store = SqliteStore::in_memory().unwrap();
    store.commit(one("a"), entry("a")).await.unwrap();
    store
        .run(|connection, _| {
            let pages: u32 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
            connection.pragma_update(None, "max_page_count", pages).unwrap();
            Ok(())
        })
        .await
        .unwrap();
    let before = store.revision().await.unwrap();
    let large = Bytes::from(vec![7; 1_000_000]);
    let change = Change::new().put(Key::of("thing", &"big"), large.clone(), ABSENT);
    let error = store.commit(change, entry("big")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the disk that holds :memory: is full; nothing was changed. Free some space and try again"
    );
    let blob = Blob { digest: Digest::of(&large), bytes: large };
    assert!(matches!(store.put_contents(vec![blob]).await, Err(StoreError::Full { .. })));
    assert_eq!(store.revision().await.unwrap(), before);
    assert!(store.get(&Key::of("thing", &"a")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("writ.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE meta (id, format, revision); INSERT INTO meta VALUES (1, 9, 0)").unwrap();
    drop(connection);
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Format { found: 9, .. })));
}

#[tokio::test]
async fn damaged_content_is_found_at_the_hub() {
    let store = SqliteStore::in_memory().unwrap();
    let blob = Blob { digest: Digest::of(b"good"), bytes: Bytes::from_static(b"bad") };
    store.put_contents(vec![blob]).await.unwrap();
    assert!(matches!(store.content(Digest::of(b"good")).await, Err(StoreError::Content(_))));
}
