//! Who holds which role in a real cluster: what rules give is given and taken, nobody is cut off, and what others give is
//! found.

use anyhow::{Result, ensure};
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use kube::api::DeleteParams;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use writ_e2e::access::{DEPLOYMENTS, What, Who, install_access, may};
use writ_e2e::notes::noted;
use writ_e2e::world::World;
use xtask::lab::cast::PATIENCE;
use xtask::wait;

const FILE: &str = "intents/access.yaml";
const ADMINS: &str = "AccessControl/admins";
const EDITORS: &str = "AccessControl/editors";
/// Long before the slow scan.
const AT_ONCE: Duration = Duration::from_secs(5);

const RULES: &str = "apiVersion: writ.dev/v1alpha1
kind: AccessControl
metadata: {name: admins}
spec:
  owner: {team: security}
  rationale: Who is on duty may do everything; probes read what nodes say.
  risk: critical
  mode: enforce
  scope: {clusters: {}}
  grants:
  - {name: duty, subjects: {groups: [oidc:duty]}, clusterRole: cluster-admin}
  - name: probes
    subjects: {serviceAccounts: [{name: prober, namespace: trial}]}
    rules: [{verbs: [get, list], apiGroups: [\"\"], resources: [nodes]}]
---
apiVersion: writ.dev/v1alpha1
kind: AccessControl
metadata: {name: editors}
spec:
  owner: {team: security}
  rationale: Those who try things out change them, and nobody else.
  risk: low
  mode: enforce
  scope: {clusters: {}, namespaces: {matchLabels: {purpose: trial}}}
  grants:
  - {name: people, subjects: {groups: [oidc:trial]}, clusterRole: edit, exclusive: true}
";

const DUTY: Who<'_> = ("dan", "oidc:duty");
const PERSON: Who<'_> = ("ada", "oidc:trial");
const EVE: Who<'_> = ("eve", "oidc:others");
const PROBER: Who<'_> = ("system:serviceaccount:trial:prober", "system:serviceaccounts");
const SECRETS: What<'_> = ("", "secrets", None);
const NODES: What<'_> = ("", "nodes", None);

/// Waits until somebody may do something in a namespace (or in all), or may no longer.
fn becomes(world: &World, who: Who<'_>, verb: &str, what: What<'_>, at: Option<&str>, allowed: bool) -> Result<()> {
    wait::until(&format!("{who:?} may {verb} {what:?} in {at:?}: {allowed}"), AT_ONCE, || {
        ensure!(may(world, who, verb, what, at)? == allowed, "not yet");
        Ok(())
    })
}

fn binding(name: &str, role: &str, user: &str) -> Value {
    json!({"metadata": {"name": name}, "apiVersion": "rbac.authorization.k8s.io/v1",
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]})
}

fn of_kind(kind: &str, mut binding: Value) -> Value {
    if let Some(binding) = binding.as_object_mut() {
        binding.insert("kind".to_owned(), json!(kind));
    }
    binding
}

#[test]
fn roles_are_given_and_taken_and_nobody_is_cut_off() -> Result<()> {
    let mut world = World::start()?;
    install_access(&world)?;
    world.set(&["lifeline: {groups: [oidc:duty], users: [root-on-call]}"])?;
    world.namespace("trial", &json!({"purpose": "trial"}))?;
    fs::write(world.cast.repository.join(FILE), RULES)?;
    world.publish("Who may do what")?;
    wait::until("the rules hold", PATIENCE, || {
        ensure!(may(&world, PERSON, "patch", DEPLOYMENTS, Some("trial"))?, "not yet");
        ensure!(may(&world, DUTY, "delete", SECRETS, None)?, "not yet");
        Ok(())
    })?;
    world.applied()?;
    for (who, verb, what, at, allowed) in [
        (DUTY, "delete", DEPLOYMENTS, Some("kube-system"), true),
        (PROBER, "list", NODES, None, true),
        (PROBER, "delete", NODES, None, false),
        (PROBER, "list", SECRETS, Some("trial"), false),
        (PERSON, "patch", DEPLOYMENTS, Some("default"), false),
        (PERSON, "list", NODES, None, false),
        (EVE, "patch", DEPLOYMENTS, Some("trial"), false),
    ] {
        let found = may(&world, who, verb, what, at)?;
        ensure!(found == allowed, "{who:?} may {verb} {what:?} in {at:?}: {found}");
    }
    what_others_give_is_found(&world)?;
    access_leaves_with_the_label(&world)?;
    the_last_keeps_what_it_has(&world)?;
    world.end()
}

fn what_others_give_is_found(world: &World) -> Result<()> {
    noted(world, &[])?;
    let (here, everywhere) = (world.within::<RoleBinding>("trial"), world.everywhere::<ClusterRoleBinding>());
    world.apply(&here, of_kind("RoleBinding", binding("sneaky", "edit", "eve")))?;
    noted(world, &["ForeignBinding AccessControl/editors Foreign sneaky"])?;
    world.apply(&everywhere, of_kind("ClusterRoleBinding", binding("wide", "edit", "eve")))?;
    world.apply(&here, of_kind("RoleBinding", binding("looks", "view", "eve")))?;
    let both =
        ["ForeignBinding AccessControl/editors Foreign wide", "ForeignBinding AccessControl/editors Foreign sneaky"];
    noted(world, &both)?;
    wait::until("the hub hears of it", AT_ONCE, || {
        let shown = world.cast.writ_json(&["cluster", "show", world.name])?;
        ensure!(shown.to_string().contains("ForeignBinding"), "{shown}");
        Ok(())
    })?;
    // They stand: Writ did not make them.
    ensure!(may(world, EVE, "patch", DEPLOYMENTS, Some("trial"))?, "what others made was taken away");
    world.kube.wait(here.delete("sneaky", &DeleteParams::default()))?;
    world.kube.wait(everywhere.delete("wide", &DeleteParams::default()))?;
    noted(world, &[])
}

fn access_leaves_with_the_label(world: &World) -> Result<()> {
    world.namespace("trial", &json!({}))?;
    becomes(world, PERSON, "patch", DEPLOYMENTS, Some("trial"), false)?;
    world.namespace("trial", &json!({"purpose": "trial"}))?;
    becomes(world, PERSON, "patch", DEPLOYMENTS, Some("trial"), true)
}

fn the_last_keeps_what_it_has(world: &World) -> Result<()> {
    world.change(FILE, "groups: [oidc:duty]", "groups: [oidc:others]")?;
    world.becomes(ADMINS, None, "Failed", "nobody of the lifeline")?;
    fs::remove_file(world.cast.repository.join(FILE))?;
    world.publish("Nobody may do anything")?;
    becomes(world, PERSON, "patch", DEPLOYMENTS, Some("trial"), false)?;
    world.becomes(ADMINS, None, "Failed", "Lifeline")?;
    ensure!(may(world, DUTY, "delete", SECRETS, None)? && !may(world, EVE, "delete", SECRETS, None)?, "it was cut");
    // Once another of them has it, the rule leaves by itself.
    let another = of_kind("ClusterRoleBinding", binding("on-call", "cluster-admin", "root-on-call"));
    world.apply(&world.everywhere::<ClusterRoleBinding>(), another)?;
    becomes(world, DUTY, "delete", SECRETS, None, false)?;
    world.applied()?;
    ensure!(world.outcome(EDITORS, None).is_err(), "its rule is gone");
    Ok(())
}
