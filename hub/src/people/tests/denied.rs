use super::site::Site;
use crate::people::table::{ROUTES, Route};
use crate::records::{Hold, Record as _};
use crate::store::{Action, Actor};
use bytes::Bytes;
use certs::identity::SpiffeId;
use http::{Method, StatusCode};
use policy::digest::Digest;
use serde_json::{Value, json};

/// The route's path, about something that there could be.
fn path(route: &Route) -> String {
    route.path.replace("{name}", "a").replace("{digest}", &Digest::of(b"rows").hex())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_denied_to_who_is_not_permitted_and_the_attempt_is_audited() {
    let site = Site::start().await;
    let mallory = site.person("mallory");
    for route in ROUTES {
        let (status, problem) = site.call(&mallory, route.method.clone(), &path(route), &json!({})).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{} {}", route.method, route.path);
        assert_eq!(problem["type"], "urn:writ:problem:unauthorised");
        let newest = site.running.hub.audit(1).await.unwrap().remove(0).entry;
        assert_eq!((newest.action, newest.by), (Action::Refuse, Actor::Person("mallory".to_owned())));
        assert_eq!(newest.detail["action"], Value::from(route.action.id()));
    }
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_open_to_the_first_operator() {
    let site = Site::start().await;
    let operator = site.person("operator");
    for route in ROUTES {
        let (status, body) = site.call(&operator, route.method.clone(), &path(route), &json!({})).await;
        assert!(status != StatusCode::FORBIDDEN && status != StatusCode::UNAUTHORIZED, "{}: {body}", route.path);
    }
    site.running.stop().await;
}

/// A hold that cannot be read is not judged as though it were the fleet's.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_is_told_as_such() {
    let site = Site::start().await;
    let digest = Digest::of(b"rows");
    site.running.hub.store.observe(Hold::key(&digest), Bytes::from_static(b"no record")).await.unwrap();
    let path = format!("/v1alpha1/holds/{}", digest.hex());
    for who in ["mallory", "operator"] {
        let (status, told) = site.call(&site.person(who), Method::GET, &path, &json!({})).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{who}: {told}");
    }
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_person_does_not_get_in() {
    let site = Site::start().await;
    let spoke = SpiffeId::Cluster("a".parse().unwrap());
    for who in [None, Some(&spoke), Some(&SpiffeId::Hub)] {
        let answered = site.client(who).request(Method::GET, site.url("/v1alpha1/status")).send().await;
        assert!(answered.is_err(), "{who:?}");
    }
    site.running.stop().await;
}
