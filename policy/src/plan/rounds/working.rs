//! New versions have to show that they work; one that does not goes back.

use super::{cluster, config, per_namespace, wants};
use crate::bundle::entry::{Body, Entry, Own, Template};
use crate::bundle::fixture::{bundle, hour, rule};
use crate::health::Health;
use crate::mode::Mode;
use crate::outcome::{OutcomeCode, UnitId};
use crate::plan::becomes;
use crate::plan::simulation::Cluster;
use crate::resolve::{Memo, Settings, Want, resolve, without_bundle};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MAP: &str = "ConfigMap shop/one";
const WEB: &str = "Deployment.apps shop/web";

fn web(image: u8) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"image": image.to_string()}})
}

fn rules(manifests: &[Value]) -> Vec<Entry> {
    vec![per_namespace("a", Mode::Enforce, manifests)]
}

/// A ConfigMap and a Deployment of one version.
fn version(number: u8) -> Vec<Entry> {
    rules(&[config("one", number), web(number)])
}

/// What objects say of themselves from now on.
fn says(cluster: &mut Cluster, health: &Health) {
    let all = cluster.inventory().keys().map(|id| (id.clone(), health.clone()));
    cluster.seen.health = all.collect();
}

fn ailing() -> Health {
    Health::Ailing("no pods".to_owned())
}

/// One round, as an agent makes it: the outcome, its reason and message, and how many steps it took.
fn round(cluster: &mut Cluster, entries: &[Entry], hours: i64) -> (OutcomeCode, String, usize) {
    let plan = cluster.plan(&wants(cluster, entries, hours), hour(hours));
    let (id, unit) = plan.units.first_key_value().unwrap();
    if let Some(was) = unit.gives_up {
        cluster.seen.refused.insert(id.clone(), BTreeMap::from([(was, unit.outcome.clone())]));
    }
    let said = format!("{} {}", unit.outcome.reason, unit.outcome.message);
    (unit.outcome.code, said, cluster.carry_out(&plan))
}

/// A cluster in which the first version works, and its steps are done.
fn working() -> Cluster {
    let mut cluster = cluster(&[("shop", "web")]);
    round(&mut cluster, &version(1), 0);
    says(&mut cluster, &Health::Well);
    round(&mut cluster, &version(1), 0);
    assert!(cluster.inventory().values().all(|row| row.trial_since.is_none()));
    cluster
}

fn versions(cluster: &Cluster) -> [Option<String>; 2] {
    let at = |id: &str, pointer: &str| Some(cluster.tree(id)?.pointer(pointer)?.as_str()?.to_owned());
    [at(MAP, "/data/value"), at(WEB, "/spec/image")]
}

fn both(version: &str) -> [Option<String>; 2] {
    [Some(version.to_owned()), Some(version.to_owned())]
}

#[test]
fn what_works_is_applied_and_waits_for_nothing_any_longer() {
    let mut cluster = working();
    assert_eq!(round(&mut cluster, &version(1), 1), (OutcomeCode::Applied, "AsWanted ".to_owned(), 0), "inv28");
    let (code, said, _) = round(&mut cluster, &version(2), 1);
    assert_eq!((code, said.starts_with("AwaitingHealth")), (OutcomeCode::Applied, true));
    says(&mut cluster, &ailing());
    let (code, said, steps) = round(&mut cluster, &version(2), 1);
    assert_eq!((code, steps), (OutcomeCode::Applied, 0));
    assert!(said.contains("Deployment.apps shop/web does not work: no pods; it has until"), "{said}");
    says(&mut cluster, &Health::Well);
    assert_eq!(round(&mut cluster, &version(2), 1), (OutcomeCode::Applied, "AsWanted ".to_owned(), 2));
    assert_eq!((versions(&cluster), round(&mut cluster, &version(2), 9).2), (both("2"), 0));
}

#[test]
fn objects_that_say_nothing_of_themselves_are_on_no_trial() {
    let mut cluster = cluster(&[("shop", "web")]);
    let said = round(&mut cluster, &rules(&[config("one", 1)]), 0).1;
    assert_eq!((said.as_str(), cluster.inventory().values().next().unwrap().trial_since), ("AsWanted ", None));
}

