//! From a kubeconfig, or from inside a pod, to a client. What the server no longer takes is read again.

use super::again::Again;
use crate::target::TargetError;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use service::clock::Clock;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Where a cluster is, and who the agent is there.
#[derive(Debug, Clone)]
pub(super) struct Way {
    kubeconfig: Option<PathBuf>,
}

/// What a way led to: a client, and where its server is.
pub(super) struct Line {
    pub(super) client: Client,
    pub(super) server: String,
}

/// The way to the API server that `kubeconfig` names; none: of the cluster that this process runs in. When the server
/// does not take its credentials any longer, or is not there, they are read again.
pub(super) async fn open(kubeconfig: Option<&Path>, clock: Arc<dyn Clock>) -> Result<Arc<Again>, TargetError> {
    let way = Way { kubeconfig: kubeconfig.map(Path::to_owned) };
    let line = way.read().await?;
    Ok(Again::new(way, line, clock))
}

impl Way {
    /// Reads it, as it stands now.
    pub(super) async fn read(&self) -> Result<Line, TargetError> {
        let mut config = match &self.kubeconfig {
            Some(path) => from_file(path).await?,
            None => Config::incluster().map_err(|error| {
                let remedy = "name one under spec.target.kube.kubeconfig, or run the agent in a pod";
                TargetError::Connection(format!(
                    "there is no kubeconfig, and {}: {remedy}",
                    service::exit::chain(&error)
                ))
            })?,
        };
        config.connect_timeout = Some(CONNECT);
        // Watches are quiet for long; each request has a limit of its own.
        config.read_timeout = None;
        config.write_timeout = Some(CONNECT);
        // How long to wait for a server that puts a request off is decided in one place: `Rest`.
        config.default_retry = false;
        let server = config.cluster_url.to_string();
        let client = Client::try_from(config).map_err(|error| TargetError::Connection(service::exit::chain(&error)))?;
        Ok(Line { client, server })
    }
}

async fn from_file(path: &Path) -> Result<Config, TargetError> {
    let wrong = |why: String| TargetError::Connection(format!("{} cannot be used: {why}", path.display()));
    let kubeconfig = Kubeconfig::read_from(path).map_err(|error| wrong(service::exit::chain(&error)))?;
    let options = KubeConfigOptions::default();
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| wrong(service::exit::chain(&error)))
}
