//! A client for code that is not async.

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::config::Kubeconfig;
use kube::{Api, Client, Config};
use std::future::Future;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// How long an answer may take: a server that stands still must not stop a test.
const ANSWER: Duration = Duration::from_secs(20);

/// A client of one cluster, with the runtime that its connections live on.
#[derive(Clone)]
pub struct Kube {
    client: Client,
    runtime: Arc<Background>,
}

/// A runtime that may be dropped anywhere, also in a test that is async itself.
struct Background {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Kube {
    /// Connects as the person of a kubeconfig.
    ///
    /// # Errors
    /// When the kubeconfig does not parse.
    pub fn connect(kubeconfig: &Path) -> Result<Self> {
        let read = || anyhow::Ok(Config::try_from(Kubeconfig::read_from(kubeconfig)?)?);
        let mut config = read().with_context(|| format!("{} is no kubeconfig", kubeconfig.display()))?;
        config.read_timeout = Some(ANSWER);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let entered = runtime.enter();
        let client = Client::try_from(config)?;
        drop(entered);
        Ok(Self { client, runtime: Arc::new(Background { handle: runtime.handle().clone(), runtime: Some(runtime) }) })
    }

    /// The client, for calls that [`Kube::wait`] carries out.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Carries out a call and waits for its answer; a test that is async itself may call this too.
    pub fn wait<F>(&self, call: F) -> F::Output
    where
        F: Future<Output: Send> + Send,
    {
        let runtime = &self.runtime.handle;
        let carried_out = thread::scope(|scope| scope.spawn(|| runtime.block_on(call)).join());
        carried_out.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Whether kube-apiserver says that it is ready.
    pub(crate) fn ready(&self) -> Result<()> {
        let call = http::Request::get("/readyz").body(Vec::new())?;
        self.wait(self.client.request_text(call)).map(drop).context("/readyz")
    }

    /// Whether kube-controller-manager works: it makes this account.
    pub(crate) fn default_service_account(&self) -> Result<()> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client(), "default");
        self.wait(accounts.get("default")).map(drop).context("the default service account")
    }
}
