use super::site::Site;
use crate::people::judge::tests::in_force;
use crate::people::view;
use crate::records::HoldKind;
use crate::spokes::fixture::{held, name};
use crate::store::{Action, Actor};
use certs::key::LeafKey;
use http::{Method, StatusCode};
use policy::digest::Digest;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_cluster_shows_its_state_until_it_is_revoked() {
    let site = Site::start().await;
    let operator = site.person("operator");
    let state = async || {
        let (_, cluster) = site.call(&operator, Method::GET, "/v1alpha1/clusters/a", &json!({})).await;
        cluster["status"]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state().await, "Declared");
    let (status, invitation) = site.call(&operator, Method::POST, "/v1alpha1/clusters/a/invite", &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{invitation}");
    let join: certs::enroll::Invitation = invitation["join"].as_str().unwrap().parse().unwrap();
    assert_eq!((join.cluster, join.trust), (name("a"), site.running.hub.trust().digest()));
    assert_eq!(state().await, "Invited");
    let audited = site.running.hub.audit(1).await.unwrap().remove(0).entry;
    assert_eq!((audited.action, audited.by), (Action::Invite, Actor::Person("operator".to_owned())));
    site.running.redeem(&join.token, &LeafKey::generate().unwrap()).await.unwrap();
    assert_eq!(state().await, "Disconnected");
    let (status, again) = site.call(&operator, Method::POST, "/v1alpha1/clusters/a/invite", &json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{again}");
    let (_, revoked) =
        site.call(&operator, Method::POST, "/v1alpha1/clusters/a/revoke", &json!({"reason": "lost"})).await;
    assert_eq!(revoked["status"]["state"], "Revoked");
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_ends_the_join_strings_that_were_given_out_before() {
    let site = Site::start().await;
    let operator = site.person("operator");
    let invite = async || {
        let replace = json!({"replace": true});
        let (_, told) = site.call(&operator, Method::POST, "/v1alpha1/clusters/a/invite", &replace).await;
        told["join"].as_str().unwrap().parse::<certs::enroll::Invitation>().unwrap().token
    };
    let (used, left) = (invite().await, invite().await);
    let key = || LeafKey::generate().unwrap();
    site.running.redeem(&used, &key()).await.unwrap();
    let (_, revoked) = site.call(&operator, Method::POST, "/v1alpha1/clusters/a/revoke", &json!({})).await;
    assert_eq!(revoked["status"]["state"], "Revoked");
    assert!(site.running.redeem(&left, &key()).await.is_err());
    site.running.redeem(&invite().await, &key()).await.unwrap();
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn join_strings_do_not_last() {
    let site = Site::start().await;
    let operator = site.person("operator");
    for (ttl, expected, detail) in [
        ("0s", 400, "a join string that may be used for 0s is of no use; write `1h`, or up to 168h"),
        ("8d", 400, "a join string may be used for 168h at most, not 192h"),
        ("7d", 200, ""),
    ] {
        let (status, told) =
            site.call(&operator, Method::POST, "/v1alpha1/clusters/a/invite", &json!({"ttl": ttl})).await;
        assert_eq!(status.as_u16(), expected, "{told}");
        assert_eq!(told["detail"].as_str().unwrap_or_default(), detail);
    }
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_listed_until_it_is_released() {
    let site = Site::start().await;
    let operator = site.person("operator");
    let held = held(7);
    let digest = held.digest;
    site.running.hub.prune_hold_reported(&name("a"), &held).await.unwrap();
    let (_, list) = site.call(&operator, Method::GET, "/v1alpha1/holds", &json!({})).await;
    assert_eq!(list["items"][0]["digest"], digest.to_string());
    assert_eq!((&list["items"][0]["reason"], &list["items"][0]["clusters"]), (&json!("Removals"), &json!(["a"])));
    let release = format!("/v1alpha1/holds/{}/release", digest.hex());
    let (status, released) = site.call(&operator, Method::POST, &release, &json!({})).await;
    assert_eq!((status, &released["released"]["by"]), (StatusCode::OK, &json!("person operator")));
    let (_, list) = site.call(&operator, Method::GET, "/v1alpha1/holds", &json!({})).await;
    assert_eq!(list["items"], json!([]));
    site.running.stop().await;
}

/// Commits that were refused for their signers pass by the word of those whom the accepted revision's authority/ lets
/// release, and of nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn inv26_refused_commits_are_released_by_those_whom_the_catalog_permits() {
    let site = Site::start().await;
    site.running.hub.set_in_force(in_force("r3"));
    let refused = vec!["intents/one.yaml: `walt` may not change this file (ConfigTemplate/one)".to_owned()];
    let kind = HoldKind::Changes { from: Some("r3".to_owned()), revision: "r4".to_owned(), refused, count: 1 };
    let digest = Digest::of(b"r3..r4");
    site.running.hub.place_hold(digest, kind, Actor::Hub).await.unwrap();
    let release = format!("/v1alpha1/holds/{}/release", digest.hex());
    for who in ["walt", "mallory"] {
        let (status, told) = site.call(&site.person(who), Method::POST, &release, &json!({})).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{who}: {told}");
        assert!(site.running.hub.hold(digest).await.unwrap().stands(), "{who}");
    }
    let reason = json!({"reason": "looked at"});
    let (status, released) = site.call(&site.person("ewa"), Method::POST, &release, &reason).await;
    assert_eq!((status, &released["released"]["by"]), (StatusCode::OK, &json!("person ewa")));
    let audited = site.running.hub.audit(1).await.unwrap().remove(0).entry;
    assert_eq!((audited.action, audited.by), (Action::Release, Actor::Person("ewa".to_owned())));
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inv24_clusters_that_hold_the_same_rows_share_a_hold_and_a_release_ends_with_its_sequence() {
    let site = Site::start().await;
    let (hub, who) = (&site.running.hub, Actor::Person("operator".to_owned()));
    let held = held(7);
    let digest = held.digest;
    let waiting = async || site.running.hub.hold(digest).await.unwrap().released.is_none();
    for cluster in ["a", "b"] {
        site.running.publish(cluster, 3, &[]).await;
        hub.prune_hold_reported(&name(cluster), &held).await.unwrap();
    }
    let (_, list) = site.call(&site.person("operator"), Method::GET, "/v1alpha1/holds", &json!({})).await;
    assert_eq!(list["items"][0]["clusters"], json!(["a", "b"]));
    hub.release(&hub.kept_hold(digest).await.unwrap(), &who, None).await.unwrap();
    hub.prune_hold_reported(&name("b"), &held).await.unwrap();
    assert!(!waiting().await, "its head is on the way");
    site.running.publish("b", 4, &[]).await;
    hub.prune_hold_reported(&name("b"), &held).await.unwrap();
    assert!(waiting().await, "the same removal, wanted by another sequence, waits again");
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_cluster_from_new_heads_is_said_with_its_state() {
    let site = Site::start().await;
    let operator = site.person("operator");
    site.running.join("a").await;
    let told = async || {
        let (_, list) = site.call(&operator, Method::GET, "/v1alpha1/clusters", &json!({})).await;
        let status = &list["items"][0]["status"];
        (status["state"].as_str().unwrap().to_owned(), status["reason"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(told().await, ("Disconnected".to_owned(), String::new()));
    site.running.undeclare("a");
    let (state, reason) = told().await;
    assert!(state == "Undeclared" && reason.contains("no longer") && reason.contains("revoke a"), "{state}: {reason}");
    site.call(&operator, Method::POST, "/v1alpha1/clusters/a/revoke", &json!({})).await;
    let (state, reason) = told().await;
    assert!(state == "Revoked" && reason.starts_with("revoked by person operator at "), "{state}: {reason}");
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_counts_the_fleet() {
    let site = Site::start().await;
    let (status, told) = site.call(&site.person("operator"), Method::GET, "/v1alpha1/status", &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!(
        (&told["kind"], &told["name"], &told["clusters"]),
        (&json!("Status"), &json!("acme"), &json!({"Declared": 2}))
    );
    assert_eq!(told["catalog"]["published"], "r1");
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_at_a_cluster_is_not_taken_for_its_spoke() {
    let site = Site::start().await;
    site.running.publish("a", 1, &[]).await;
    let (hub, a) = (&site.running.hub, name("a"));
    let seen = hub.cluster(&a).await.unwrap();
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| (0..20_000).for_each(|_| drop(view::cluster(hub, seen.clone()))));
        while !looking.is_finished() {
            assert!(!hub.is_following(&a));
        }
    });
    site.running.stop().await;
}
