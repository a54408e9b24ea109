//! Over real TLS: who gets a certificate, and for what.

use crate::spokes::fixture::{Running, name, proof, until};
use crate::store::Actor;
use bytes::Bytes;
use certs::connect::fetch_trust;
use certs::enroll::JoinToken;
use certs::identity::SpiffeId;
use certs::key::LeafKey;
use certs::tls::Unverified;
use policy::bundle::chain::Chain;
use proto::grpc::distribution_client::DistributionClient;
use proto::grpc::enrollment_client::EnrollmentClient;
use proto::grpc::{FetchRequest, JoinRequest, RenewRequest};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::Code;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_trust_chain_is_given_to_those_who_cannot_verify_yet() {
    let running = Running::start().await;
    let tls = Unverified::new(Arc::clone(&running.clock) as _).unwrap();
    let envelopes = fetch_trust(&running.address, &tls, 0, PATIENCE).await.unwrap();
    let envelopes: Vec<Vec<u8>> = envelopes.iter().map(|envelope| envelope.to_vec()).collect();
    let chain = Chain::anchored(running.hub.trust().digest(), &envelopes).unwrap();
    assert_eq!(chain.version(), 1);
    running.stop().await;
}

#[tokio::test]
async fn inv14_a_token_gives_a_certificate_for_its_name_and_nothing_else() {
    let running = Running::start().await;
    let member = running.join("a").await;
    assert_eq!(*member.identity.leaf().id(), SpiffeId::Cluster(name("a")));
    assert_eq!(member.identity.leaf().key(), member.key.public().digest());

    // The token itself opens nothing: not as a bearer of calls, and not a second time.
    let token = running.invite("b", false).await;
    let mut client = DistributionClient::new(running.nameless().await.channel);
    let mut request = tonic::Request::new(FetchRequest { digests: Vec::new() });
    request.metadata_mut().insert("authorization", format!("Bearer {}", &*token.reveal()).parse().unwrap());
    assert_eq!(client.fetch(request).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn inv12_of_many_redemptions_at_once_one_succeeds() {
    let running = Arc::new(Running::start().await);
    let token = running.invite("a", true).await;
    let mut redemptions = JoinSet::new();
    for _ in 0..16 {
        let (running, token) = (Arc::clone(&running), token.clone());
        redemptions.spawn(async move { running.redeem(&token, &LeafKey::generate().unwrap()).await });
    }
    let answers = redemptions.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    refused.for_each(|status| assert_eq!(status.code(), Code::PermissionDenied, "{status}"));
}

#[tokio::test]
async fn attack01_used_foreign_and_expired_tokens_are_refused_alike() {
    let running = Running::start().await;
    let used = running.invite("a", true).await;
    running.redeem(&used, &LeafKey::generate().unwrap()).await.unwrap();
    let foreign = JoinToken::generate(&mut rand::rng());
    let expired = running.invite("b", true).await;
    running.clock.advance(Duration::from_secs(3_601));
    let mut messages = Vec::new();
    for token in [used, foreign, expired] {
        let status = running.redeem(&token, &LeafKey::generate().unwrap()).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        messages.push(status.message().to_owned());
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "which of the reasons it was is not told");
}

#[tokio::test]
async fn attack04_proofs_of_other_sessions_and_keys_are_refused() {
    let running = Running::start().await;
    let token = running.invite("a", true).await;
    let key = LeafKey::generate().unwrap();
    let (here, elsewhere) = (running.nameless().await, running.nameless().await);
    let stolen = proof(&elsewhere, &key);
    let mut of_another_key = proof(&here, &key);
    of_another_key.public_key = Bytes::copy_from_slice(LeafKey::generate().unwrap().public().der());
    let mut client = EnrollmentClient::new(here.channel.clone());
    for proof in [Some(stolen), Some(of_another_key), None] {
        let request = JoinRequest { token: token.reveal().to_string(), proof };
        let status = client.join(request).await.unwrap_err();
        assert!(matches!(status.code(), Code::Unauthenticated | Code::InvalidArgument), "{status}");
    }
    // The token has survived every refusal.
    running.redeem(&token, &key).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_of_join_is_fetched_by_renew() {
    let running = Running::start().await;
    let (token, key) = (running.invite("a", true).await, LeafKey::generate().unwrap());
    drop(running.redeem(&token, &key).await.unwrap());
    assert_eq!(running.redeem(&token, &key).await.unwrap_err().code(), Code::PermissionDenied);
    let identity = running.identity(&running.renew(&key).await.unwrap(), &key);
    assert_eq!(*identity.leaf().id(), SpiffeId::Cluster(name("a")));
}

#[tokio::test]
async fn inv11_an_expired_member_can_renew_and_nothing_else() {
    let running = Running::start().await;
    let member = running.join("a").await;
    let mut client = running.distribution(&member).await;
    client.fetch(FetchRequest { digests: Vec::new() }).await.unwrap();
    running.clock.advance(Duration::from_secs(86_401));
    // The hub's own certificate has the same age, so it presents a new one, as it does at half life.
    running.gates.renew().unwrap();
    assert!(client.fetch(FetchRequest { digests: Vec::new() }).await.is_err(), "at the next call already");
    let refused = match running.named(&member.identity).await {
        Err(_) => true,
        Ok(session) => {
            DistributionClient::new(session.channel).fetch(FetchRequest { digests: Vec::new() }).await.is_err()
        }
    };
    assert!(refused);
    let identity = running.identity(&running.renew(&member.key).await.unwrap(), &member.key);
    let renewed = crate::spokes::fixture::Member { identity, key: member.key };
    running.distribution(&renewed).await.fetch(FetchRequest { digests: Vec::new() }).await.unwrap();
}

#[tokio::test]
async fn a_revoked_member_is_cut_and_can_neither_call_nor_renew() {
    let running = Running::start().await;
    let (member, other) = (running.join("a").await, running.join("b").await);
    let mut client = running.distribution(&member).await;
    let mut others = running.distribution(&other).await;
    client.fetch(FetchRequest { digests: Vec::new() }).await.unwrap();
    running.hub.revoke(&name("a"), &Actor::Person("ada".to_owned()), None).await.unwrap();
    until("the session is cut", async || client.fetch(FetchRequest { digests: Vec::new() }).await.is_err()).await;
    assert_eq!(running.renew(&member.key).await.unwrap_err().code(), Code::PermissionDenied);
    others.fetch(FetchRequest { digests: Vec::new() }).await.expect("nobody else is touched");
    let token = running.invite("a", false).await;
    assert_eq!(running.redeem(&token, &member.key).await.unwrap_err().code(), Code::AlreadyExists);
}

/// Whoever revokes a cluster means every string that was ever given out for it, joined or not.
#[tokio::test]
async fn attack01_a_revocation_ends_unused_join_strings() {
    let running = Running::start().await;
    let (ada, key) = (Actor::Person("ada".to_owned()), LeafKey::generate().unwrap());
    let leaked = running.invite("a", false).await;
    running.hub.revoke(&name("a"), &ada, None).await.unwrap();
    assert_eq!(running.redeem(&leaked, &key).await.unwrap_err().code(), Code::PermissionDenied, "never joined");
    running.join("a").await;
    running.hub.revoke(&name("a"), &ada, None).await.unwrap();
    let leaked = running.invite("a", false).await;
    running.hub.revoke(&name("a"), &ada, None).await.unwrap();
    assert_eq!(running.redeem(&leaked, &key).await.unwrap_err().code(), Code::PermissionDenied, "revoked before");
}

#[tokio::test]
async fn attack05_a_certificate_of_a_replaced_key_is_nobodys() {
    let running = Running::start().await;
    let old = running.join("a").await;
    let mut client = running.distribution(&old).await;
    let new = running.join("a").await;
    until("the old session is cut", async || client.fetch(FetchRequest { digests: Vec::new() }).await.is_err()).await;
    assert_eq!(running.renew(&old.key).await.unwrap_err().code(), Code::PermissionDenied);
    running.distribution(&new).await.fetch(FetchRequest { digests: Vec::new() }).await.unwrap();
}

#[tokio::test]
async fn renew_needs_no_certificate_and_takes_none_into_account() {
    let running = Running::start().await;
    let (a, b) = (running.join("a").await, running.join("b").await);
    // A session that presents b's certificate, and a proof of a's key over it: the key decides.
    let session = running.named(&b.identity).await.unwrap();
    let request = RenewRequest { proof: Some(proof(&session, &a.key)) };
    let certificate = EnrollmentClient::new(session.channel).renew(request).await.unwrap().into_inner();
    assert_eq!(*running.identity(&certificate, &a.key).leaf().id(), SpiffeId::Cluster(name("a")));
}
