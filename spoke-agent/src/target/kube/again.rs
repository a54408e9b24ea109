//! A client that begins anew with what the kubeconfig says now, whenever the server no longer takes what it said before:
//! credentials that ended are replaced in the file, and nobody has to restart the agent.

use super::connect::{Line, Way};
use http::{Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use service::clock::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tower::BoxError;

/// At most so often.
const PACE: Duration = Duration::from_secs(2);

/// The way that is taken now, and how to find it again.
pub(super) struct Again {
    way: Way,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    client: Client,
    server: String,
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
        Arc::new(Self { way, clock, state: Mutex::new(State { client, server, read, told: None }) })
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
                Err(NoAnswer { server, why: why(&error) }.into())
            }
        }
    }

    async fn read(&self) {
        if !self.is_due() {
            return;
        }
        let read = self.way.read().await;
        let mut state = self.state();
        match read {
            Ok(Line { client, server }) => (state.client, state.server, state.told) = (client, server, None),
            Err(error) => {
                let error = service::exit::chain(&error);
                if state.told.as_ref() != Some(&error) {
                    tracing::warn!(error, "the way to the cluster cannot be read again; what it was before is used");
                }
                state.told = Some(error);
            }
        }
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

/// What lies beneath: kube's own errors say it twice.
fn why(error: &kube::Error) -> String {
    let beneath = std::error::Error::source(error);
    beneath.map_or_else(|| error.to_string(), service::exit::chain)
}
