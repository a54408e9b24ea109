//! What the operators of a real cluster say in it: overrides, constraints and the brake, with and without a hub.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, ResourceQuota};
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use writ_e2e::access;
use writ_e2e::trial;
use writ_e2e::world::World;
use xtask::lab::binaries;
use xtask::lab::cast::PATIENCE;
use xtask::{tools, wait};

/// What operators write counts within so long.
const SOON: Duration = Duration::from_secs(1);
/// A brake counts within so long.
const BRAKED: Duration = Duration::from_secs(10);
/// As long as something must not happen.
const LOOK: Duration = Duration::from_secs(2);
/// The agent's role.
const AGENT: &str = "writ-spoke";

fn begin() -> Result<World> {
    let world = World::start()?;
    for name in trial::NAMESPACES {
        world.namespace(name, &json!({"purpose": "trial"}))?;
    }
    trial::publish(&world.cast)?;
    for name in trial::NAMESPACES {
        has(&world, name, trial::DEFAULT, PATIENCE)?;
    }
    Ok(world)
}

fn quota(world: &World, namespace: &str) -> Result<ResourceQuota> {
    Ok(world.kube.wait(world.within::<ResourceQuota>(namespace).get(trial::QUOTA))?)
}

fn pods(world: &World, namespace: &str) -> Result<String> {
    let hard = quota(world, namespace)?.spec.and_then(|spec| spec.hard).unwrap_or_default();
    Ok(hard.get("pods").context("it bounds no pods")?.0.clone())
}

fn has(world: &World, namespace: &str, number: &str, limit: Duration) -> Result<()> {
    wait::until(&format!("{namespace} has {number}"), limit, || {
        let found = pods(world, namespace)?;
        ensure!(found == number, "{found}");
        Ok(())
    })
}

fn tamper(world: &World, namespace: &str, to: &str) -> Result<()> {
    let quotas = world.within::<ResourceQuota>(namespace);
    world.edit(&quotas, trial::QUOTA, &json!({"spec": {"hard": {"pods": to}}})).map(drop)
}

/// The documents of a kind of writ.dev.
fn documents(world: &World, kind: &str, plural: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("writ.dev", "v1alpha1", kind);
    Api::all_with(world.kube.client(), &ApiResource::from_gvk_with_plural(&kind, plural))
}

fn overrides(world: &World) -> Api<DynamicObject> {
    documents(world, "Override", "overrides")
}

fn constraints(world: &World) -> Api<DynamicObject> {
    documents(world, "LocalConstraint", "localconstraints")
}

fn put(world: &World, api: &Api<DynamicObject>, text: &str) -> Result<()> {
    world.apply(api, serde_yaml::from_str(text)?).map(drop)
}

/// Waits until a document's condition Accepted is as said.
fn answered(world: &World, api: &Api<DynamicObject>, name: &str, status: &str, reason: &str) -> Result<()> {
    wait::until(&format!("{name} is answered {reason}"), PATIENCE, || {
        let document = world.kube.wait(api.get(name))?;
        let told = document.data.pointer("/status/conditions/0").cloned().unwrap_or_default();
        let says = |field: &str, text: &str| told.get(field).and_then(Value::as_str) == Some(text);
        ensure!(says("type", "Accepted") && says("status", status) && says("reason", reason), "{told}");
        Ok(())
    })
}

