//! Offers as a hub, or somebody else, may make them.

use crate::hub::{Hub, Parts, cluster, config_map, rule};
use policy::bundle::verify::{VerifyError, verify, verify_head};
use policy::digest::Digest;
use proto::grpc::{EntryLine, FollowResponse};
use writ_spoke_agent::accept::{Grounds, Offer, Refused};

fn message(parts: &Parts) -> FollowResponse {
    FollowResponse { head: parts.head.clone().into(), ..FollowResponse::default() }
}

#[tokio::test]
async fn what_is_lacking_is_asked_for_and_the_whole_is_verified() {
    let hub = Hub::new().await;
    let name = cluster();
    let grounds = Grounds { trust: &hub.chain, audience: &name, watermark: None, held: None };
    let parts = hub.parts("eu-1", 1, &[rule("a", &[config_map("a", "v")])]).await;
    let mut offer = Offer::judge(grounds, &message(&parts)).unwrap();
    assert_eq!(offer.lacks_contents(), Some(Digest::of(&parts.contents)));
    assert!(matches!(offer.contents(b"{}".to_vec()), Err(Refused::Verify(VerifyError::ContentsDigest { .. }))));
    offer.contents(parts.contents.clone()).unwrap();
    let lacking = offer.lacks_entries(|_| None);
    let bytes = parts.entries[&lacking[0].digest].clone();
    assert!(matches!(offer.entry(&lacking[0], vec![0; bytes.len()]), Err(Refused::Verify(_))));
    offer.entry(&lacking[0], bytes).unwrap();
    assert_eq!(offer.accept(grounds).unwrap().bundle.head().sequence, 1);
}

#[tokio::test]
async fn inv02_tampered_misdirected_older_and_contradicting_heads_are_refused() {
    let (hub, other) = (Hub::new().await, Hub::new().await);
    let name = cluster();
    let parts = hub.parts("eu-1", 5, &[]).await;
    let watermark = verify_head(&hub.chain, &name, None, &parts.head).unwrap();
    let grounds = Grounds { trust: &hub.chain, audience: &name, watermark: Some(&watermark), held: None };
    let reason = |parts: &Parts| Offer::judge(grounds, &message(parts)).unwrap_err().reason();
    assert_eq!(reason(&other.parts("eu-1", 6, &[]).await), "Signature");
    assert_eq!(reason(&hub.parts("eu-2", 6, &[]).await), "Audience");
    assert_eq!(reason(&hub.parts("eu-1", 4, &[]).await), "Rollback");
    assert_eq!(reason(&hub.parts("eu-1", 5, &[rule("a", &[])]).await), "Equivocation");
    assert!(Offer::judge(grounds, &message(&hub.parts("eu-1", 6, &[]).await)).is_ok());
}

#[tokio::test]
async fn inv05_a_delta_that_leads_elsewhere_means_a_full_fetch() {
    let hub = Hub::new().await;
    let name = cluster();
    let old = hub.parts("eu-1", 1, &[rule("a", &[])]).await;
    let held = verify(&hub.chain, &name, None, &old.head, &old.contents, &old.entries).unwrap();
    let held = Some((Digest::of(&old.contents), held.contents()));
    let grounds = Grounds { trust: &hub.chain, audience: &name, watermark: None, held };
    let new = hub.parts("eu-1", 2, &[rule("a", &[]), rule("b", &[])]).await;
    let (digest, bytes) = new.entries.iter().find(|(digest, _)| !old.entries.contains_key(*digest)).unwrap();
    let line = EntryLine { name: "ConfigTemplate/b".into(), digest: digest.to_string(), size: bytes.len() as u64 };
    let base = Digest::of(&old.contents).to_string();
    let right = FollowResponse { base, changed: vec![line], ..message(&new) };
    assert_eq!(Offer::judge(grounds, &right).unwrap().lacks_contents(), None);
    let wrong = FollowResponse { removed: vec!["ConfigTemplate/a".into()], ..right };
    assert_eq!(Offer::judge(grounds, &wrong).unwrap().lacks_contents(), Some(Digest::of(&new.contents)));
}
