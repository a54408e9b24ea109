//! What a hub offers that cannot be taken up.

use crate::following::context;
use crate::hub::{Hub, config_map, rule};
use crate::join::joined;
use crate::serving::{Event, Serving};
use crate::world::{World, until};
use std::sync::Arc;
use tokio::task::JoinSet;
use writ_spoke_agent::agent::Agent;
use writ_spoke_agent::connection;

fn why(agent: &Agent) -> String {
    agent.faults.watch().borrow().get("offer").cloned().unwrap_or_default()
}

fn sequence(agent: &Agent) -> Option<u64> {
    agent.force().bundle.as_ref().map(|bundle| bundle.head().sequence)
}

#[tokio::test]
async fn a_refused_offer_ends_no_session_and_the_next_is_taken_up() {
    let (world, hub) = (World::new(), Arc::new(Hub::new().await));
    let serving = Serving::start(Arc::clone(&hub), hub.parts("eu-2", 1, &[]).await).await;
    joined(&world, &hub, &[&serving.address]);
    let started = world.agent().await;
    let agent = started.agent;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection::run(Arc::clone(&agent), started.beginning, context()));
    until("it is refused", || why(&agent).contains("Audience")).await;
    serving.publish(hub.parts("eu-1", 2, &[]).await);
    until("the next is in force", || sequence(&agent) == Some(2)).await;
    assert!(matches!(serving.events()[..], [Event::Followed(_)]), "{:?}", serving.events());
    until("all is well", || why(&agent).is_empty()).await;
}

#[tokio::test]
async fn what_cannot_be_stored_is_fetched_once_and_stored_when_it_can() {
    let (world, hub) = (World::new(), Arc::new(Hub::new().await));
    let parts = hub.parts("eu-1", 1, &[rule("a", &[config_map("a", "v")])]).await;
    let serving = Serving::start(Arc::clone(&hub), parts).await;
    joined(&world, &hub, &[&serving.address]);
    let started = world.agent().await;
    let agent = started.agent;
    // A file where the folder belongs.
    let folder = world.data().join("bundle");
    std::fs::write(&folder, "").unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(connection::run(Arc::clone(&agent), started.beginning, context()));
    until("it cannot be stored", || why(&agent).contains("cannot be stored")).await;
    std::fs::remove_file(&folder).unwrap();
    until("it is in force", || sequence(&agent) == Some(1)).await;
    assert_eq!(serving.fetches(), 2, "the contents, and the entries");
    assert!(matches!(serving.events()[..], [Event::Followed(_)]), "{:?}", serving.events());
}
