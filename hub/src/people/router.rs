//! The router, built from the table.

use super::body::LIMIT;
use super::gate::{self, Gate};
use super::headers;
use super::judge::Judge;
use super::problem::Answer;
use super::table::ROUTES;
use crate::hub::Hub;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use proto::rest::problem::{Problem, Reason};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What handlers share.
pub struct People {
    pub(crate) hub: Arc<Hub>,
    pub(crate) judge: Judge,
    process: u64,
    requests: AtomicU64,
}

/// As routes hold it.
pub(crate) type Shared = Arc<People>;

impl People {
    /// A hub, judged by `judge`. `process` is any number that other processes hardly have: it begins the ids of requests.
    #[must_use]
    pub fn new(hub: Arc<Hub>, judge: Judge, process: u64) -> Self {
        Self { hub, judge, process, requests: AtomicU64::new(0) }
    }

    pub(super) fn next_id(&self) -> String {
        format!("{:016x}-{}", self.process, self.requests.fetch_add(1, Ordering::Relaxed))
    }
}

/// Every route of the table, each behind its gate, and problems for everything else.
pub fn router(people: People) -> Router {
    let people: Shared = Arc::new(people);
    let table = ROUTES.iter().fold(Router::new(), |router, route| {
        let gate = Gate { people: Arc::clone(&people), route };
        router.route(route.path, (route.handler)().route_layer(from_fn_with_state(gate, gate::judged)))
    });
    let strangers = from_fn_with_state(Arc::clone(&people), gate::known);
    table
        .method_not_allowed_fallback(|| async {
            Answer::from(Problem::new(Reason::MethodNotAllowed, "this path has no such method"))
        })
        .fallback(|| async { Answer::from(Problem::new(Reason::NotFound, "there is no such path")) })
        .layer(strangers)
        .layer(DefaultBodyLimit::max(LIMIT))
        .layer(from_fn_with_state(Arc::clone(&people), headers::dress))
        .with_state(people)
}
