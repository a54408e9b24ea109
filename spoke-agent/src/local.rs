//! The local listener: probes, metrics, and the status, all read-only. Where it listens is told in a file, so that
//! `writ-spoke status` finds it.

use crate::agent::Agent;
use crate::explain;
use axum::Json;
use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body_util::{BodyExt as _, Limited};
use hyper_util::rt::TokioIo;
use proto::rest::{Kind, Resource};
use serde_json::Value;
use service::health::Health;
use service::probes;
use service::telemetry::Metrics;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// Where the status is answered.
pub const STATUS: &str = "/v1alpha1/status";
/// Where it is explained why something is as it is: `?of=Kind/name&namespace=NAME`.
const EXPLAIN: &str = "/v1alpha1/explain";
const PATIENCE: Duration = Duration::from_secs(3);
const LIMIT: usize = 8 << 20;

/// The file that says where the listener is, as long as it is.
#[must_use]
pub fn address_file(data: &Path) -> PathBuf {
    data.join("local.json")
}

/// All routes.
pub fn router(health: Health, metrics: Metrics, agent: Arc<Agent>) -> Router {
    let explained = Arc::clone(&agent);
    let router = probes::router(health, metrics).route(STATUS, get(async move || status(&agent)));
    router.route(EXPLAIN, get(async move |RawQuery(query): RawQuery| explain(&explained, query.as_deref())))
}

fn status(agent: &Agent) -> Response {
    let report = agent.report.borrow().clone();
    match report {
        Some(report) => Json(crate::status::told(agent, &report)).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the first round is not made yet\n").into_response(),
    }
}

fn explain(agent: &Agent, query: Option<&str>) -> Response {
    let Some(asked) = proto::rest::explain::Asked::of_query(query.unwrap_or_default()) else {
        return (StatusCode::BAD_REQUEST, "ask with ?of=Kind/name, and &namespace=NAME\n").into_response();
    };
    match explain::explain(agent, &asked) {
        Some(explained) => Json(Resource::new(Kind::Explanation, explained)).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the first round is not made yet\n").into_response(),
    }
}

/// What came of asking the agent.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// It told it.
    Told(Value),
    /// It runs, and has nothing to tell before its first round; this is why.
    Starting(String),
    /// Nobody answers.
    Nobody,
}

/// Asks a running agent for its status.
pub async fn ask(data: &Path) -> Asked {
    asked(data, STATUS).await
}

/// Asks a running agent why something is as it is.
pub async fn ask_why(data: &Path, of: &proto::rest::explain::Asked) -> Asked {
    asked(data, &format!("{EXPLAIN}?{}", of.query())).await
}

async fn asked(data: &Path, path: &str) -> Asked {
    let answer = async { get_from(&address(data)?, path).await };
    tokio::time::timeout(PATIENCE, answer).await.ok().flatten().unwrap_or(Asked::Nobody)
}

fn address(data: &Path) -> Option<String> {
    let bytes = crate::files::read(&address_file(data), 4096).ok().flatten()?;
    let listeners: Value = serde_json::from_slice(&bytes).ok()?;
    Some(listeners.get("local")?.as_str()?.to_owned())
}

async fn get_from(address: &str, path: &str) -> Option<Asked> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let request = hyper::Request::get(path).header("host", address).body(String::new()).ok()?;
    let answer = async {
        let response = sender.send_request(request).await.ok()?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LIMIT).collect().await.ok()?;
        match status {
            StatusCode::OK => serde_json::from_slice(&body.to_bytes()).ok().map(Asked::Told),
            StatusCode::SERVICE_UNAVAILABLE => {
                Some(Asked::Starting(String::from_utf8_lossy(&body.to_bytes()).trim().to_owned()))
            }
            _ => None,
        }
    };
    tokio::select! {
        answer = answer => answer,
        _ = connection => None,
    }
}
