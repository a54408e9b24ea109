//! Why something is as it is, in a large cluster.

use crate::hub::Hub;
use crate::join::joined;
use crate::world::World;
use policy::bundle::entry::Own;
use policy::mode::Mode;
use policy::object::Object;
use policy::outcome::{Outcome, OutcomeCode, UnitId};
use policy::resolve::{Decided, Desired, Modes, Want};
use proto::rest::explain::Asked;
use serde_json::json;
use service::clock::{Clock as _, SystemClock};
use std::sync::Arc;
use std::time::Duration;
use writ_spoke_agent::explain::{Grounds, explain};
use writ_spoke_agent::reconcile::Round;

const OBJECTS: usize = 5_000;

fn unit(number: usize) -> UnitId {
    let rule = format!("ConfigTemplate/r{}", number % 25).parse().unwrap();
    UnitId { rule, namespace: Some(format!("n{}", number / 25).parse().unwrap()) }
}

fn desired(unit: &UnitId) -> Desired {
    let metadata = json!({"name": unit.rule.name(), "namespace": unit.namespace});
    let object = Object::try_from(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})).unwrap();
    Desired { own: Own::Whole, adopt: false, object }
}

#[tokio::test]
async fn five_thousand_objects_are_explained_within_a_second() {
    let (world, hub) = (World::new(), Hub::new().await);
    joined(&world, &hub, &[]);
    let agent = world.agent().await.agent;
    let (mut grounds, mut round) = (Grounds::default(), Round::default());
    let modes = Modes { rule: Some(Mode::Enforce), cluster: Some(Mode::Enforce), ..Modes::default() };
    for unit in (0..OBJECTS).map(unit) {
        grounds.decided.insert(unit.clone(), Decided { row: "enforced", modes });
        grounds.wants.insert(unit.clone(), Want::Have(vec![desired(&unit)]));
        round.outcomes.insert(unit, Outcome::new(OutcomeCode::Applied, "AsWanted"));
    }
    let overruled = "constraint sized-by-hand of this cluster".to_owned();
    grounds.overruled.insert(unit(42 * 25 + 7), [overruled.clone()].into_iter().collect());
    let round = Arc::new(round);
    agent.history.lock().unwrap().note(&round, agent.time.now().get());
    agent.grounds.send_replace(Some(Arc::new(grounds)));
    agent.round.send_replace(Some(round));

    let clock = SystemClock::new();
    let began = clock.monotonic();
    let one = explain(&agent, &Asked::read("ConfigMap/r7", Some("n42".parse().unwrap())).unwrap()).unwrap();
    let all = explain(&agent, &Asked::read("ConfigTemplate/r7", None).unwrap()).unwrap();
    assert!(clock.monotonic() - began < Duration::from_secs(1));
    let [unit] = one.items[0].units.as_slice() else { panic!("{one:?}") };
    assert_eq!(unit.objects[0].state.as_deref(), Some("Owned"));
    assert_eq!(unit.transitions[0].code, OutcomeCode::Applied);
    assert_eq!(unit.overruled, [overruled]);
    assert_eq!(
        unit.decided.as_ref().map(|decided| (decided.row.as_str(), decided.mode)),
        Some(("enforced", Mode::Enforce))
    );
    assert_eq!((all.items.len(), all.items[0].units.len(), all.more), (1, 50, 150));
}
