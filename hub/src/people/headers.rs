//! What every answer carries: its request's id, and headers that keep browsers and caches from misusing it.

use super::problem::Answer;
use super::router::Shared;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use proto::rest::problem::{Problem, Reason};
use std::time::Duration;
use tracing::Instrument;

/// Names the request in the hub's log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Until an answer: a refresh fetches from a repository.
const PATIENCE: Duration = Duration::from_secs(110);

const FIXED: [(HeaderName, HeaderValue); 5] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// The outermost layer.
pub(super) async fn dress(State(people): State<Shared>, request: Request, next: Next) -> Response {
    let id = people.next_id();
    let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    let answered = tokio::time::timeout(PATIENCE, next.run(request).instrument(span)).await;
    let mut response = answered.unwrap_or_else(|_| {
        Answer::from(Problem::new(Reason::Unavailable, "the hub is busy; try again")).into_response()
    });
    if let Some(Answer(problem)) = response.extensions_mut().remove::<Answer>() {
        let told = Problem { request_id: Some(id.clone()), ..problem };
        response = Answer(told).into_response();
    }
    let headers = response.headers_mut();
    headers.extend(FIXED);
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}
