//! What the kinds of intents become on a real cluster: roles that allow and deny, network policies that stay as they are
//! written, and bounds that leave with their namespace.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::RoleBinding;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use std::fs;
use writ_e2e::access::{DEPLOYMENTS, Who, install_access, may};
use writ_e2e::notes::noted;
use writ_e2e::world::World;
use xtask::lab::cast::PATIENCE;
use xtask::{assets, wait};

const FILE: &str = "intents/trial.yaml";

const TRIAL: &str = "apiVersion: writ.dev/v1alpha1
kind: NetworkSegmentation
metadata: {name: trial}
spec:
  owner: {team: security}
  rationale: A trial is talked to by its own web pods only.
  risk: low
  mode: enforce
  scope: {clusters: {}, namespaces: {matchLabels: {purpose: trial}}}
  segments:
  - {name: web, pods: {matchLabels: {app: web}}, egress: {cidrs: [198.51.100.0/24], ports: [443, {port: 7000, endPort: 7010, protocol: SCTP}]}}
  - {name: db, pods: {matchExpressions: [{key: app, operator: In, values: [db]}]}}
  flows:
  - {from: [web], to: [db], ports: [{name: sql}]}
  - {from: [{namespaces: {except: [kube-system]}}], to: [web], ports: [8080]}
  - {from: [web], to: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]}
  encryption: required
