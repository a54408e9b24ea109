//! What stops rules stops a publish that is under way too.

use super::site::{Site, cluster, intent, who};
use crate::records::HoldKind;
use crate::store::Actor;
use policy::digest::Digest;
use proto::rest::catalog::{Refreshed, Verdict};

/// The answer about a new commit, where `stop` happened between its compilation and its commit.
async fn stopped<T>(site: &Site, stop: impl Future<Output = T>) -> (Refreshed, T) {
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit_unread();
    let paused = site.store.pause();
    let (refreshed, stop) = tokio::join!(site.hub.refresh(), paused.meanwhile(stop));
    (refreshed.unwrap(), stop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_stops_a_publish_that_is_under_way() {
    let site = Site::published().await;
    let first = site.newest("eu-1");
    let by = who();
    let (refreshed, pinning) = stopped(&site, site.hub.pin(None, &by, None)).await;
    let pin = pinning.unwrap().pin;
    assert_eq!(pin.accepted.revision, first.head.revision, "what is published, not what is under way");
    assert_eq!(refreshed.verdict, Verdict::Waiting);
    assert_eq!(refreshed.pin.map(|pin| pin.revision), Some(first.head.revision.clone()));
    assert_eq!(site.newest("eu-1").head, first.head);
    site.hub.unpin(&by).await.unwrap();
    site.until("eu-1", |newest| newest.head.revision == refreshed.revision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_stops_a_publish_that_is_under_way() {
    let site = Site::published().await;
    let first = site.newest("eu-1");
    let digest = Digest::of(b"restored");
    let kind = HoldKind::Restored { cluster: cluster("eu-1"), shown: 9, stored: 1 };
    let (refreshed, held) = stopped(&site, site.hub.place_hold(digest, kind, Actor::Hub)).await;
    held.unwrap();
    assert_eq!(refreshed.verdict, Verdict::Waiting);
    assert_eq!(site.newest("eu-1").head, first.head);
    site.release(digest).await;
    site.until("eu-1", |newest| newest.head.revision == refreshed.revision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lifting_a_pin_during_a_publish_lets_the_newest_pass() {
    let site = Site::published().await;
    let (first, by) = (site.newest("eu-1"), who());
    site.write("intents/one.yaml", &intent("one", None, "b"));
    let second = site.commit().await.revision;
    let paused = site.store.pause();
    site.hub.pin(Some(&first.head.revision), &by, None).await.unwrap();
    paused.meanwhile(site.hub.unpin(&by)).await.unwrap();
    site.hub.publish(None).await.unwrap();
    let head = site.newest("eu-1").head.clone();
    assert_eq!((head.revision, head.sequence), (second, 2), "the pinned revision was never published");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_tells_of_a_commit_as_pins_have_it_now() {
    let site = Site::published().await;
    let (first, by) = (site.newest("eu-1").head.revision.clone(), who());
    site.write("intents/one.yaml", &intent("one", None, "b"));
    let second = site.commit().await;
    assert_eq!(second.verdict, Verdict::Published);
    site.hub.pin(None, &by, None).await.unwrap();
    assert_eq!(site.hub.refresh().await.unwrap(), second, "pinned itself, it is what every head speaks of");
    site.hub.pin(Some(&first), &by, None).await.unwrap();
    site.until("eu-1", |newest| newest.head.revision == first).await;
    let waiting = site.hub.refresh().await.unwrap();
    assert_eq!((&waiting.revision, waiting.verdict), (&second.revision, Verdict::Waiting));
    assert_eq!(waiting.pin.as_ref().map(|pin| &pin.revision), Some(&first));
    assert_eq!(site.hub.latest().await.unwrap(), Some(waiting));
    site.hub.unpin(&by).await.unwrap();
    site.until("eu-1", |newest| newest.head.revision == second.revision).await;
    assert_eq!(site.hub.refresh().await.unwrap(), second);
}
