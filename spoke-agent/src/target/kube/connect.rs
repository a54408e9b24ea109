//! From a kubeconfig, or from inside a pod, to a client.

use crate::target::TargetError;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::path::Path;
use std::time::Duration;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// A client of the API server that `kubeconfig` names; none: of the cluster that this process runs in.
pub(super) async fn client(kubeconfig: Option<&Path>) -> Result<Client, TargetError> {
    let mut config = match kubeconfig {
        Some(path) => from_file(path).await?,
        None => Config::incluster().map_err(|error| {
            let remedy = "name one under spec.target.kube.kubeconfig, or run the agent in a pod";
            TargetError::Connection(format!("there is no kubeconfig, and {}: {remedy}", service::exit::chain(&error)))
        })?,
    };
    config.connect_timeout = Some(CONNECT);
    // Watches are quiet for long; each request has a limit of its own.
    config.read_timeout = None;
    config.write_timeout = Some(CONNECT);
    Client::try_from(config).map_err(|error| TargetError::Connection(service::exit::chain(&error)))
}

async fn from_file(path: &Path) -> Result<Config, TargetError> {
    let wrong = |why: String| TargetError::Connection(format!("{} cannot be used: {why}", path.display()));
    let kubeconfig = Kubeconfig::read_from(path).map_err(|error| wrong(service::exit::chain(&error)))?;
    let options = KubeConfigOptions::default();
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| wrong(service::exit::chain(&error)))
}
