use super::site::{Site, cluster, intent, who};
use crate::error::HubError;
use crate::members::Invitation;
use crate::records::{HoldKind, KeyId, TokenHash};
use certs::enroll::JoinToken;
use policy::digest::Digest;
use proto::rest::catalog::Verdict;
use std::path::Path;

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
    site.write("intents/one.yaml", &intent("one", None, "d"));
    assert_eq!(site.commit().await.verdict, Verdict::Waiting);
    site.hub.release(hold.digest, &who(), None).await.unwrap();
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
