use super::site::{Site, read};
use crate::people::table::ROUTES;
use crate::people::{Judge, People, router};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use proto::rest::problem::MEDIA_TYPE;
use serde_json::json;
use std::sync::Arc;
use tower::ServiceExt as _;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_nothing_is_answered_not_even_what_exists() {
    let site = Site::start().await;
    let router = router(People::new(Arc::clone(&site.running.hub), Judge::built_in().unwrap(), 7));
    let nowhere = [(Method::GET, "/"), (Method::GET, "/v1alpha1/nothing"), (Method::DELETE, "/v1alpha1/status")];
    let routes = ROUTES.iter().map(|route| (route.method.clone(), route.path));
    for (method, path) in routes.chain(nowhere) {
        let path = path.replace(['{', '}'], "");
        let request = Request::builder().method(&method).uri(&path).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], MEDIA_TYPE);
    }
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem() {
    let site = Site::start().await;
    let operator = site.person("operator");
    let cases = [
        (Method::GET, "/", 404),
        (Method::GET, "/v1alpha1/nothing", 404),
        (Method::GET, "/v1alpha1/clusters/Not-A-Label", 404),
        (Method::GET, "/v1alpha1/clusters/nobody", 404),
        (Method::GET, "/v1alpha1/clusters/a%2Fb", 404),
        (Method::GET, "/v1alpha1/holds/00", 404),
        (Method::DELETE, "/v1alpha1/status", 405),
        (Method::POST, "/v1alpha1/clusters/nobody/invite", 404),
        (Method::POST, "/v1alpha1/clusters/a/revoke", 409),
        (Method::DELETE, "/v1alpha1/pin", 409),
        (Method::PUT, "/v1alpha1/pin", 409),
    ];
    for (method, path, expected) in cases {
        let (status, problem) = site.call(&operator, method, path, &json!({})).await;
        assert_eq!((status.as_u16(), &problem["status"]), (expected, &json!(expected)), "{path}: {problem}");
        assert!(problem["requestId"].as_str().unwrap().starts_with("0000000000000007-"), "{problem}");
    }
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_json_small_and_understood() {
    let site = Site::start().await;
    let operator = site.person("operator");
    let post = |content: &str, body: String| {
        let request = operator.post(site.url("/v1alpha1/clusters/a/invite"));
        request.header("content-type", content.to_owned()).body(body)
    };
    let json = "application/json";
    let cases = [
        (post("text/plain", "{}".to_owned()), 415),
        (post("application/x-www-form-urlencoded", "ttl=1h".to_owned()), 415),
        (post(json, "{\"ttl\": \"soon\"}".to_owned()), 400),
        (post(json, "{\"ttll\": \"1h\"}".to_owned()), 400),
        (post(json, "[".repeat(60_000)), 400),
        (post(json, " ".repeat(70_000)), 413),
    ];
    for (request, expected) in cases {
        let (status, problem) = read(request.send().await.unwrap()).await;
        assert_eq!(status.as_u16(), expected, "{problem}");
    }
    site.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_carry_an_id_and_headers_against_misuse() {
    let site = Site::start().await;
    let answer = site.person("operator").get(site.url("/v1alpha1/status")).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
    assert!(header("x-request-id").starts_with("0000000000000007-"));
    site.running.stop().await;
}