#[test]
fn an_override_counts_within_a_second_and_one_outside_its_bounds_is_a_finding_at_the_hub() -> Result<()> {
    let mut world = begin()?;
    let [a, b] = trial::NAMESPACES;
    // Nothing was ever said here: what is said first counts as fast as what is said later.
    world.cast.stop_hub()?;
    for number in ["60", "70"] {
        put(&world, &overrides(&world), &trial::pods("small", number))?;
        has(&world, a, number, SOON)?;
        has(&world, b, number, SOON)?;
    }
    answered(&world, &overrides(&world), "small", "True", "Counts")?;
    put(&world, &overrides(&world), &trial::pods("small", "500"))?;
    has(&world, a, trial::DEFAULT, SOON)?;
    answered(&world, &overrides(&world), "small", "False", "OutOfBounds")?;
    world.cast.start_hub()?;
    wait::until("the hub knows of the refused override", PATIENCE, || {
        let shown = world.cast.writ(&["cluster", "show", world.name])?;
        ensure!(shown.contains("OverrideRefused") && shown.contains("small"), "{shown}");
        Ok(())
    })?;

    // A document that is as it was is not answered again, whoever starts.
    let version = || Ok::<_, anyhow::Error>(world.kube.wait(overrides(&world).get("small"))?.resource_version());
    let before = version()?;
    world.cast.crash_spoke(world.name)?;
    wait::until("it tells the same again", PATIENCE, || {
        let status = world.status()?;
        ensure!(status.to_string().contains("OutOfBounds"), "{status}");
        Ok(())
    })?;
    ensure!(world.kube.wait(overrides(&world).get("small"))?.resource_version() == before, "a start answered again");
    world.end()
}

#[test]
fn inv29_a_veto_leaves_an_object_standing_and_ends_with_its_constraint() -> Result<()> {
    let mut world = begin()?;
    let [a, b] = trial::NAMESPACES;
    let uid = quota(&world, a)?.uid();
    put(&world, &constraints(&world), &trial::constraint("hands-off", &trial::veto(a)))?;
    world.becomes(trial::RULE, Some(a), "Vetoed", "sized by hand")?;
    answered(&world, &constraints(&world), "hands-off", "True", "Counts")?;
    tamper(&world, a, "7")?;
    tamper(&world, b, "8")?;
    has(&world, b, trial::DEFAULT, PATIENCE)?;
    wait::throughout("what is vetoed is left alone", LOOK, || {
        let found = pods(&world, a)?;
        ensure!(found == "7", "{found}");
        world.has(a, "trial", "note", "trial")
    })?;
    // A start reads constraints before it writes anything.
    world.cast.crash_spoke(world.name)?;
    world.becomes(trial::RULE, Some(a), "Vetoed", "sized by hand")?;
    ensure!(pods(&world, a)? == "7" && quota(&world, a)?.uid() == uid, "a start wrote what is vetoed");
    is_not_run_over_unread(&mut world)?;

    world.kube.wait(constraints(&world).delete("hands-off", &kube::api::DeleteParams::default()))?;
    has(&world, a, trial::DEFAULT, PATIENCE)?;
    world.applied()?;
    ensure!(quota(&world, a)?.uid() == uid, "it was made anew");
    put(&world, &constraints(&world), &trial::constraint("all", "permit (principal, action, resource);"))?;
    answered(&world, &constraints(&world), "all", "False", "Permit")?;
    world.applied()?;
    world.end()
}

/// An agent that may not read constraints, and never could, writes over none, and says what to do.
fn is_not_run_over_unread(world: &mut World) -> Result<()> {
    let [a, b] = trial::NAMESPACES;
    let roles = world.everywhere::<ClusterRole>();
    let before = world.kube.wait(roles.get(AGENT))?.rules;
    let reads = |rule: &PolicyRule| rule.resources.iter().flatten().any(|resource| resource == "localconstraints");
    let rest: Vec<PolicyRule> = before.iter().flatten().filter(|rule| !reads(rule)).cloned().collect();
    let may = |world: &World, list: bool| {
        let agent = ("system:serviceaccount:writ-system:writ-spoke", "system:serviceaccounts");
        let what = ("writ.dev", "localconstraints", None);
        wait::until("the server knows what the agent may", PATIENCE, || {
            ensure!(access::may(world, agent, "list", what, None)? == list, "not yet");
            Ok(())
        })
    };
    world.cast.kill_spoke(world.name)?;
    world.edit(&roles, AGENT, &json!({"rules": rest}))?;
    may(world, false)?;
    world.cast.run_spoke(world.name)?;
    world.condition("Degraded", true, "LocalConstraint of writ.dev: nothing is known of them")?;
    world.condition("Degraded", true, "writ-spoke install")?;
    world.becomes(trial::RULE, Some(a), "WouldApply", "")?;
    tamper(world, b, "8")?;
    world.becomes(trial::RULE, Some(b), "WouldApply", "")?;
    ensure!(pods(world, a)? == "7" && pods(world, b)? == "8", "it wrote although it may not read constraints");
    world.edit(&roles, AGENT, &json!({"rules": before}))?;
    may(world, true)?;
    has(world, b, trial::DEFAULT, PATIENCE)?;
    world.becomes(trial::RULE, Some(a), "Vetoed", "sized by hand")?;
    ensure!(pods(world, a)? == "7", "what is vetoed was written");
    Ok(())
}

