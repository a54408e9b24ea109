//! What a sync makes of a store that fails.

use super::site::{Site, intent};
use crate::error::HubError;
use crate::store::StoreError;
use proto::rest::catalog::Verdict;

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_ends_with_a_store_that_can_no_longer_be_used() {
    let mut site = Site::published().await;
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit_unread();
    site.store.fail(StoreError::Closed);
    let told = site.hub.refresh().await.unwrap_err();
    assert!(matches!(*told, HubError::Store(StoreError::Closed)), "{told:?}");
    let ended = service::exit::chain(&site.ended().await.unwrap_err());
    assert!(ended.contains("sync") && ended.contains("the store is closed"), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_not_told_as_a_catalog_that_cannot_be_read() {
    let site = Site::published().await;
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit_unread();
    site.store.fail(StoreError::Full { place: "writ.db".to_owned() });
    let told = site.hub.refresh().await.unwrap_err();
    assert!(matches!(*told, HubError::Store(StoreError::Full { .. })), "{told:?}");
    let last = site.hub.last_read();
    assert_eq!(last.unreadable, None);
    assert!(last.failed.is_some_and(|why| why.contains("writ.db is full")));
    assert_eq!(site.hub.refresh().await.unwrap().verdict, Verdict::Published);
    assert_eq!(site.hub.last_read().failed, None);
}
