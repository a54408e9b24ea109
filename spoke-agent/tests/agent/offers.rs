//! What a hub offers that cannot be taken up.

use crate::following::context;
use crate::hub::{Hub, config_map, rule};
use crate::join::joined;
use crate::serving::{Event, Serving};
use crate::world::{World, until};
use jiff::SignedDuration;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;
use writ_spoke_agent::agent::{Agent, Patience};
use writ_spoke_agent::connection;
use writ_spoke_agent::start::Started;

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

/// An agent that soon loses patience.
async fn impatient(world: &World, patience: Patience) -> Started {
    let mut started = world.agent().await;
    Arc::get_mut(&mut started.agent).unwrap().patience = patience;
    started
}

#[tokio::test]
async fn a_hub_that_takes_the_session_and_answers_nothing_is_left_for_another() {
    let (world, hub) = (World::new(), Arc::new(Hub::new().await));
    let rules = [rule("a", &[config_map("a", "v")])];
    let stalled = Serving::start(Arc::clone(&hub), hub.parts("eu-1", 1, &rules).await).await;
    let other = Serving::start(Arc::clone(&hub), hub.parts("eu-1", 1, &rules).await).await;
    stalled.stalls.store(true, Ordering::Relaxed);
    joined(&world, &hub, &[&stalled.address, &other.address]);
    let patience = Patience { answer: Duration::from_secs(1), ..Patience::default() };
    let started = impatient(&world, patience).await;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection::run(Arc::clone(&started.agent), started.beginning, context()));
    until("the other's is in force", || sequence(&started.agent) == Some(1)).await;
    assert!(stalled.fetches() > 0, "it was tried");
}

#[tokio::test]
async fn a_hub_whose_heads_stay_away_is_left_once_a_session_with_another_stands() {
    let (world, mut hub) = (World::new(), Hub::new().await);
    hub.fresh = SignedDuration::ZERO;
    let stale = hub.parts("eu-1", 1, &[]).await;
    hub.fresh = SignedDuration::from_mins(10);
    let (newer, hub) = (hub.parts("eu-1", 2, &[]).await, Arc::new(hub));
    let (silent, other) =
        (Serving::start(Arc::clone(&hub), stale).await, Serving::start(Arc::clone(&hub), newer).await);
    joined(&world, &hub, &[&silent.address, &other.address]);
    let patience = Patience { head: Duration::from_millis(100), ..Patience::default() };
    let started = impatient(&world, patience).await;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection::run(Arc::clone(&started.agent), started.beginning, context()));
    until("the stale one is in force", || sequence(&started.agent).is_some()).await;
    until("the newer one is in force", || sequence(&started.agent) == Some(2)).await;
    until("the silent one is left", || matches!(silent.events()[..], [Event::Followed(_), Event::Left(_)])).await;
    assert!(matches!(other.events()[..], [Event::Followed(_)]), "{:?}", other.events());
}
