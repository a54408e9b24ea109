//! What a real cluster begins with: its people's objects, and what an agent needs there.

use super::control_plane::ControlPlane;
use super::kubectl::Kubectl;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The agent's own namespace.
const OWN: &str = "writ-system";

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

/// Makes what an agent needs in a cluster, and gives the kubeconfig that it comes with.
///
/// # Errors
/// When it cannot be made.
pub fn install(plane: &ControlPlane) -> Result<PathBuf> {
    let kubeconfig = plane.kubeconfig();
    Kubectl::of(&kubeconfig)?.run(&["create", "namespace", OWN])?;
    Ok(kubeconfig)
}
