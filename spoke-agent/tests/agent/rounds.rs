//! What rounds do to a cluster.

use crate::hub::{Hub, config_map, rule};
use crate::world::World;
use policy::object::Object;
use policy::outcome::OutcomeCode;
use policy::plan::{Expects, Step};
use serde_json::json;
use writ_spoke_agent::faults::Faults;
use writ_spoke_agent::reconcile::Round;
use writ_spoke_agent::target::{Refusal, Target as _};

const FILE: &str = "objects/shop/ConfigMap..otel.yaml";

fn code(round: &Round, name: &str) -> OutcomeCode {
    let found = round.outcomes.iter().find(|(unit, _)| unit.rule.name().as_str() == name);
    found.unwrap_or_else(|| panic!("{name} has no outcome: {round:?}")).1.code
}

#[tokio::test]
async fn inv28_a_second_round_writes_nothing() {
    let (world, hub) = (World::new(), Hub::new().await);
    let bundle = hub.bundle(1, &[rule("otel", &[config_map("otel", "v")])]).await;
    let round = world.reconciler().round(Some(&bundle), None).await.unwrap();
    assert_eq!(code(&round, "otel"), OutcomeCode::Applied);
    let stood = world.stand();
    assert!(world.read(FILE).unwrap().contains("k: v"));
    assert_eq!(world.reconciler().round(Some(&bundle), None).await.unwrap(), round);
    assert_eq!(world.stand(), stood);
}

fn parsed(text: &str) -> serde_json::Value {
    serde_yaml::from_str(text).unwrap()
}

#[tokio::test]
async fn what_is_tampered_with_is_repaired_even_without_any_bundle() {
    let (world, hub) = (World::new(), Hub::new().await);
    let bundle = hub.bundle(1, &[rule("otel", &[config_map("otel", "v")])]).await;
    world.reconciler().round(Some(&bundle), None).await.unwrap();
    let good = world.read(FILE).unwrap();
    for bundle in [Some(&bundle), None] {
        world.write(FILE, &good.replace("k: v", "k: tampered\n  theirs: stays"));
        world.reconciler().round(bundle, None).await.unwrap();
        let repaired = world.read(FILE).unwrap();
        assert!(repaired.contains("k: v") && repaired.contains("theirs: stays"), "{repaired}");
        std::fs::remove_file(world.root().join(FILE)).unwrap();
        world.reconciler().round(bundle, None).await.unwrap();
        assert!(world.read(FILE).is_some_and(|text| text.contains("k: v")));
        for garbled in ["", "data: [", "apiVersion: v1\nkind: Secret\nmetadata: {name: other}\n"] {
            world.write(FILE, garbled);
            world.reconciler().round(bundle, None).await.unwrap();
            assert_eq!(parsed(&world.read(FILE).unwrap()), parsed(&good), "{garbled:?}");
        }
    }
}

#[tokio::test]
async fn inv26_what_a_cluster_refuses_is_that_units_outcome_alone_and_nothing_of_it_is_written() {
    let (world, hub) = (World::new(), Hub::new().await);
    let unserved = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}});
    let entries = [rule("half", &[config_map("half", "v"), unserved]), rule("otel", &[config_map("otel", "v")])];
    let bundle = hub.bundle(1, &entries).await;
    let round = world.reconciler().round(Some(&bundle), None).await.unwrap();
    assert_eq!((code(&round, "half"), code(&round, "otel")), (OutcomeCode::RolledBack, OutcomeCode::Applied));
    assert!(world.read("objects/shop/ConfigMap..half.yaml").is_none());
    assert!(!world.read("status/inventory.yaml").unwrap().contains("half"));
}

#[tokio::test]
async fn inv26_a_write_that_fails_halfway_is_taken_back() {
    let (world, hub) = (World::new(), Hub::new().await);
    world.write("objects/_cluster/Namespace..zoo.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: zoo}\n");
    let first = hub.bundle(1, &[rule("pair", &[config_map("a", "old")])]).await;
    let mut reconciler = world.reconciler();
    reconciler.round(Some(&first), None).await.unwrap();
    // A link where the second object's folder belongs: a dry-run sees nothing there, and the write fails.
    std::os::unix::fs::symlink("/nonexistent", world.root().join("objects/zoo")).unwrap();
    let mut far = config_map("b", "new");
    far["metadata"]["namespace"] = json!("zoo");
    let second = hub.bundle(2, &[rule("pair", &[config_map("a", "new"), far])]).await;
    let round = reconciler.round(Some(&second), None).await.unwrap();
    assert_eq!(code(&round, "pair"), OutcomeCode::Failed);
    assert!(world.read("objects/shop/ConfigMap..a.yaml").unwrap().contains("k: old"));
    assert!(!world.read("status/inventory.yaml").unwrap().contains("zoo"));
}

