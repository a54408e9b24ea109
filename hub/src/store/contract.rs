//! What every store must do: one suite, run over each of them.

use super::{
    Action, Actor, AuditEntry, Blob, Change, Key, Precondition, Prefix, Revision, Store, StoreError, change::MOST,
};
use bytes::Bytes;
use futures::StreamExt as _;
use jiff::Timestamp;
use policy::digest::Digest;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const ABSENT: Precondition = Precondition::DoesNotExist;
const ANY: Precondition = Precondition::Unconditional;

fn key(name: &str) -> Key {
    Key::of("thing", &name)
}

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

pub(super) fn entry(subject: &str) -> AuditEntry {
    let at = Timestamp::UNIX_EPOCH;
    AuditEntry {
        at,
        by: Actor::Hub,
        action: Action::Publish,
        subject: subject.to_owned(),
        detail: serde_json::json!(1),
    }
}

async fn put(
    store: &dyn Store,
    name: &str,
    value: &'static str,
    expects: Precondition,
) -> Result<Revision, StoreError> {
    store.commit(Change::new().put(key(name), bytes(value), expects), entry(name)).await
}

/// Every clause of the contract, on one store that is empty.
pub(super) async fn suite(store: Arc<dyn Store>) {
    reads_what_was_written(store.as_ref()).await;
    preconditions_hold(store.as_ref()).await;
    a_change_is_all_or_none(store.as_ref()).await;
    one_of_many_wins(store.clone()).await;
    the_audit_entry_comes_with_its_change(store.as_ref()).await;
    a_watch_tells_in_order(store.clone()).await;
    observations_have_no_audit_entry(store.as_ref()).await;
    content_is_by_digest(store.as_ref()).await;
}

async fn reads_what_was_written(store: &dyn Store) {
    assert_eq!(store.get(&key("a")).await.unwrap(), None);
    let first = put(store, "a", "1", ABSENT).await.unwrap();
    let second = put(store, "b", "2", ABSENT).await.unwrap();
    assert!(second > first);
    assert_eq!(store.revision().await.unwrap(), second);
    let row = store.get(&key("a")).await.unwrap().unwrap();
    assert_eq!((row.value, row.revision), (bytes("1"), first));
    let names: Vec<_> = store.list(&Prefix::of("thing")).await.unwrap().into_iter().map(|row| row.key).collect();
    assert_eq!(names, [key("a"), key("b")]);
    assert_eq!(store.list(&Prefix::of("thin")).await.unwrap(), [], "a prefix ends at a slash");
    store.commit(Change::new().delete(key("b"), ANY), entry("b")).await.unwrap();
    assert_eq!(store.list(&Prefix::all()).await.unwrap().len(), 1);
}

async fn preconditions_hold(store: &dyn Store) {
    let at = store.get(&key("a")).await.unwrap().unwrap().revision;
    assert!(matches!(put(store, "a", "x", ABSENT).await, Err(StoreError::Conflict { key: k }) if k == key("a")));
    let other = Precondition::MatchesRevision(Revision(at.0 + 1_000));
    assert!(matches!(put(store, "a", "x", other).await, Err(StoreError::Conflict { .. })));
    assert!(matches!(put(store, "none", "x", other).await, Err(StoreError::Conflict { .. })));
    let now = put(store, "a", "2", Precondition::MatchesRevision(at)).await.unwrap();
    assert_eq!(store.get(&key("a")).await.unwrap().unwrap().revision, now);
    store.commit(Change::new().delete(key("a"), Precondition::MatchesRevision(now)), entry("a")).await.unwrap();
    put(store, "a", "3", ABSENT).await.unwrap();
}

async fn a_change_is_all_or_none(store: &dyn Store) {
    let before = (store.revision().await.unwrap(), store.audit_newest(1_000).await.unwrap());
    let half = Change::new().put(key("half"), bytes("1"), ABSENT).put(key("a"), bytes("x"), ABSENT);
    assert!(matches!(store.commit(half, entry("half")).await, Err(StoreError::Conflict { .. })));
    let many = (0..=MOST).fold(Change::new(), |change, n| change.put(key(&format!("m{n}")), bytes("1"), ABSENT));
    assert!(matches!(store.commit(many, entry("many")).await, Err(StoreError::TooManyWrites(_))));
    assert_eq!(store.get(&key("half")).await.unwrap(), None);
    assert_eq!((store.revision().await.unwrap(), store.audit_newest(1_000).await.unwrap()), before);
    let most = (0..MOST).fold(Change::new(), |change, n| change.put(key(&format!("m{n}")), bytes("1"), ABSENT));
    let at = store.commit(most, entry("most")).await.unwrap();
    assert_eq!(store.get(&key("m63")).await.unwrap().unwrap().revision, at);
}

