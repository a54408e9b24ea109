use super::site::{Site, cluster, intent, who};
use crate::error::HubError;
use crate::following::Published;
use crate::members::Invitation;
use crate::records::{HoldKind, KeyId, TokenHash};
use certs::enroll::JoinToken;
use policy::digest::Digest;
use proto::rest::catalog::Verdict;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What a backup holds: the store's files.
fn copy(from: &Path, to: &Path) {
    for name in ["writ.db", "writ.db-wal"] {
        let _ = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inv24_a_restored_hub_holds_itself_and_admits_nobody_until_released() {
    let site = Site::published().await;
    let invitation = Invitation { cluster: cluster("eu-1"), ttl: "1h".parse().unwrap(), replace: false };
    let invited = site.hub.invite(&invitation, JoinToken::generate(&mut rand::rng()), &who()).await.unwrap();
    let token = TokenHash(invited.join.parse::<certs::enroll::Invitation>().unwrap().token.digest());
    let backup = tempfile::tempdir().unwrap();
    copy(site.store_path().parent().unwrap(), backup.path());
    for value in ["b", "c"] {
        site.write("intents/one.yaml", &intent("one", None, value));
        site.commit().await;
    }
    let shown = site.newest("eu-1");
    assert_eq!(shown.head.sequence, 3);
    let backup_path = backup.path().to_owned();
    let site = site.restart(|folder| copy(&backup_path, &folder.join("hub"))).await;
    site.until("eu-1", |_| true).await;
    site.hub.shown(&cluster("eu-1"), &shown.envelope).await.unwrap();
    let hold = site.hub.holds().await.unwrap().pop().unwrap();
    assert!(matches!(hold.kind, HoldKind::Restored { shown: 3, .. }), "{hold:?}");
    let key = KeyId(Digest::of(b"key"));
    assert!(matches!(site.hub.redeem(token, key).await, Err(HubError::Restored(_))));
    let guess = TokenHash(Digest::of(b"guess"));
    assert!(matches!(site.hub.redeem(guess, key).await, Err(HubError::TokenRefused)), "a stranger is told no more");
    site.write("intents/one.yaml", &intent("one", None, "d"));
    assert_eq!(site.commit().await.verdict, Verdict::Waiting);
    site.release(hold.digest).await;
    let head = site.until("eu-1", |newest| newest.head.sequence > 3).await;
    assert!(site.until("us-1", |newest| newest.head.sequence > 3).await.head.sequence > 3);
    site.hub.shown(&cluster("eu-1"), &head.envelope).await.unwrap();
    assert_eq!(site.hub.holds().await.unwrap().len(), 1, "its own head is no news");
    site.hub.redeem(token, key).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_this_hub_did_not_sign_holds_nothing() {
    let (site, other) = (Site::published().await, Site::published().await);
    other.write("intents/one.yaml", &intent("one", None, "b"));
    other.commit().await;
    let foreign = other.newest("eu-1");
    site.hub.shown(&cluster("eu-1"), &foreign.envelope).await.unwrap();
    site.hub.shown(&cluster("us-1"), &site.newest("eu-1").envelope).await.unwrap();
    site.hub.shown(&cluster("eu-1"), b"{}").await.unwrap();
    assert_eq!(site.hub.holds().await.unwrap(), []);
}

/// A hub whose store went back to its first publish, and the head of sequence 2 that it signed since. Meanwhile the
/// catalog went on, so that it publishes something else at that sequence.
async fn restored_unnoticed() -> (Site, Arc<Published>) {
    let site = Site::published().await;
    let backup = tempfile::tempdir().unwrap();
    copy(site.store_path().parent().unwrap(), backup.path());
    site.write("intents/one.yaml", &intent("one", None, "b"));
    site.commit().await;
    let shown = site.newest("eu-1");
    assert_eq!(shown.head.sequence, 2);
    // The same contents at another commit: not by the contents alone can it be told.
    site.commit_unread();
    let site = site.restart(|folder| copy(backup.path(), &folder.join("hub"))).await;
    let own = site.until("eu-1", |newest| newest.head.sequence == 2).await;
    assert_eq!(own.head.contents, shown.head.contents);
    assert_ne!(own.head.revision, shown.head.revision);
    (site, shown)
}

#[tokio::test(flavor = "multi_thread")]
async fn inv24_a_restored_hub_that_published_its_own_at_the_shown_sequence_holds_itself() {
    let (site, shown) = restored_unnoticed().await;
    site.hub.shown(&cluster("eu-1"), &shown.envelope).await.unwrap();
    let hold = site.hub.holds().await.unwrap().pop().expect("a hold");
    assert!(matches!(hold.kind, HoldKind::Restored { shown: 2, stored: 2, .. }), "{hold:?}");
    site.release(hold.digest).await;
    let above = site.until("eu-1", |newest| newest.head.sequence > 2).await;
    policy::bundle::verify::verify_head(site.hub.trust(), &cluster("eu-1"), Some(&shown.head), &above.envelope)
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn inv24_a_restored_hub_that_passed_the_shown_sequence_holds_itself() {
    let (site, shown) = restored_unnoticed().await;
    let own = site.newest("eu-1");
    site.write("intents/one.yaml", &intent("one", None, "c"));
    site.commit().await;
    assert_eq!(site.newest("eu-1").head.sequence, 3);
    site.hub.shown(&cluster("eu-1"), &own.envelope).await.unwrap();
    assert_eq!(site.hub.holds().await.unwrap(), [], "it knows what it issued");
    site.hub.shown(&cluster("eu-1"), &shown.envelope).await.unwrap();
    let hold = site.hub.holds().await.unwrap().pop().expect("a hold");
    assert!(matches!(hold.kind, HoldKind::Restored { shown: 2, stored: 3, .. }), "{hold:?}");
    site.release(hold.digest).await;
    site.hub.shown(&cluster("eu-1"), &shown.envelope).await.unwrap();
    assert_eq!(site.hub.holds().await.unwrap().len(), 1, "it was told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn issue_times_rise_over_a_restart_with_the_clock_set_back() {
    let site = Site::published().await;
    site.hub.reissue().await.unwrap();
    let before = site.newest("eu-1");
    site.clock.back(Duration::from_secs(7_200));
    let site = site.restart(|_| {}).await;
    let after = site.until("eu-1", |_| true).await;
    assert_eq!(after.head.sequence, before.head.sequence);
    assert!(after.head.issued_at > before.head.issued_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_issued_later_than_any_that_is_shown() {
    let site = Site::published().await;
    let backup = tempfile::tempdir().unwrap();
    copy(site.store_path().parent().unwrap(), backup.path());
    site.clock.forward(Duration::from_secs(7_200));
    site.hub.reissue().await.unwrap();
    let shown = site.newest("eu-1");
    site.clock.back(Duration::from_secs(7_200));
    let site = site.restart(|folder| copy(backup.path(), &folder.join("hub"))).await;
    let earlier = site.until("eu-1", |_| true).await;
    assert!(earlier.head.issued_at < shown.head.issued_at);
    site.hub.shown(&cluster("eu-1"), &shown.envelope).await.unwrap();
    let again = site.newest("eu-1");
    policy::bundle::verify::verify_head(site.hub.trust(), &cluster("eu-1"), Some(&shown.head), &again.envelope)
        .unwrap();
    assert_eq!(site.hub.holds().await.unwrap(), [], "it says the same");
}
