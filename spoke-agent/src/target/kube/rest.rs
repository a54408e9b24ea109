//! Requests to the API server: bounded in time and size, patient where it asks for patience.

use super::answers::{Answers, PROBE};
use super::fault::Fault;
use super::served::Resource;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use kube::core::discovery::v2::{ACCEPT_AGGREGATED_DISCOVERY_V2, APIGroupDiscoveryList};
use policy::object::ObjectId;
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::clock::Clock;
use std::sync::Arc;
use std::time::Duration;

/// The largest answer that is read.
const ANSWER: usize = 16 << 20;
/// How often a request that the server put off is repeated.
const TRIES: usize = 4;
/// The longest that the server may put a request off; longer, and the round goes on without it.
const PUT_OFF: Duration = Duration::from_secs(5);

/// The API server.
#[derive(Clone)]
pub(super) struct Rest {
    client: Client,
    answers: Arc<Answers>,
}

/// A request that may be sent again.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) method: http::Method,
    pub(super) path: String,
    pub(super) kind: &'static str,
    pub(super) accept: &'static str,
    pub(super) body: Vec<u8>,
}

impl Ask {
    /// Reads what stands at `path`.
    pub(super) fn get(path: impl Into<String>) -> Self {
        let (method, path) = (http::Method::GET, path.into());
        Self { method, path, kind: JSON, accept: JSON, body: Vec::new() }
    }

    /// Sends `body` as JSON.
    pub(super) fn send(method: http::Method, path: impl Into<String>, body: &Value) -> Self {
        Self { method, path: path.into(), kind: JSON, accept: JSON, body: body.to_string().into_bytes() }
    }

    /// Server-side apply of `body`.
    pub(super) fn apply(path: impl Into<String>, body: &Value) -> Self {
        Self { kind: "application/apply-patch+yaml", ..Self::send(http::Method::PATCH, path, body) }
    }

    /// JSON merge patch of what stands there with `body` (RFC 7396).
    pub(super) fn merge(path: impl Into<String>, body: &Value) -> Self {
        Self { kind: "application/merge-patch+json", ..Self::send(http::Method::PATCH, path, body) }
    }

    /// Whether it may be asked again after `fault`, which puts it off. A write is sent again only where it was surely not
    /// done: a server that fails may have done it, or may do it yet.
    fn may_repeat(&self, fault: &Fault) -> bool {
        self.method == http::Method::GET || fault.is(StatusCode::TOO_MANY_REQUESTS)
    }

    /// The same, asking for metadata only.
    pub(super) fn metadata(self) -> Self {
        Self { accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", ..self }
    }
}

const JSON: &str = "application/json";

impl Rest {
    pub(super) fn new(client: Client, clock: Arc<dyn Clock>) -> Self {
        Self { client, answers: Arc::new(Answers::new(clock)) }
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Asks, again where the server puts it off, and gives the answer with its code.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<(StatusCode, Value), Fault> {
        let mut tries = 1;
        loop {
            let writes = ask.method != http::Method::GET;
            let patience = self.answers.patience(writes)?;
            let answered = tokio::time::timeout(patience, self.once(ask)).await.unwrap_or(Err(Fault::Slow));
            if writes && self.is_slow_alone(&answered).await {
                return answered;
            }
            let put_off = answered.as_ref().err().and_then(Fault::retry_after);
            let again = answered.as_ref().is_err_and(|fault| ask.may_repeat(fault)) && tries < TRIES;
            let wait = put_off.filter(|wait| *wait <= PUT_OFF && again);
            // A wait that is sat out here is nobody else's business.
            self.answers.told(answered.as_ref().err(), put_off.filter(|_| wait.is_none()));
            let Some(wait) = wait else { return answered };
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    /// Whether a write was too slow, and the server answers other questions meanwhile: what the write waits for, such as
    /// a webhook, is its own affair.
    async fn is_slow_alone(&self, answered: &Result<(StatusCode, Value), Fault>) -> bool {
        let slow = matches!(answered, Err(Fault::Slow)) && self.is_there().await;
        self.answers.wrote(slow);
        slow
    }

    async fn is_there(&self) -> bool {
        let answer = tokio::time::timeout(PROBE, self.once(&Ask::get("/version"))).await;
        matches!(answer, Ok(Ok(_) | Err(Fault::Refused(..))))
    }

    async fn once(&self, ask: &Ask) -> Result<(StatusCode, Value), Fault> {
        let request = Request::builder().method(ask.method.clone()).uri(&ask.path);
        let request = request.header(header::ACCEPT, ask.accept).header(header::CONTENT_TYPE, ask.kind);
        let request = request.body(Body::from(ask.body.clone())).map_err(|error| Fault::Nonsense(error.to_string()))?;
        let response = self.client.send(request).await.map_err(Fault::from)?;
        let (head, body) = response.into_parts();
        let bytes = Limited::new(body, ANSWER).collect().await.map_err(|error| match error.downcast_ref() {
            Some(LengthLimitError { .. }) => Fault::Nonsense(format!("it has more than {ANSWER} bytes")),
            None => Fault::Unreachable(format!("the API server broke off its answer: {error}")),
        })?;
        let bytes = bytes.to_bytes();
        if head.status.is_success() {
            let value = serde_json::from_slice(&bytes).map_err(|error| Fault::Nonsense(error.to_string()))?;
            return Ok((head.status, value));
        }
        let wait = head.headers.get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
        let status = serde_json::from_slice::<Status>(&bytes).unwrap_or_default();
        Err(Fault::Refused(head.status, Box::new(status), wait.map(Duration::from_secs)))
    }

    /// What stands at `path`; none where nothing does.
    pub(super) async fn get(&self, ask: &Ask) -> Result<Option<Value>, Fault> {
        match self.ask(ask).await {
            Ok((_, value)) => Ok(Some(value)),
            Err(fault) if fault.is(StatusCode::NOT_FOUND) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The object at its place in `resource`, or its metadata; none where the server says that this very object is not
    /// there. That its kind is not served says nothing of it.
    pub(super) async fn find(&self, id: &ObjectId, resource: &Resource, whole: bool) -> Result<Option<Value>, Fault> {
        let ask = Ask::get(format!("{}/{}", resource.path(id.namespace.as_ref()), id.name));
        match self.ask(&if whole { ask } else { ask.metadata() }).await {
            Ok((_, value)) => Ok(Some(value)),
            Err(fault) if fault.is_absence_of(id, resource) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// What stands at `path`, as `T`.
    pub(super) async fn get_as<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        let (_, value) = self.ask(&Ask::get(path)).await?;
        serde_json::from_value(value).map_err(|error| Fault::Nonsense(error.to_string()))
    }

    /// The aggregated discovery document of `path` (KEP-3352).
    pub(super) async fn discovery(&self, path: &str) -> Result<APIGroupDiscoveryList, Fault> {
        let (_, value) = self.ask(&Ask { accept: ACCEPT_AGGREGATED_DISCOVERY_V2, ..Ask::get(path) }).await?;
        serde_json::from_value(value).map_err(|error| Fault::Nonsense(error.to_string()))
    }
}