async fn one_of_many_wins(store: Arc<dyn Store>) {
    let attempts = (0..32).map(|_| put(store.as_ref(), "race", "1", ABSENT));
    let won = futures::future::join_all(attempts).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1);
}

async fn the_audit_entry_comes_with_its_change(store: &dyn Store) {
    let before = store.revision().await.unwrap();
    let at = put(store, "told", "1", ABSENT).await.unwrap();
    let told = store.audit(before, 10).await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].revision, &told[0].entry), (at, &entry("told")));
    let newest = store.audit_newest(2).await.unwrap();
    assert_eq!(newest[0], told[0]);
    assert!(newest[1].revision < at);
}

async fn a_watch_tells_in_order(store: Arc<dyn Store>) {
    let from = store.revision().await.unwrap();
    let first = put(store.as_ref(), "w1", "1", ABSENT).await.unwrap();
    let mut watch = store.watch(Prefix::of("thing"), from);
    let event = next(&mut watch).await;
    assert_eq!((event.key, event.value, event.revision), (key("w1"), Some(bytes("1")), first));
    put(store.as_ref(), "w1", "2", ANY).await.unwrap();
    let second = put(store.as_ref(), "w2", "3", ABSENT).await.unwrap();
    store.observe(Key::of("other", &"x"), bytes("x")).await.unwrap();
    let gone = store.commit(Change::new().delete(key("w1"), ANY), entry("w1")).await.unwrap();
    let mut seen = vec![next(&mut watch).await];
    while seen.last().unwrap().revision < gone {
        seen.push(next(&mut watch).await);
    }
    assert!(seen.is_sorted_by_key(|event| event.revision));
    assert!(seen.iter().any(|event| event.key == key("w2") && event.revision == second));
    let last = seen.last().unwrap();
    assert_eq!((&last.key, &last.value), (&key("w1"), &None));
    assert!(seen.iter().all(|event| event.key.as_str().starts_with("thing/")));
    wakes_for_news(store, watch).await;
}

async fn wakes_for_news(store: Arc<dyn Store>, mut watch: super::Watch) {
    let (event, at) = tokio::join!(next(&mut watch), put(store.as_ref(), "w3", "1", ABSENT));
    assert_eq!(event.revision, at.unwrap());
}

async fn next(watch: &mut super::Watch) -> super::Event {
    tokio::time::timeout(Duration::from_secs(10), watch.next()).await.expect("an event").unwrap().unwrap()
}

async fn observations_have_no_audit_entry(store: &dyn Store) {
    let audited = store.audit_newest(1).await.unwrap();
    let at = store.observe(key("seen"), bytes("1")).await.unwrap();
    let later = store.observe(key("seen"), bytes("2")).await.unwrap();
    assert!(later > at);
    assert_eq!(store.get(&key("seen")).await.unwrap().unwrap().value, bytes("2"));
    assert_eq!(store.audit_newest(1).await.unwrap(), audited);
}

async fn content_is_by_digest(store: &dyn Store) {
    let blob = |text: &'static str| Blob { digest: Digest::of(text.as_bytes()), bytes: bytes(text) };
    let before = store.revision().await.unwrap();
    store.put_contents(vec![blob("one"), blob("two"), blob("one")]).await.unwrap();
    store.put_contents(vec![blob("one")]).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), before, "content is not watched");
    assert_eq!(store.content(blob("one").digest).await.unwrap(), Some(bytes("one")));
    assert_eq!(store.content(Digest::of(b"none")).await.unwrap(), None);
    assert_eq!(store.collect(BTreeSet::from([blob("one").digest])).await.unwrap(), 1);
    assert_eq!(store.content(blob("two").digest).await.unwrap(), None);
    assert_eq!(store.content(blob("one").digest).await.unwrap(), Some(bytes("one")));
}
