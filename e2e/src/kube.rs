//! A client of a real cluster, for tests, which are not async.

use anyhow::{Context, Result};
use kube::config::Kubeconfig;
use kube::{Client, Config};
use std::future::Future;
use std::path::Path;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long an answer may take: a server that stands still must not stop a test.
const ANSWER: Duration = Duration::from_secs(20);

/// A client, with the runtime that its connections live on.
pub struct Kube {
    client: Client,
    runtime: Runtime,
}

impl Kube {
    /// A client for the person of a kubeconfig.
    ///
    /// # Errors
    /// When the kubeconfig does not parse.
    pub fn of(kubeconfig: &Path) -> Result<Self> {
        let read = || anyhow::Ok(Config::try_from(Kubeconfig::read_from(kubeconfig)?)?);
        let mut config = read().with_context(|| format!("{} is no kubeconfig", kubeconfig.display()))?;
        config.read_timeout = Some(ANSWER);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let client = {
            let _entered = runtime.enter();
            Client::try_from(config)?
        };
        Ok(Self { client, runtime })
    }

    /// The client, for calls that [`Kube::wait`] carries out.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Carries out a call and waits for its answer.
    pub fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }
}
