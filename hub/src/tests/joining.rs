use super::site::{Site, cluster, who};
use crate::error::HubError;
use crate::members::Invitation;
use crate::records::{self, KeyId, TokenHash};
use crate::store::Action;
use certs::enroll::JoinToken;
use policy::digest::Digest;
use std::time::Duration;

fn key(text: &str) -> KeyId {
    KeyId(Digest::of(text.as_bytes()))
}

async fn token(site: &Site, name: &str, replace: bool) -> Result<TokenHash, HubError> {
    let invitation = Invitation { cluster: cluster(name), ttl: "1h".parse().unwrap(), replace };
    let invited = site.hub.invite(&invitation, JoinToken::generate(&mut rand::rng()), &who()).await?;
    let wire: certs::enroll::Invitation = invited.join.parse().unwrap();
    assert_eq!((wire.cluster, wire.trust), (cluster(name), site.hub.trust().digest()));
    Ok(TokenHash(wire.token.digest()))
}

#[tokio::test(flavor = "multi_thread")]
async fn inv12_of_many_redemptions_exactly_one_succeeds() {
    let site = Site::published().await;
    let token = token(&site, "eu-1", false).await.unwrap();
    let keys: Vec<KeyId> = (0..32).map(|n| key(&n.to_string())).collect();
    site.store.together(keys.len());
    let attempts = keys.iter().map(|key| site.hub.redeem(token, *key));
    let results = futures::future::join_all(attempts).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let members = site.hub.members().borrow().clone();
    let live: Vec<_> = keys.iter().filter(|key| members.is_live(&cluster("eu-1"), **key)).collect();
    assert_eq!(live.len(), 1);
    let joins = site.hub.audit(100).await.unwrap().into_iter().filter(|a| a.entry.action == Action::Join).count();
    assert_eq!(joins, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn inv14_a_token_gives_its_bound_name_once_and_until_its_end() {
    let site = Site::published().await;
    let first = token(&site, "eu-1", false).await.unwrap();
    assert_eq!(site.hub.redeem(first, key("a")).await.unwrap(), cluster("eu-1"));
    assert!(matches!(site.hub.redeem(first, key("b")).await, Err(HubError::TokenRefused)), "used");
    let unknown = TokenHash(Digest::of(b"guess"));
    assert!(matches!(site.hub.redeem(unknown, key("b")).await, Err(HubError::TokenRefused)), "unknown");
    let second = token(&site, "us-1", false).await.unwrap();
    assert!(matches!(site.hub.redeem(second, key("a")).await, Err(HubError::KeyTaken)), "another cluster's key");
    site.clock.forward(Duration::from_secs(3_600));
    assert!(matches!(site.hub.redeem(second, key("c")).await, Err(HubError::TokenRefused)), "expired");
    let kept = async || records::list::<records::JoinToken>(site.hub.store.as_ref()).await.unwrap().len();
    token(&site, "us-1", false).await.unwrap();
    assert_eq!(kept().await, 2);
    site.hub.tidy().await.unwrap();
    assert_eq!(kept().await, 1, "one that has expired is of no use to anybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_declared_clusters_are_invited_and_joined_ones_only_to_replace() {
    let site = Site::published().await;
    assert!(matches!(token(&site, "eu-9", false).await, Err(HubError::UnknownCluster(_))));
    let first = token(&site, "eu-1", false).await.unwrap();
    site.hub.redeem(first, key("a")).await.unwrap();
    assert!(matches!(token(&site, "eu-1", false).await, Err(HubError::AlreadyJoined(_))));
    let second = token(&site, "eu-1", true).await.unwrap();
    site.hub.redeem(second, key("b")).await.unwrap();
    assert_eq!(site.hub.identity(key("a")).await.unwrap(), None, "the replaced key is nobody's");
    assert_eq!(site.hub.identity(key("b")).await.unwrap().unwrap().cluster, cluster("eu-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_revoked_is_nobody_until_invited_anew_also_after_a_restart() {
    let site = Site::published().await;
    let first = token(&site, "eu-1", false).await.unwrap();
    site.hub.redeem(first, key("a")).await.unwrap();
    let members = site.hub.members();
    site.hub.revoke(&cluster("eu-1"), &who(), Some("lost")).await.unwrap();
    assert!(!members.borrow().is_live(&cluster("eu-1"), key("a")));
    assert_eq!(site.hub.identity(key("a")).await.unwrap(), None);
    assert!(matches!(site.hub.revoke(&cluster("us-1"), &who(), None).await, Err(HubError::NotJoined(_))));
    let site = site.restart(|_| {}).await;
    assert!(!site.hub.members().borrow().is_live(&cluster("eu-1"), key("a")));
    site.until("eu-1", |_| true).await;
    let again = token(&site, "eu-1", false).await.unwrap();
    site.hub.redeem(again, key("b")).await.unwrap();
    assert!(site.hub.members().borrow().is_live(&cluster("eu-1"), key("b")));
}
