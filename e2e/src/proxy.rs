//! A stranger between the agent and a real API server: passes on, answers in its place, cuts off, or holds back.

use anyhow::{Context, Result};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use kube::client::Body;
use kube::config::Kubeconfig;
use kube::{Client, Config};
use serde_json::json;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use xtask::wait::stopwatch;

/// One request of the agent.
#[derive(Debug, Clone)]
pub struct Call {
    /// GET, PATCH, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// When, since the proxy started.
    pub at: Duration,
}

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The server gets it, and answers.
    Pass,
    /// The server does not get it: this code, perhaps with so many seconds to wait.
    Answer(u16, Option<u64>),
    /// The server gets it, and its answer is lost.
    Lose,
    /// The server does not get it, and nobody answers.
    Hold,
    /// The server gets it, and nobody answers.
    HoldAnswer,
}

type Judge = Box<dyn FnMut(&Call) -> Verdict + Send>;

/// Between an agent and its API server.
pub struct Proxy {
    shared: Arc<Shared>,
    held: Receiver<Call>,
    folder: TempDir,
    _runtime: Runtime,
}

struct Shared {
    client: Client,
    judge: Mutex<Judge>,
    calls: Mutex<Vec<Call>>,
    held: Mutex<Sender<Call>>,
    cut: watch::Sender<u64>,
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
}

impl Call {
    /// Whether it would change something.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.method != "GET" && !self.path.contains("dryRun=") && !self.path.contains("selfsubjectaccessreviews")
    }

    /// Whether it is one that writes to this object, or to anything whose path holds that text.
    #[must_use]
    pub fn writes_to(&self, text: &str) -> bool {
        self.writes() && self.path.contains(text)
    }
}

impl Proxy {
    /// One that passes everything on, as the person of a kubeconfig.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used, or no port is free.
    pub fn start(kubeconfig: &Path) -> Result<Self> {
        let runtime = Runtime::new()?;
        let mut config = Config::try_from(Kubeconfig::read_from(kubeconfig)?)?;
        (config.read_timeout, config.default_retry) = (None, false);
        let (tell, held) = mpsc::channel();
        let (listener, client) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            anyhow::Ok((listener, Client::try_from(config)?))
        })?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            client,
            judge: Mutex::new(Box::new(|_| Verdict::Pass)),
            calls: Mutex::default(),
            held: Mutex::new(tell),
            cut: watch::Sender::new(0),
            clock: Box::new(stopwatch()),
        });
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        let folder = tempfile::tempdir()?;
        write(&folder.path().join("kubeconfig"), address)?;
        Ok(Self { shared, held, folder, _runtime: runtime })
    }

    /// The kubeconfig of an agent that comes this way.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// From now on, says what becomes of each request.
    pub fn judge(&self, judge: impl FnMut(&Call) -> Verdict + Send + 'static) {
        *lock(&self.shared.judge) = Box::new(judge);
    }

    /// From now on, passes everything on.
    pub fn pass(&self) {
        self.judge(|_| Verdict::Pass);
    }

    /// Cuts all connections that stand.
    pub fn cut(&self) {
        self.shared.cut.send_modify(|cut| *cut += 1);
    }

    /// All requests until now, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// Forgets the requests until now.
    pub fn forget(&self) {
        lock(&self.shared.calls).clear();
    }

    /// Waits for a request that is held.
    ///
    /// # Errors
    /// When none comes in time.
    pub fn held(&self, limit: Duration) -> Result<Call> {
        self.held.recv_timeout(limit).context("no request was held")
    }

    /// Forgets what was held until now.
    pub fn release(&self) {
        while self.held.try_recv().is_ok() {}
    }
}

fn write(path: &Path, address: SocketAddr) -> Result<()> {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: proxy\ncontexts:\n- name: proxy\n  \
         context: {{cluster: proxy, user: proxy}}\nclusters:\n- name: proxy\n  cluster: {{server: 'http://{address}'}}\n\
         users:\n- {{name: proxy, user: {{}}}}\n"
    );
    Ok(std::fs::write(path, text)?)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let mut cut = shared.cut.subscribe();
    let serve = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { shared.serve(request).await }
    });
    let builder = Builder::new(TokioExecutor::new());
    tokio::select! {
        // A connection that breaks is the peers' business.
        _ = builder.serve_connection(TokioIo::new(stream), serve) => {}
        _ = cut.changed() => {}
    }
}

impl Shared {
    async fn serve(&self, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
        let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let call = Call { method: request.method().to_string(), path, at: (self.clock)() };
        lock(&self.calls).push(call.clone());
        // What the test does in its judgement comes before the request does.
        let verdict = (lock(&self.judge))(&call);
        match verdict {
            Verdict::Pass => self.forward(request).await,
            Verdict::Answer(code, wait) => answer(code, wait),
            Verdict::Lose => {
                self.forward(request).await?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            Verdict::Hold => self.hold(call).await,
            Verdict::HoldAnswer => {
                self.forward(request).await?;
                self.hold(call).await
            }
        }
    }

    async fn hold(&self, call: Call) -> Result<Response<Body>, io::Error> {
        // A test that waits for nothing more has ended.
        drop(lock(&self.held).send(call));
        pending().await
    }

    async fn forward(&self, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
        let (mut head, body) = request.into_parts();
        head.headers.remove(header::HOST);
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let request = Request::from_parts(head, Body::from(body.to_vec()));
        self.client.send(request).await.map_err(io::Error::other)
    }
}

fn answer(code: u16, wait: Option<u64>) -> Result<Response<Body>, io::Error> {
    let status = StatusCode::from_u16(code).map_err(io::Error::other)?;
    let said = json!({"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code,
        "reason": status.canonical_reason(), "message": format!("the stranger answers {code}")});
    let mut response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    if let Some(wait) = wait {
        response = response.header(header::RETRY_AFTER, wait);
    }
    response.body(Body::from(said.to_string().into_bytes())).map_err(io::Error::other)
}