#[test]
fn inv26_what_does_not_work_in_time_goes_back_as_a_whole_and_is_not_tried_again() {
    let mut cluster = working();
    round(&mut cluster, &version(2), 1);
    says(&mut cluster, &ailing());
    let (code, said, steps) = round(&mut cluster, &version(2), 2);
    assert_eq!((code, steps), (OutcomeCode::RolledBack, 4));
    assert!(said.contains("Unhealthy Deployment.apps shop/web does not work: no pods"), "{said}");
    assert_eq!(versions(&cluster), both("1"));
    assert!(cluster.inventory().values().all(|row| row.trial_since.is_none()));
    assert_eq!(round(&mut cluster, &version(2), 3), (OutcomeCode::RolledBack, said, 0), "inv28");
    says(&mut cluster, &Health::Well);
    assert_eq!(round(&mut cluster, &version(3), 3).0, OutcomeCode::Applied, "another version is tried");
}

#[test]
fn what_nobody_can_say_anything_of_neither_works_nor_goes_back() {
    for health in [Some(Health::Unknown("the server does not answer".to_owned())), None] {
        let mut cluster = working();
        round(&mut cluster, &version(2), 1);
        cluster.seen.health.clear();
        health.iter().for_each(|health| says(&mut cluster, health));
        let (code, said, steps) = round(&mut cluster, &version(2), 9);
        assert_eq!((code, steps, versions(&cluster)), (OutcomeCode::Applied, 0, both("2")));
        assert!(said.starts_with("AwaitingHealth Deployment.apps shop/web has not shown that it works: "), "{said}");
        let again = cluster.plan(&wants(&cluster, &version(2), 9), hour(9)).again().unwrap();
        assert!(again > hour(9).get() && again < hour(10).get(), "it is asked again soon");
        says(&mut cluster, &ailing());
        assert_eq!(round(&mut cluster, &version(2), 9).0, OutcomeCode::RolledBack);
    }
}

#[test]
fn what_goes_back_is_what_worked_last() {
    let mut cluster = working();
    round(&mut cluster, &version(2), 1);
    says(&mut cluster, &ailing());
    round(&mut cluster, &version(3), 1);
    assert_eq!(versions(&cluster), both("3"));
    round(&mut cluster, &version(3), 2);
    assert_eq!(versions(&cluster), both("1"), "the second never worked");
    let mut reverted = working();
    round(&mut reverted, &version(2), 1);
    round(&mut reverted, &version(1), 1);
    assert!(reverted.inventory().values().all(|row| row.trial_since.is_none()), "the first has shown it already");
}

#[test]
fn nothing_of_the_version_before_goes_while_the_new_one_has_not_shown_that_it_works() {
    let mut cluster = working();
    let without_map = rules(&[web(2)]);
    round(&mut cluster, &without_map, 1);
    assert_eq!(versions(&cluster)[0].as_deref(), Some("1"));
    let mut lost = cluster.clone();
    says(&mut lost, &ailing());
    round(&mut lost, &without_map, 2);
    assert_eq!(versions(&lost), both("1"));
    says(&mut cluster, &Health::Well);
    round(&mut cluster, &without_map, 2);
    assert_eq!(versions(&cluster), [None, Some("2".to_owned())]);
}

#[test]
fn a_first_version_that_does_not_work_leaves_nothing_but_what_is_never_deleted() {
    let mut cluster = cluster(&[("shop", "web")]);
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "disk"}});
    let entries = rules(&[config("one", 1), claim, web(1)]);
    round(&mut cluster, &entries, 0);
    says(&mut cluster, &ailing());
    assert_eq!(round(&mut cluster, &entries, 1).0, OutcomeCode::RolledBack);
    assert_eq!(cluster.names(), ["PersistentVolumeClaim shop/disk"]);
    let rows = cluster.inventory().values();
    assert_eq!(rows.filter(|row| row.live() && row.trial_since.is_none()).count(), 1, "it is still ours");
    assert_eq!(cluster.inventory().len(), 1, "nothing of it counts as a removal");
    assert_eq!(round(&mut cluster, &entries, 2).2, 0);
}

