//! The status document, and what keeps it from being written.

use crate::following::context;
use crate::hub::Hub;
use crate::join::joined;
use crate::world::{World, until};
use std::sync::Arc;
use tokio::task::JoinSet;
use writ_spoke_agent::status;

#[tokio::test]
async fn a_status_that_could_not_be_read_is_a_fault_until_it_is_written() {
    let (world, hub) = (World::new(), Hub::new().await);
    joined(&world, &hub, &[]);
    world.write("status/enforcement.yaml", "no status");
    let started = world.agent().await;
    let faults = started.agent.faults.watch();
    assert!(faults.borrow().contains_key("status"), "{:?}", faults.borrow());
    let round = world.reconciler().round(None, None).await.unwrap();
    started.agent.round.send_replace(Some(Arc::new(round)));
    let mut tasks = JoinSet::new();
    tasks.spawn(status::run(Arc::clone(&started.agent), started.target, started.told, context()));
    until("it is written", || world.read("status/enforcement.yaml").is_some_and(|text| text.contains("Degraded")))
        .await;
    until("nothing is told of it any longer", || faults.borrow().is_empty()).await;
    let told = || started.agent.report.borrow().as_ref().map(|report| format!("{:?}", report.conditions));
    until("the report says so", || told().is_some_and(|told| !told.contains("enforcement.yaml"))).await;
}

#[tokio::test]
async fn a_status_that_cannot_be_written_is_a_fault_until_it_can() {
    let (world, hub) = (World::new(), Hub::new().await);
    joined(&world, &hub, &[]);
    let started = world.agent().await;
    // A folder where the document belongs.
    let path = world.root().join("status/enforcement.yaml");
    std::fs::create_dir_all(&path).unwrap();
    let round = world.reconciler().round(None, None).await.unwrap();
    started.agent.round.send_replace(Some(Arc::new(round)));
    let faults = started.agent.faults.watch();
    let mut tasks = JoinSet::new();
    tasks.spawn(status::run(Arc::clone(&started.agent), started.target, started.told, context()));
    until("it is told", || faults.borrow().contains_key("status")).await;
    std::fs::remove_dir(&path).unwrap();
    until("it is told no longer", || faults.borrow().is_empty() && path.is_file()).await;
}

#[tokio::test]
async fn a_time_that_could_not_be_read_is_a_fault_until_it_is_stored() {
    let (world, hub) = (World::new(), Hub::new().await);
    joined(&world, &hub, &[]);
    std::fs::write(world.data().join("time.json"), "{}").unwrap();
    let started = world.agent().await;
    let why = || started.agent.faults.watch().borrow().get("time").cloned().unwrap_or_default();
    assert!(why().contains("time.json"), "{}", why());
    started.agent.time.store();
    assert_eq!(why(), "");
}
