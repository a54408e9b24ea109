//! Everything that needs a hub: whom to trust, a certificate, following. Whatever of it fails, what is in force stays.

use crate::agent::Agent;
use crate::blocking;
use crate::follow::{self, Voice};
use crate::identity::{Credentials, Files, Trusted, renew};
use crate::remembered;
use crate::start::in_force;
use crate::target::Target;
use policy::object::Object;
use service::supervisor::Context;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

/// What a connection begins with.
#[derive(Debug)]
pub struct Beginning {
    /// The agent's own folder.
    pub data: PathBuf,
    /// The identity's files.
    pub files: Files,
    /// Whom it trusts; none where the stored documents are not believed.
    pub trusted: Option<Trusted>,
    /// The status that stood in the cluster at the start: it holds the second watermark.
    pub told: Option<Object>,
    /// The cluster, where that status could not be read.
    pub target: Arc<dyn Target>,
}

/// Connects for ever.
///
/// # Errors
/// None: what goes wrong is told and tried again.
pub async fn run(agent: Arc<Agent>, beginning: Beginning, context: Context) -> Result<(), Infallible> {
    let Beginning { data, files, trusted, told, target } = beginning;
    let shutdown = context.shutdown.clone();
    let connected = async {
        let unread = agent.force().unread;
        let told = if unread { remembered::read(&agent, target.as_ref()).await } else { told };
        let trusted = match trusted {
            Some(trusted) => {
                if unread {
                    judge_again(&agent, &trusted, told.clone()).await;
                }
                if agent.force().unjudged.is_some() {
                    newer_trust(&agent, &trusted, told).await;
                }
                trusted
            }
            None => trust_again(&agent, data, told).await,
        };
        let (credentials, problem) = Credentials::of(trusted, files, &agent.cluster);
        let lack = |problem| format!("{}; {LACK}", service::exit::chain(&problem));
        agent.faults.put("identity", problem.map(lack));
        tokio::select! {
            () = renew::run(Arc::clone(&agent), credentials.clone()) => Ok(()),
            ended = follow::run(Arc::clone(&agent), credentials, context) => ended,
        }
    };
    tokio::select! {
        ended = connected => ended,
        () = shutdown.cancelled() => Ok(()),
    }
}

/// What happens while there is no certificate.
const LACK: &str = "what is in force stays, and the registered key asks the hub for another certificate";

/// The trust documents once more, from the one that the join string pinned, as at join. Then what is cached can be judged
/// again, before any hub offers anything.
async fn trust_again(agent: &Arc<Agent>, data: PathBuf, told: Option<Object>) -> Trusted {
    let trusted = fetched(agent, data).await;
    agent.trusted.send_replace(Some(trusted.clone()));
    judge_again(agent, &trusted, told).await;
    agent.faults.clear("trust");
    trusted
}

async fn judge_again(agent: &Arc<Agent>, trusted: &Trusted, told: Option<Object>) {
    let (chain, shared) = (trusted.chain(), Arc::clone(agent));
    let force = blocking::run(move || in_force(&shared, &chain, told.as_ref())).await;
    agent.put_in_force(force);
}

/// The head that the cluster remembers names a newer trust document than ours: that is asked for before any hub offers
/// anything. Where hubs answer and none has it, the agent goes on without: whoever writes to the cluster's status could
/// name anything.
async fn newer_trust(agent: &Arc<Agent>, trusted: &Trusted, told: Option<Object>) {
    let (mut failures, mut voice, mut answered) = (0, Voice::default(), false);
    while !answered {
        for hub in agent.hubs() {
            match trusted.refresh(&hub, agent.time.clock()).await {
                Ok(true) => {
                    agent.faults.clear("watermark");
                    return judge_again(agent, trusted, told).await;
                }
                Ok(false) => answered = true,
                Err(fault) => follow::lost(agent, &mut voice, &fault, None),
            }
        }
        if !answered {
            failures += 1;
            tokio::time::sleep(follow::wait(agent, failures)).await;
        }
    }
}

async fn fetched(agent: &Agent, data: PathBuf) -> Trusted {
    let (anchor, mut failures, mut voice) = (agent.joined.trust, 0, Voice::default());
    loop {
        for hub in agent.hubs() {
            match Trusted::pinned(&data, anchor, &hub, agent.time.clock()).await {
                Ok(trusted) => return trusted,
                Err(fault) => follow::lost(agent, &mut voice, &fault, None),
            }
        }
        failures += 1;
        tokio::time::sleep(follow::wait(agent, failures)).await;
    }
}
