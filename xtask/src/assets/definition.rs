//! Definitions of custom resources, as those publish them who made them: files of Go modules, pinned by version and
//! digest. Go's own cache keeps them.

use super::go;
use crate::tools::{self, root};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::path::PathBuf;

/// A file of a Go module.
struct Definition {
    /// The module and its version.
    module: &'static str,
    /// The digest of all of it, as go.sum writes it.
    sum: &'static str,
    /// The file in it.
    file: &'static str,
}

/// ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2).
const CLUSTER_NETWORK_POLICY: Definition = Definition {
    module: "sigs.k8s.io/network-policy-api@v0.2.0",
    sum: "h1:W/f0Y9VoeQdOWjX/h2gZyLH6gZ5LLEXmh/9wy9mQWKw=",
    file: "config/crd/standard/policy.networking.k8s.io_clusternetworkpolicies.yaml",
};

/// What `go mod download -json` tells.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Downloaded {
    dir: PathBuf,
    sum: String,
}

/// The file that defines ClusterNetworkPolicy; it is downloaded unless it is there.
///
/// # Errors
/// When Go is missing or reaches no module proxy, or what it got is not what is pinned.
pub fn cluster_network_policy() -> Result<PathBuf> {
    CLUSTER_NETWORK_POLICY.have()
}

impl Definition {
    fn have(&self) -> Result<PathBuf> {
        let mut call = go::command(&root());
        let told = tools::stdout(call.args(["mod", "download", "-json", self.module]))
            .with_context(|| format!("Go has to download {}, whose definitions the tests use", self.module))?;
        let downloaded: Downloaded = serde_json::from_str(&told).context("`go mod download -json` printed no JSON")?;
        let Downloaded { dir, sum } = downloaded;
        ensure!(sum == self.sum, "{} has the digest {sum}, and {} is pinned", self.module, self.sum);
        let file = dir.join(self.file);
        ensure!(file.is_file(), "{} has no {}", self.module, self.file);
        Ok(file)
    }
}