/// `writ-spoke brake` as the person of a kubeconfig.
fn brake(arguments: &[&str], kubeconfig: &Path) -> Result<Output> {
    let mut command = Command::new(binaries::path("writ-spoke")?);
    tools::output(command.arg("brake").args(arguments).arg("--kubeconfig").arg(kubeconfig))
}

#[test]
fn inv30_an_operator_of_the_cluster_brakes_without_hub_and_agent() -> Result<()> {
    let mut world = begin()?;
    let [a, b] = trial::NAMESPACES;
    let operator = world.plane.user("olga", Some("oncall"))?;
    let refused = brake(&["--for", "1h", "--reason", "INC-7"], &operator)?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(refused.status.code() == Some(1) && said.contains("writ-operator"), "{refused:?}");
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "oncall"}, "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "oncall"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "writ-operator"}});
    world.apply(&world.everywhere::<k8s_openapi::api::rbac::v1::ClusterRoleBinding>(), binding)?;
    world.cast.stop_hub()?;

    // The agent runs: it takes note, and reports instead of repairing.
    wait::until("the operator may brake", PATIENCE, || {
        let set = brake(&["--for", "1h", "--reason", "INC-7"], &operator)?;
        ensure!(set.status.success(), "{set:?}");
        Ok(())
    })?;
    wait::until("the brake counts", BRAKED, || world.condition("Braked", true, "INC-7"))?;
    tamper(&world, a, "7")?;
    world.becomes(trial::RULE, Some(a), "WouldApply", "")?;
    events(&world, "Braked")?;
    world.cast.crash_spoke(world.name)?;
    world.becomes(trial::RULE, Some(a), "WouldApply", "")?;
    wait::throughout("nothing is repaired", LOOK, || {
        let found = pods(&world, a)?;
        ensure!(found == "7", "{found}");
        Ok(())
    })?;

    // No agent runs: the brake is cleared for all, and set for a moment by hand, as kubectl would.
    world.cast.kill_spoke(world.name)?;
    ensure!(brake(&["--clear"], &operator)?.status.success(), "it could not be cleared");
    let moment = brake(&[trial::RULE, "--for", "8s", "--reason", "a moment", "--output", "json"], &operator)?;
    let set: Value = serde_json::from_slice(&moment.stdout)?;
    ensure!(set.pointer("/items/0/rule") == Some(&json!(trial::RULE)), "{set}");
    world.cast.run_spoke(world.name)?;
    world.condition("Braked", true, "a moment")?;
    let maps = world.within::<ConfigMap>(b);
    world.edit(&maps, "trial", &json!({"data": {"note": "none"}}))?;
    world.gets(b, "trial", "note", "trial")?;
    // Its end is nobody's doing, and what was changed meanwhile is repaired.
    has(&world, a, trial::DEFAULT, PATIENCE)?;
    world.condition("Braked", false, "")?;
    events(&world, "BrakeOver")?;

    let annotation = json!({"metadata": {"annotations": {"writ.dev/brake-until": "soon"}}});
    world.edit(&documents(&world, "Enforcement", "enforcements"), "writ", &annotation)?;
    world.condition("Degraded", true, "`soon` is no time")?;
    world.condition("Braked", false, "")?;
    world.end()
}

/// Waits until an Event tells this reason.
fn events(world: &World, reason: &str) -> Result<()> {
    let events = world.within::<k8s_openapi::api::events::v1::Event>("default");
    wait::until(&format!("an Event says {reason}"), PATIENCE, || {
        let all = world.kube.wait(events.list(&kube::api::ListParams::default()))?;
        ensure!(all.iter().any(|event| event.reason.as_deref() == Some(reason)), "none does");
        Ok(())
    })
}
