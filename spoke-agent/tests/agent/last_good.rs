//! What stays at its last good version.

use crate::world::{Hub, World, config_map, rule};
use policy::mode::Mode;
use policy::outcome::OutcomeCode;
use serde_json::json;
use writ_spoke_agent::reconcile::Round;

const FILE: &str = "objects/shop/ConfigMap..otel.yaml";

fn only(round: &Round) -> (OutcomeCode, &str) {
    let outcome = round.outcomes.values().next().unwrap();
    (outcome.code, outcome.reason.as_str())
}

fn tamper(world: &World) {
    world.write(FILE, &world.read(FILE).unwrap().replace("k: one", "k: tampered"));
}

fn stands(world: &World) -> bool {
    world.read(FILE).is_some_and(|text| text.contains("k: one"))
}

#[tokio::test]
async fn inv26_a_refused_version_leaves_the_one_before_and_its_repair() {
    let (world, hub) = (World::new(), Hub::new().await);
    let mut reconciler = world.reconciler();
    let first = hub.bundle(1, &[rule("otel", &[config_map("otel", "one")])]).await;
    reconciler.round(Some(&first), None).await.unwrap();
    let unserved = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}});
    let second = hub.bundle(2, &[rule("otel", &[config_map("otel", "two"), unserved])]).await;
    // Each try waits twice as long as the one before, so that soon there is a round in which none is made.
    for _ in 0..6 {
        tamper(&world);
        let round = reconciler.round(Some(&second), None).await.unwrap();
        assert_eq!(only(&round), (OutcomeCode::RolledBack, "NotServed"));
    }
    assert!(stands(&world));
    assert!(reconciler.again().is_some());
    let third = hub.bundle(3, &[rule("otel", &[config_map("otel", "three")])]).await;
    let round = reconciler.round(Some(&third), None).await.unwrap();
    assert_eq!(only(&round).0, OutcomeCode::Applied);
    assert!(world.read(FILE).unwrap().contains("k: three"));
}

#[tokio::test]
async fn inv26_without_a_bundle_the_mode_of_the_newest_head_holds() {
    let (world, hub) = (World::new(), Hub::new().await);
    let bundle = hub.bundle(1, &[rule("otel", &[config_map("otel", "one")])]).await;
    world.reconciler().round(Some(&bundle), None).await.unwrap();
    tamper(&world);
    world.reconciler().round(None, Some(Mode::Warn)).await.unwrap();
    assert!(!stands(&world), "below enforce nothing is written");
    world.reconciler().round(None, Some(Mode::Enforce)).await.unwrap();
    assert!(!stands(&world), "it was not enforced when it was last planned, and that outlives a restart");
    world.reconciler().round(Some(&bundle), None).await.unwrap();
    tamper(&world);
    world.reconciler().round(None, Some(Mode::Enforce)).await.unwrap();
    assert!(stands(&world));
}