#[test]
fn inv29_what_was_taken_over_from_somebody_stays_when_it_does_not_work() {
    let mut cluster = cluster(&[("shop", "web")]);
    let mut theirs = web(1);
    theirs["metadata"]["namespace"] = json!("shop");
    cluster.put(theirs);
    let template =
        Template { own: Own::Whole, adopt: true, per_namespace: true, manifest: web(2), namespace_at: Vec::new() };
    let body = Body::Objects { templates: vec![template], slots: Vec::new() };
    let entries = [rule("a", Mode::Enforce, Some(&[("team", "web")]), body)];
    round(&mut cluster, &entries, 0);
    says(&mut cluster, &ailing());
    assert_eq!(round(&mut cluster, &entries, 1).0, OutcomeCode::RolledBack);
    assert_eq!(versions(&cluster)[1].as_deref(), Some("2"));
}

#[test]
fn inv35_a_claim_that_was_cut_off_has_its_time_from_when_it_is_written() {
    let mut cluster = cluster(&[("shop", "web")]);
    let plan = cluster.plan(&wants(&cluster, &version(1), 0), hour(0));
    let transaction = plan.units.values().next().unwrap().transaction.clone().unwrap();
    let claims = transaction.moves.iter().filter(|step| matches!(step.step, crate::plan::Step::Claim(_)));
    let transaction =
        crate::plan::Transaction { moves: claims.cloned().collect(), ends: Default::default(), ..transaction };
    cluster.carry_out_first(&transaction, usize::MAX);
    assert_eq!(cluster.names().len(), 0);
    assert_eq!(round(&mut cluster, &version(1), 5).0, OutcomeCode::Applied);
    assert_eq!(versions(&cluster), both("1"));
    assert!(cluster.inventory().values().all(|row| row.trial_since == Some(hour(5).get())));
}

#[test]
fn inv26_without_a_bundle_what_does_not_work_goes_back_too() {
    let mut cluster = working();
    round(&mut cluster, &version(2), 1);
    says(&mut cluster, &ailing());
    let plan = cluster.plan(&without_bundle(&cluster.seen, None, hour(2)).wants, hour(2));
    assert_eq!(plan.units.values().next().unwrap().outcome.code, OutcomeCode::Unsupported);
    cluster.carry_out(&plan);
    assert_eq!(versions(&cluster), both("1"));
}

#[test]
fn the_plan_says_when_it_changes_by_itself() {
    let mut cluster = working();
    let wanted = |cluster: &Cluster| {
        resolve(&bundle(&version(2), Mode::Enforce), &cluster.seen, &Settings::default(), hour(1), &mut Memo::default())
            .wants
    };
    let plan = cluster.plan(&wanted(&cluster), hour(1));
    assert_eq!(plan.again(), Some(hour(1).get()), "what was written is looked at at once");
    cluster.carry_out(&plan);
    says(&mut cluster, &ailing());
    let until = hour(1).get() + jiff::SignedDuration::from_secs(60);
    assert_eq!(cluster.plan(&wanted(&cluster), hour(1)).again(), Some(until));
    says(&mut cluster, &Health::Well);
    assert_eq!(cluster.plan(&wanted(&cluster), hour(1)).again(), None);
}

#[test]
fn a_version_that_is_given_up_is_named_by_what_it_would_have_become() {
    let mut cluster = working();
    round(&mut cluster, &version(2), 1);
    says(&mut cluster, &ailing());
    let unit = UnitId { rule: "ConfigTemplate/a".parse().unwrap(), namespace: Some("shop".parse().unwrap()) };
    let wanted = wants(&cluster, &version(2), 2);
    let Want::Have(desired) = &wanted[&unit] else { panic!("enforced") };
    assert_eq!(cluster.plan(&wanted, hour(2)).units[&unit].gives_up, Some(becomes(desired)));
}
