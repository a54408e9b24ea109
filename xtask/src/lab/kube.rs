//! What a real cluster begins with: its people's objects, and what an agent needs there.

use super::binaries;
use super::control_plane::ControlPlane;
use super::kubectl::Kubectl;
use crate::tools;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As whom an agent comes: the ServiceAccount that `writ-spoke install` makes.
const AGENT: &str = "system:serviceaccount:writ-system:writ-spoke";

/// Makes the objects of a folder, as the cluster's own people would.
///
/// # Errors
/// When the server refuses them.
pub fn seed(plane: &ControlPlane, seed: &Path) -> Result<()> {
    let admin = Kubectl::of(&plane.kubeconfig())?;
    // Namespaces come before what stands in them.
    admin.apply(&seed.join("objects/_cluster"), "platform")?;
    admin.apply(&seed.join("objects"), "platform")
}

/// Installs what an agent needs in a cluster, and gives the kubeconfig of its account.
///
/// # Errors
/// When it cannot be installed.
pub fn install(plane: &ControlPlane) -> Result<PathBuf> {
    let mut install = Command::new(binaries::path("writ-spoke")?);
    tools::stdout(install.args(["install", "--kubeconfig"]).arg(plane.kubeconfig()))?;
    agent(plane)
}

/// The kubeconfig of an agent's account.
///
/// # Errors
/// When it cannot be written.
pub fn agent(plane: &ControlPlane) -> Result<PathBuf> {
    plane.user(AGENT, None)
}
