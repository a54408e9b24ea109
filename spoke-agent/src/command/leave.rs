//! `writ-spoke leave`.

use super::output::say;
use super::{ConfigFile, failed};
use crate::cache::StoredTime;
use crate::cache::good::Good;
use crate::chance::Chance;
use crate::config::Config;
use crate::faults::Faults;
use crate::identity::{Files, IdentityProblem};
use crate::leave::{Left, leave};
use crate::target::TargetError;
use crate::target::choice::Means;
use crate::time::Time;
use policy::name::ClusterName;
use policy::object::ObjectId;
use rand::rngs::StdRng;
use service::atomic;
use service::clock::{Clock, SystemClock};
use service::exit::Exit;
use service::help;
use service::lock::DirLock;
use std::sync::Arc;
use tokio::sync::Notify;

/// Stop enforcing for good: give up the inventory, the custom resources and the identity
///
/// All objects stay as they are, unless --remove-objects says otherwise; then what was made is deleted, and namespaces,
/// definitions, volumes, claims and classes still stay. The agent must not run. It may be repeated.
#[derive(Debug, clap::Args)]
#[command(after_help = help::below("writ-spoke leave --config spoke.yaml --remove-objects --cluster eu-1", &[
    (Exit::Fine, "left"),
    (Exit::Findings, "an agent runs, or something could not be removed; nothing was given up"),
    (Exit::Usage, "wrong usage or configuration, never joined, or the name of another cluster"),
    (Exit::Absent, "the cluster does not answer"),
]))]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) config: ConfigFile,
    /// Delete the objects that the inventory lists
    #[arg(long, requires = "cluster")]
    remove_objects: bool,
    /// The name of the cluster, so that no other is emptied
    #[arg(long, value_name = "NAME")]
    cluster: Option<ClusterName>,
}

/// It is not the cluster that a person means.
#[derive(Debug, thiserror::Error)]
#[error("this is the agent of cluster {0}, not of {1}; nothing was done")]
struct Another(ClusterName, ClusterName);

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Exit {
    let cluster = match Files::under(&config.data).joined() {
        Ok(Some(joined)) => joined.cluster,
        Ok(None) => return failed(&IdentityProblem::NotJoined(config.data.clone()), Exit::Usage),
        Err(problem) => return failed(&problem, Exit::Findings),
    };
    if let Some(other) = arguments.cluster.as_ref().filter(|other| **other != cluster) {
        return failed(&Another(cluster, other.clone()), Exit::Usage);
    }
    let _lock = match DirLock::acquire(&config.data) {
        Ok(lock) => lock,
        Err(error) => return failed(&error, Exit::Findings),
    };
    match left(config, arguments.remove_objects).await {
        Ok(left) if left.stuck.is_empty() => end(config, &cluster, &left),
        Ok(left) => stuck(&left),
        Err(error) if error.is_configuration() => failed(&error, Exit::Usage),
        Err(error) => failed(&error, if error.is_absence() { Exit::Absent } else { Exit::Findings }),
    }
}

async fn left(config: &Config, remove: bool) -> Result<Left, TargetError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let good = Good::under(&config.data);
    let chance = Arc::new(Chance::new(rand::make_rng::<StdRng>()));
    let means = Means { good: good.clone(), chance, clock: Arc::clone(&clock), wake: Arc::new(Notify::new()) };
    let target = config.target.open(means).await?;
    let time = Time::start(clock, StoredTime::under(&config.data), Faults::default());
    leave(target.as_ref(), &good, &time, &config.lifeline, remove).await
}

/// Without its identity nothing runs here any more.
fn end(config: &Config, cluster: &ClusterName, left: &Left) -> Exit {
    let identity = config.data.join("identity");
    if let Err(error) = atomic::remove_folder(&identity) {
        return failed(&error, Exit::Findings);
    }
    for id in &left.removed {
        say(&format!("removed {id}"), Exit::Fine);
    }
    some("stay as they are, and are no longer Writ's", &left.stay);
    some("lost what Writ had laid over them, and stay", &left.released);
    let data = config.data.display();
    say(
        &format!("left {cluster}; end its identity with `writ cluster revoke {cluster}`, and remove {data}"),
        Exit::Fine,
    )
}

/// Names some of many objects.
fn some(what: &str, ids: &[ObjectId]) {
    const FEW: usize = 20;
    if !ids.is_empty() {
        let few = ids.iter().take(FEW).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let more = if ids.len() > FEW { ", …" } else { "" };
        say(&format!("{what} ({}): {few}{more}", ids.len()), Exit::Fine);
    }
}

fn stuck(left: &Left) -> Exit {
    for (unit, why) in &left.stuck {
        say(&format!("not removed: {unit}: {why}"), Exit::Findings);
    }
    say("nothing was given up; the agent can run again, or leave again", Exit::Findings)
}
