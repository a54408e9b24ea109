//! Who holds which role in a cluster: a lifeline that is not cut, and bindings of others.

use crate::hub::{Hub, rule};
use crate::leaving::left;
use crate::world::World;
use policy::access::{Lifeline, Subject};
use policy::outcome::OutcomeCode;
use policy::resolve::LIFELINE;
use serde_json::{Value, json};
use writ_spoke_agent::reconcile::Round;

const ADMINS: &str = "objects/_cluster/ClusterRoleBinding.rbac.authorization.k8s.io.admins.yaml";

fn world() -> World {
    let world = World::new();
    let cluster = "apiVersion: writ.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n\
        spec:\n  facts: {kubernetes: '1.36', apis: [rbac.authorization.k8s.io/v1]}\n";
    world.write("cluster.yaml", cluster);
    world
}

fn binding(name: &str, namespace: Option<&str>, role: &str, group: &str) -> Value {
    let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
    let mut metadata = json!({"name": name, "annotations": {"writ.dev/exclusive": "true"}});
    if let Some(namespace) = namespace {
        metadata["namespace"] = json!(namespace);
    }
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}]})
}

fn sre() -> Lifeline {
    [Subject::Group { name: "sre".to_owned() }].into_iter().collect()
}

fn of(round: &Round) -> (OutcomeCode, &str) {
    let outcome = round.outcomes.values().next().unwrap();
    (outcome.code, outcome.reason.as_str())
}

#[tokio::test]
async fn the_last_of_the_lifeline_keeps_cluster_admin_until_another_has_it() {
    let (world, hub) = (world(), Hub::new().await);
    let mut reconciler = world.reconciler().guarding(sre());
    let admins = |group| rule("admins", &[binding("admins", None, "cluster-admin", group)]);
    let first = hub.bundle(1, &[admins("sre")]).await;
    assert_eq!(of(&reconciler.round(Some(&first), None).await.unwrap()).0, OutcomeCode::Applied);
    let stood = world.read(ADMINS).unwrap();
    let (to_others, none) = (hub.bundle(2, &[admins("others")]).await, hub.bundle(3, &[]).await);
    for bundle in [&to_others, &none] {
        let round = reconciler.round(Some(bundle), None).await.unwrap();
        assert_eq!(of(&round), (OutcomeCode::Failed, "Lifeline"));
        let grounds = reconciler.grounds();
        assert_eq!(grounds.decided.values().map(|by| by.row).collect::<Vec<_>>(), [LIFELINE], "no row of the table");
        assert_eq!(world.read(ADMINS).as_ref(), Some(&stood));
    }
    // What is kept is repaired.
    world.write(ADMINS, &stood.replace("name: sre", "name: sre\n- kind: User\n  name: eve"));
    assert_eq!(of(&reconciler.round(Some(&none), None).await.unwrap()), (OutcomeCode::Failed, "Lifeline"));
    assert_eq!(world.read(ADMINS), Some(stood));
    let theirs = serde_yaml::to_string(&binding("theirs", None, "cluster-admin", "sre")).unwrap();
    world.write(&ADMINS.replace("admins", "theirs"), &theirs);
    assert_eq!(of(&reconciler.round(Some(&none), None).await.unwrap()).0, OutcomeCode::Removed);
    assert!(world.read(ADMINS).is_none());
}

#[tokio::test]
async fn leaving_cuts_no_lifeline_either() {
    let (world, hub) = (world(), Hub::new().await);
    let bundle = hub.bundle(1, &[rule("admins", &[binding("admins", None, "cluster-admin", "sre")])]).await;
    world.reconciler().round(Some(&bundle), None).await.unwrap();
    let told = left(&world, &sre(), true).await;
    assert!(told.stuck.iter().any(|(_, why)| why.contains("nobody of the lifeline")), "{told:?}");
    assert!(world.read(ADMINS).is_some() && world.read("status/inventory.yaml").is_some());
    assert_eq!(left(&world, &Lifeline::default(), true).await.stuck, []);
    assert!(world.read(ADMINS).is_none());
}

#[tokio::test]
async fn a_binding_of_others_to_a_role_that_a_rule_gives_alone_is_told_until_it_is_gone() {
    let (world, hub) = (world(), Hub::new().await);
    let bundle = hub.bundle(1, &[rule("editors", &[binding("editors", Some("shop"), "edit", "editors")])]).await;
    let theirs = "objects/shop/RoleBinding.rbac.authorization.k8s.io.theirs.yaml";
    world.write(theirs, &serde_yaml::to_string(&binding("theirs", Some("shop"), "edit", "them")).unwrap());
    let mut reconciler = world.reconciler();
    for _ in 0..2 {
        let round = reconciler.round(Some(&bundle), None).await.unwrap();
        assert_eq!(of(&round).0, OutcomeCode::Applied);
        let [note] = round.notes.as_slice() else { panic!("{:?}", round.notes) };
        assert_eq!((note.reason.as_str(), note.namespace.as_ref().unwrap().as_str()), ("Foreign", "shop"));
        assert!(
            note.object.as_ref().unwrap().name.as_str() == "theirs" && note.message.contains("group them"),
            "{note:?}"
        );
    }
    std::fs::remove_file(world.root().join(theirs)).unwrap();
    assert_eq!(reconciler.round(Some(&bundle), None).await.unwrap().notes, []);
}
