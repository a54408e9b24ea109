//! Leaving a cluster that is a directory.

use crate::hub::{Hub, config_map, rule};
use crate::world::World;
use policy::access::Lifeline;
use std::sync::Arc;
use writ_spoke_agent::cache::StoredTime;
use writ_spoke_agent::cache::good::Good;
use writ_spoke_agent::faults::Faults;
use writ_spoke_agent::leave::{Left, leave};
use writ_spoke_agent::time::Time;

const FILE: &str = "objects/shop/ConfigMap..otel.yaml";
const THEIRS: &str = "objects/shop/ConfigMap..theirs.yaml";
const INVENTORY: &str = "status/inventory.yaml";

/// A directory in which one object is ours, and one only looks like it.
async fn enforced() -> (World, String) {
    let (world, hub) = (World::new(), Hub::new().await);
    let bundle = hub.bundle(1, &[rule("otel", &[config_map("otel", "v")])]).await;
    world.reconciler().round(Some(&bundle), None).await.unwrap();
    let ours = world.read(FILE).unwrap();
    world.write(THEIRS, &ours.replace("name: otel", "name: theirs"));
    world
        .write("status/enforcement.yaml", "apiVersion: writ.dev/v1alpha1\nkind: Enforcement\nmetadata: {name: writ}\n");
    (world, ours)
}

pub(crate) async fn left(world: &World, lifeline: &Lifeline, remove: bool) -> Left {
    let clock = Arc::new(service::clock::SystemClock::new());
    let time = Time::start(clock, StoredTime::under(&world.data()), Faults::default());
    leave(&world.directory(), &Good::under(&world.data()), &time, lifeline, remove).await.unwrap()
}

#[tokio::test]
async fn objects_stay_and_are_nobodys() {
    let (world, ours) = enforced().await;
    let told = left(&world, &Lifeline::default(), false).await;
    assert_eq!((told.removed.len(), told.stay.len(), told.stuck.len()), (0, 1, 0));
    assert_eq!(world.read(FILE), Some(ours));
    assert!(world.read(INVENTORY).is_none() && world.read("status/enforcement.yaml").is_none());
    assert_eq!(left(&world, &Lifeline::default(), true).await, Left::default(), "nothing is ours any longer");
    assert!(world.read(FILE).is_some());
}

#[tokio::test]
async fn inv29_only_what_the_inventory_lists_is_removed() {
    let (world, _) = enforced().await;
    let told = left(&world, &Lifeline::default(), true).await;
    assert_eq!((told.removed.len(), told.stay.len(), told.stuck.len()), (1, 0, 0));
    assert!(world.read(FILE).is_none() && world.read(INVENTORY).is_none());
    assert!(world.read(THEIRS).is_some() && world.read("objects/_cluster/Namespace..shop.yaml").is_some());
}
