//! What the cluster's operators say, as far as the agent may read it.

use super::World;
use super::{Kube, open};
use crate::target::{Sight, Target as _};
use policy::local::{BYTES, DOCUMENTS};
use policy::mode::Mode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const KINDS: [&str; 3] = ["Enforcement", "LocalConstraint", "Override"];

fn constraint(name: &str) -> Value {
    json!({"apiVersion": "writ.dev/v1alpha1", "kind": "LocalConstraint", "metadata": {"name": name},
        "spec": {"policy": "forbid (principal, action, resource);"}})
}

/// An agent of a cluster in which a constraint stands, and which may list what is `known`.
async fn begins(world: World, may: bool) -> World {
    let World { server, data, .. } = world;
    server.lets_list(&KINDS.map(|kind| (kind, kind != "LocalConstraint" || may)));
    server.has("LocalConstraint", constraint("hands-off"));
    let kube = open(&server, &data).await;
    World { server, kube, data }
}

async fn told(kube: &Kube) -> (Sight, String) {
    let sight = kube.observe().await.unwrap();
    let told = sight.oddities.iter().map(|odd| format!("{}: {}\n", odd.place, odd.why)).collect();
    (sight, told)
}

/// Looks again until it is as said.
async fn until(kube: &Kube, is_so: impl Fn(&Sight, &str) -> bool) {
    let so = async {
        loop {
            let (sight, told) = told(kube).await;
            if is_so(&sight, &told) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), so).await.expect("it never was so");
}

#[tokio::test]
async fn inv30_what_was_never_heard_of_constraints_caps_every_rule_until_they_can_be_read() {
    let world = begins(World::new().await, false).await;
    let (sight, said) = told(&world.kube).await;
    assert_eq!(sight.seen.local.unheard(), Some(Mode::Warn), "{said}");
    assert!(said.contains("LocalConstraint of writ.dev: nothing is known of them, so no rule goes further"), "{said}");
    assert!(said.contains("writ-spoke install"), "{said}");
    let again = world.kube.observe().await.unwrap().seen.local;
    assert!(Arc::ptr_eq(&sight.seen.local, &again), "nothing changed");

    world.server.lets_list(&[("LocalConstraint", true)]);
    until(&world.kube, |sight, said| sight.seen.local.constraints.len() == 1 && said.is_empty()).await;
    assert_eq!(world.kube.observe().await.unwrap().seen.local.unheard(), None);
}

#[tokio::test]
async fn inv26_of_more_documents_than_count_constraints_are_heard_and_the_rest_is_told() {
    let world = World::new().await;
    for number in 0..=DOCUMENTS {
        let spec = json!({"rule": "ResourceGuard/q", "field": "spec.quota[pods]", "value": "1", "reason": "r"});
        let name = format!("o{number:05}");
        let document =
            json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Override", "metadata": {"name": name}, "spec": spec});
        world.server.has("Override", document);
    }
    let mut long = constraint("long");
    long["spec"]["policy"] = json!("/".repeat(BYTES));
    world.server.has("LocalConstraint", long);
    let world = begins(world, true).await;
    let local = world.kube.observe().await.unwrap().seen.local;
    assert_eq!((local.constraints.len(), local.overrides.len()), (1, DOCUMENTS - 2));
    let told: Vec<_> = local.faulty.iter().map(|note| (note.rule.name().as_str(), note.reason.as_str())).collect();
    assert_eq!(told, [("long", "TooLarge"), ("o00998", "TooMany"), ("o00999", "TooMany"), ("o01000", "TooMany")]);
}
