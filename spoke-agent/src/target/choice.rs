//! Which target: the one place that knows all of them.

use super::directory::{self, Directory, Layout};
use super::kube::{self, Kube};
use super::{Target, TargetError, Telling};
use crate::cache::good::Good;
use crate::chance::Chance;
use jiff::Timestamp;
use policy::local::{Brakes, Change};
use policy::name::Namespace;
use service::clock::Clock;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Notify;

/// Where policy becomes objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A directory of YAML.
    Directory(PathBuf),
    /// A cluster behind a kube-apiserver.
    Kube {
        /// The file that says where and as whom; none: the cluster that this process runs in.
        kubeconfig: Option<PathBuf>,
        /// The agent's own namespace, which holds the inventory.
        namespace: Namespace,
    },
}

/// What a target needs of the agent.
#[derive(Clone)]
pub struct Means {
    /// Last good copies.
    pub good: Good,
    /// Randomness.
    pub chance: Arc<Chance>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the rounds.
    pub wake: Arc<Notify>,
}

impl Choice {
    /// Opens the target.
    ///
    /// # Errors
    /// [`TargetError`] when it is not there, or what stands there cannot be understood.
    pub async fn open(&self, means: Means) -> Result<Arc<dyn Target>, TargetError> {
        let Means { good, chance, clock, wake } = means;
        match self {
            Self::Directory(root) => Ok(Arc::new(Directory::open(root.clone(), good, chance)?)),
            Self::Kube { kubeconfig, namespace } => {
                let opened = Kube::open(kubeconfig.as_deref(), namespace.clone(), good, clock, wake);
                Ok(Arc::new(opened.await?))
            }
        }
    }

    /// Looks whether the target can be used; changes nothing.
    ///
    /// # Errors
    /// As [`Choice::open`].
    pub async fn inspect(&self) -> Result<(), TargetError> {
        match self {
            Self::Directory(root) => directory::inspect(root.clone()),
            Self::Kube { kubeconfig, namespace } => kube::inspect(kubeconfig.as_deref(), namespace).await,
        }
    }

    /// Changes the brakes, and gives all that are set then. No agent is needed for that.
    ///
    /// # Errors
    /// [`TargetError`] when the target cannot be read or written.
    pub async fn brake(&self, change: &Change) -> Result<Brakes, TargetError> {
        match self {
            Self::Directory(root) => directory::brake(&Layout::new(root.clone()), change),
            Self::Kube { kubeconfig, .. } => kube::brake(kubeconfig.as_deref(), change).await,
        }
    }

    /// What an agent told last, and when, without opening the target.
    ///
    /// # Errors
    /// [`TargetError`] when it cannot be read or understood.
    pub async fn told(&self) -> Result<Option<(Telling, Timestamp)>, TargetError> {
        let alone = |(enforcement, at)| {
            let (rules, verdicts) = (BTreeMap::new(), BTreeMap::new());
            (Telling { enforcement, rules, verdicts }, at)
        };
        match self {
            Self::Directory(root) => Ok(directory::told(&Layout::new(root.clone()))?.map(alone)),
            Self::Kube { kubeconfig, .. } => kube::told(kubeconfig.as_deref()).await,
        }
    }
}