---
apiVersion: writ.dev/v1alpha1
kind: AccessControl
metadata: {name: trial}
spec:
  owner: {team: security}
  rationale: Those who try things out see them; the pipeline deploys them.
  risk: low
  mode: enforce
  scope: {clusters: {}, namespaces: {matchLabels: {purpose: trial}}}
  grants:
  - {name: people, subjects: {groups: [oidc:trial]}, clusterRole: view}
  - name: pipeline
    subjects: {serviceAccounts: [{name: deployer}]}
    rules:
    - {verbs: [get, patch], apiGroups: [apps], resources: [deployments]}
    - {verbs: [get], apiGroups: [\"\"], resources: [configmaps], resourceNames: [release]}
";

const PERSON: Who<'_> = ("ada", "oidc:trial");
const PIPELINE: Who<'_> = ("system:serviceaccount:trial:deployer", "system:serviceaccounts");

fn names<K>(world: &World, api: &Api<K>) -> Result<Vec<String>>
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned + kube::Resource,
{
    let mut names: Vec<String> =
        world.kube.wait(api.list(&ListParams::default()))?.iter().map(ResourceExt::name_any).collect();
    names.retain(|name| name.starts_with("writ-trial"));
    names.sort();
    Ok(names)
}

fn versions(world: &World, policies: &Api<NetworkPolicy>) -> Result<Vec<Option<String>>> {
    let policies = world.kube.wait(policies.list(&ListParams::default()))?;
    Ok(policies.iter().map(ResourceExt::resource_version).collect())
}

/// Waits until the objects of the trial are exactly these.
fn stand<K>(world: &World, api: &Api<K>, wanted: &[&str]) -> Result<()>
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned + kube::Resource,
{
    wait::until(&format!("{wanted:?} stand"), PATIENCE, || {
        let found = names(world, api)?;
        ensure!(found.iter().map(String::as_str).eq(wanted.iter().copied()), "{found:?}");
        Ok(())
    })
}

#[test]
fn roles_allow_and_deny_and_policies_stay_as_they_are_written() -> Result<()> {
    let mut world = World::start()?;
    install_access(&world)?;
    serve_bounds(&world, false)?;
    // It looks at what is served when it starts, and else every ten seconds.
    world.cast.crash_spoke(world.name)?;
    world.namespace("trial", &json!({"purpose": "trial"}))?;
    fs::write(world.cast.repository.join(FILE), TRIAL)?;
    world.publish("A trial")?;
    let policies = world.within::<NetworkPolicy>("trial");
    stand(&world, &policies, &["writ-trial", "writ-trial-db", "writ-trial-web"])?;
    world.applied()?;

    allows_and_denies(&world)?;
    noted(&world, &["Unenforced NetworkSegmentation/trial NoMechanism"])?;
    bounds_are_written_in_the_newest_version(&mut world)?;

    // Nothing is written twice: an empty list is one that the server leaves out.
    let before = versions(&world, &policies)?;
    world.cast.crash_spoke(world.name)?;
    world.applied()?;
    ensure!(before == versions(&world, &policies)?, "a restart wrote a policy");

    another_role_is_another_binding(&world)?;

    // Access leaves at once; the policies linger.
    let namespaces = world.everywhere::<Namespace>();
    world.edit(&namespaces, "trial", &json!({"metadata": {"labels": {"purpose": null}}}))?;
    stand(&world, &world.within::<RoleBinding>("trial"), &[])?;
    wait::until("the pipeline may no longer deploy", PATIENCE, || {
        ensure!(!may(&world, PIPELINE, "patch", DEPLOYMENTS, Some("trial"))?, "it still may");
        Ok(())
    })?;
    stand(&world, &policies, &["writ-trial", "writ-trial-db", "writ-trial-web"])?;

    // What the cluster had for the namespace leaves with it.
    world.kube.wait(namespaces.delete("trial", &DeleteParams::default()))?;
    stand(&world, &bounds(&world, "v1beta1"), &[])?;
    world.end()
}

fn allows_and_denies(world: &World) -> Result<()> {
    wait::until("people may look", PATIENCE, || {
        ensure!(may(world, PERSON, "list", DEPLOYMENTS, Some("trial"))?, "not yet");
        Ok(())
    })?;
    for (who, verb, what, namespace, allowed) in [
        (PERSON, "patch", DEPLOYMENTS, "trial", false),
        (PERSON, "list", DEPLOYMENTS, "default", false),
        (PIPELINE, "patch", DEPLOYMENTS, "trial", true),
        (PIPELINE, "delete", DEPLOYMENTS, "trial", false),
        (PIPELINE, "patch", DEPLOYMENTS, "default", false),
        (PIPELINE, "get", ("", "configmaps", Some("release")), "trial", true),
        (PIPELINE, "get", ("", "configmaps", Some("other")), "trial", false),
        (("system:serviceaccount:default:deployer", "x"), "patch", DEPLOYMENTS, "trial", false),
    ] {
        let found = may(world, who, verb, what, Some(namespace))?;
        ensure!(found == allowed, "{who:?} may {verb} {what:?} in {namespace}: {found}");
    }
    Ok(())
}

fn another_role_is_another_binding(world: &World) -> Result<()> {
    let bindings = world.within::<RoleBinding>("trial");
    let before = names(world, &bindings)?;
    world.change(FILE, "clusterRole: view", "clusterRole: edit")?;
    wait::until("people may change things", PATIENCE, || {
        ensure!(may(world, PERSON, "patch", DEPLOYMENTS, Some("trial"))?, "not yet");
        let after = names(world, &bindings)?;
        ensure!(after.len() == before.len() && after != before, "{after:?}");
        Ok(())
    })
}

fn bounds(world: &World, version: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("policy.networking.k8s.io", version, "ClusterNetworkPolicy");
    Api::all_with(world.kube.client(), &ApiResource::from_gvk_with_plural(&kind, "clusternetworkpolicies"))
}

/// Has the cluster serve ClusterNetworkPolicy, which nobody enforces here: as its makers define it, and where wanted in
/// version v1beta1 too, which has the same schema.
fn serve_bounds(world: &World, beta: bool) -> Result<()> {
    let text = fs::read_to_string(assets::cluster_network_policy()?)?;
    let mut definition: Value = serde_yaml::from_str(&text)?;
    let versions = definition.pointer_mut("/spec/versions").and_then(Value::as_array_mut).context("no versions")?;
    let alpha = versions.first().context("no version")?.clone();
    ensure!(alpha.get("name") == Some(&json!("v1alpha2")) && versions.len() == 1, "other versions: {versions:?}");
    if beta {
        let mut beta = alpha;
        let fields = beta.as_object_mut().context("a version has fields")?;
        fields.extend([("name".to_owned(), json!("v1beta1")), ("storage".to_owned(), json!(false))]);
        versions.push(beta);
    }
    world.apply(&world.everywhere::<CustomResourceDefinition>(), definition)?;
    let version = if beta { "v1beta1" } else { "v1alpha2" };
    let bounds = bounds(world, version);
    wait::until("bounds are served", PATIENCE, || {
        world.kube.wait(bounds.list(&ListParams::default())).map(drop).map_err(Into::into)
    })
}

/// The version in which Writ has written the bounds last.
fn written_in(world: &World) -> Result<Option<String>> {
    let bound = world.kube.wait(bounds(world, "v1alpha2").get("writ-trial.trial"))?;
    let ours = bound.managed_fields().iter().find(|entry| entry.manager.as_deref() == Some("writ"));
    Ok(ours.and_then(|entry| entry.api_version.clone()))
}

fn bounds_are_written_in_the_newest_version(world: &mut World) -> Result<()> {
    let wanted = ["writ-trial-db.trial", "writ-trial-deny.trial", "writ-trial-web.trial", "writ-trial.trial"];
    stand(world, &bounds(world, "v1alpha2"), &wanted)?;
    ensure!(written_in(world)?.as_deref() == Some("policy.networking.k8s.io/v1alpha2"), "{:?}", written_in(world)?);
    serve_bounds(world, true)?;
    wait::until("the bounds are written in v1beta1", PATIENCE, || {
        let version = written_in(world)?;
        ensure!(version.as_deref() == Some("policy.networking.k8s.io/v1beta1"), "{version:?}");
        Ok(())
    })?;
    stand(world, &bounds(world, "v1beta1"), &wanted)?;
    world.applied()
}
