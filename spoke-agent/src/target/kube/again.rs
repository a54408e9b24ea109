//! A client that begins anew with what the kubeconfig says now, whenever the server no longer takes what it said before:
//! credentials that ended are replaced in the file, and nobody has to restart the agent.

use super::connect::{Line, Way};
use http::{Request, Response, StatusCode};
use k8s_openapi::api::core::v1::Namespace;
use kube::client::Body;
use kube::{Api, Client};
use service::clock::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tower::BoxError;

/// At most so often.
const PACE: Duration = Duration::from_secs(2);
/// How long a server at another address may take to say which cluster it is.
const ANSWER: Duration = Duration::from_secs(5);

/// The way that is taken now, and how to find it again.
pub(super) struct Again {
    way: Way,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    client: Client,
    server: String,
    /// Which cluster it is, by its own uid, once that is known.
    cluster: Option<String>,
    /// When it was read last.
    read: Duration,
    /// Why it could not be read, as told.
    told: Option<String>,
}

/// A server that gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("{server} does not answer: {why}")]
pub(super) struct NoAnswer {
    server: String,
    why: String,
}

impl Again {
    pub(super) fn new(way: Way, line: Line, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (Line { client, server }, read) = (line, clock.monotonic());
        Arc::new(Self { way, clock, state: Mutex::new(State { client, server, cluster: None, read, told: None }) })
    }

    /// From here on it stays in the cluster of this uid: another one's inventory is not this one's.
    pub(super) fn stay_in(&self, cluster: &str) {
        self.state().cluster = Some(cluster.to_owned());
    }

    /// The client that everybody uses: watches too go on with the newest credentials.
    pub(super) fn client(self: &Arc<Self>) -> Client {
        let (again, namespace) = (Arc::clone(self), self.state().client.default_namespace().to_owned());
        let send = move |request: Request<Body>| {
            let again = Arc::clone(&again);
            async move { again.send(request).await }
        };
        Client::new(tower::service_fn(send), namespace)
    }

    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let client = self.state().client.clone();
        let answered = client.send(request).await;
        match answered {
            Ok(answer) => {
                if answer.status() == StatusCode::UNAUTHORIZED {
                    self.read().await;
                }
                Ok(answer)
            }
            Err(error) => {
                let server = self.state().server.clone();
                self.read().await;
                let and_now = self.state().told.as_ref().map(|told| format!("; and now {told}"));
                Err(NoAnswer { server, why: why(&error) + &and_now.unwrap_or_default() }.into())
            }
        }
    }

    async fn read(&self) {
        if !self.is_due() {
            return;
        }
        let read = match self.way.read().await {
            Ok(line) => self.unless_elsewhere(line).await,
            Err(error) => Err(service::exit::chain(&error)),
        };
        let mut state = self.state();
        match read {
            Ok(Line { client, server }) => (state.client, state.server, state.told) = (client, server, None),
            Err(error) => {
                if state.told.as_ref() != Some(&error) {
                    tracing::warn!(error, "the way to the cluster cannot be read again; what it was before is used");
                }
                state.told = Some(error);
            }
        }
    }

    /// A way that leads to another address must lead to the same cluster.
    async fn unless_elsewhere(&self, line: Line) -> Result<Line, String> {
        let (server, cluster) = {
            let state = self.state();
            (state.server.clone(), state.cluster.clone())
        };
        let Some(cluster) = cluster.filter(|_| server != line.server) else { return Ok(line) };
        let there = cluster_uid(&line.client).await.map_err(|error| why(&error))?;
        if there.as_ref() == Some(&cluster) {
            return Ok(line);
        }
        Err(format!("{} is another cluster than the one that this agent works in; let it join there anew", line.server))
    }

    fn is_due(&self) -> bool {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let due = now.saturating_sub(state.read) >= PACE;
        if due {
            state.read = now;
        }
        due
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The uid of kube-system: as good as a cluster's own.
async fn cluster_uid(client: &Client) -> Result<Option<String>, kube::Error> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let asked = tokio::time::timeout(ANSWER, namespaces.get_metadata("kube-system"));
    let system = asked.await.map_err(|_| kube::Error::Service("it does not answer in time".into()))??;
    Ok(system.metadata.uid)
}

/// What lies beneath: kube's own errors say it twice.
fn why(error: &kube::Error) -> String {
    let beneath = std::error::Error::source(error);
    beneath.map_or_else(|| error.to_string(), service::exit::chain)
}