#[tokio::test]
async fn inv29_a_foreign_object_of_that_name_is_left_alone() {
    let (world, hub) = (World::new(), Hub::new().await);
    let foreign = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: otel, namespace: shop}\ndata: {k: theirs}\n";
    world.write(FILE, foreign);
    let bundle = hub.bundle(1, &[rule("otel", &[config_map("otel", "v")])]).await;
    let round = world.reconciler().round(Some(&bundle), None).await.unwrap();
    assert_eq!(code(&round, "otel"), OutcomeCode::NameTaken);
    let object = round.outcomes.values().next().and_then(|outcome| outcome.object.clone());
    assert_eq!(object.map(|id| id.to_string()).as_deref(), Some("ConfigMap shop/otel"));
    let empty = hub.bundle(2, &[]).await;
    world.reconciler().round(Some(&empty), None).await.unwrap();
    assert_eq!(world.read(FILE).as_deref(), Some(foreign));
}

#[tokio::test]
async fn a_rule_that_leaves_takes_its_objects_along_and_a_field_that_leaves_too() {
    let (world, hub) = (World::new(), Hub::new().await);
    let mut two = config_map("otel", "v");
    two["data"]["gone"] = json!("soon");
    world.reconciler().round(Some(&hub.bundle(1, &[rule("otel", &[two])]).await), None).await.unwrap();
    assert!(world.read(FILE).unwrap().contains("gone: soon"));
    let one = hub.bundle(2, &[rule("otel", &[config_map("otel", "v")])]).await;
    world.reconciler().round(Some(&one), None).await.unwrap();
    assert!(!world.read(FILE).unwrap().contains("gone"));
    world.reconciler().round(Some(&hub.bundle(3, &[]).await), None).await.unwrap();
    assert!(world.read(FILE).is_none());
}

#[tokio::test]
async fn inv35_nothing_is_written_that_no_row_on_disk_speaks_of() {
    let (world, hub) = (World::new(), Hub::new().await);
    let (directory, now) = (world.directory(), "2026-11-21T03:00:00Z".parse().unwrap());
    let object = Object::try_from(config_map("otel", "v")).unwrap();
    let rule_name: policy::name::RuleName = "ConfigTemplate/otel".parse().unwrap();
    let (own, expects) = (policy::bundle::entry::Own::Whole, Expects::Absent);
    let step = Step::Apply { object, own, rule: rule_name, expects, adopt: false };
    let refused = directory.step(&step, now).await;
    assert!(matches!(refused, Err(Refusal::Unclaimed { .. })), "{refused:?}");
    assert!(world.read(FILE).is_none());
    // With a claim: the row is on disk as soon as the object is, long before the round settles.
    let bundle = hub.bundle(1, &[rule("otel", &[config_map("otel", "v")])]).await;
    let claim = claim_of(&bundle, &world).await;
    directory.step(&claim, now).await.unwrap();
    directory.step(&step, now).await.unwrap();
    assert!(world.read(FILE).is_some());
    assert!(world.read("status/inventory.yaml").unwrap().contains("otel"));
}

async fn claim_of(bundle: &policy::bundle::verify::Bundle, world: &World) -> Step {
    let seen = world.directory().observe().await.unwrap().seen;
    let clock = service::clock::SystemClock::new();
    let stored = writ_spoke_agent::cache::StoredTime::under(&world.data());
    let now = writ_spoke_agent::time::Time::start(std::sync::Arc::new(clock), stored, Faults::default()).now();
    let settings = policy::resolve::Settings::default();
    let wants = policy::resolve::resolve(bundle, &seen, &settings, now, &mut Default::default()).wants;
    let plan = policy::plan::plan(&wants, &Default::default(), &seen, &settings, now);
    let moves = plan.units.into_values().flat_map(|unit| unit.transaction).flat_map(|transaction| transaction.moves);
    moves.map(|step| step.step).find(|step| matches!(step, Step::Claim(_))).unwrap()
}

#[tokio::test]
async fn odd_files_are_told_and_links_are_not_followed() {
    let world = World::new();
    world.write("objects/shop/ConfigMap..other.yaml", &config_map("named-otherwise", "v").to_string());
    std::os::unix::fs::symlink("/etc/passwd", world.root().join("objects/shop/ConfigMap..link.yaml")).unwrap();
    let sight = world.directory().observe().await.unwrap();
    assert_eq!(sight.oddities.len(), 2, "{:?}", sight.oddities);
}
