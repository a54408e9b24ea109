//! What a real API server refuses: rights that were not granted, another's webhook, a finalizer, an API that is gone.
//! Each is one unit's outcome with the server's own words; the others proceed; nobody has to help once the cause is gone.

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};
use std::time::Duration;
use writ_e2e::proxy::Proxy;
use writ_e2e::webhook::Webhook;
use writ_e2e::world::{NAME, OWN, World};
use xtask::lab::cast::PATIENCE;
use xtask::lab::files;
use xtask::wait;

const QUOTA: &str = "ResourceGuard/team-quota";
const NOTICE_RULE: &str = "ConfigTemplate/eu-works-notice";
const NOTICE: &str = "regions/eu/intents/works-notice.yaml";

#[test]
fn what_a_cluster_refuses_is_one_units_outcome_until_it_does_so_no_longer() -> Result<()> {
    let mut world = World::without_agent(NAME)?;
    rights(&world, &[])?;
    let proxy = Proxy::start(&world.plane.user("agent", Some("agents"))?)?;
    world.join(&proxy.kubeconfig())?;
    is_not_permitted(&world, &proxy)?;
    is_denied_by_a_webhook(&world)?;
    is_held_by_a_finalizer(&world, &proxy)?;
    is_the_agents_own(&world)?;
    is_not_served_any_more(&world)?;
    world.end()
}

/// What the agent may do: what its rules need but for quotas, and of those these verbs.
fn rights(world: &World, quotas: &[&str]) -> Result<()> {
    let all = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": ["*"]});
    let mut rules = vec![
        all("", &["configmaps", "namespaces", "limitranges", "events"]),
        all("networking.k8s.io", &["networkpolicies"]),
        all("scheduling.k8s.io", &["priorityclasses"]),
        all("writ.dev", &["*"]),
        all("example.com", &["*"]),
        all("events.k8s.io", &["events"]),
    ];
    if !quotas.is_empty() {
        rules.push(json!({"apiGroups": [""], "resources": ["resourcequotas"], "verbs": quotas}));
    }
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "agent"}, "rules": rules});
    world.apply(&world.everywhere::<ClusterRole>(), role)?;
    let who = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "agents"}]);
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "agent"}, "subjects": who,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "agent"}});
    world.apply(&world.everywhere::<ClusterRoleBinding>(), binding).map(drop)
}

/// 403: verb and resource are named, the server is not stormed, and what is granted is used.
fn is_not_permitted(world: &World, proxy: &Proxy) -> Result<()> {
    world.becomes(QUOTA, Some("shop"), "NotPermitted", "cannot list resource \\\"resourcequotas\\\"")?;
    world.gets("observability", "otel", "compression", "zstd")?;
    rights(world, &["get", "list", "watch"])?;
    world.becomes(QUOTA, Some("shop"), "NotPermitted", "may not patch resourcequotas")?;
    proxy.forget();
    let stormed = || proxy.calls().iter().filter(|call| call.path.contains("/shop/resourcequotas/")).count();
    wait::throughout("the server is stormed", Duration::from_secs(2), || {
        ensure!(stormed() < 12, "{} requests", stormed());
        Ok(())
    })?;
    rights(world, &["*"])?;
    world.applied()
}

/// Whatever its rights: in the agent's own namespace no rule writes.
fn is_the_agents_own(world: &World) -> Result<()> {
    world.namespace(OWN, &json!({"team": "crowd"}))?;
    world.becomes(NOTICE_RULE, Some(OWN), "NotPermitted", "the agent's own namespace writ-system")?;
    ensure!(world.config_map(OWN, "notice").is_err(), "a rule wrote in {OWN}");
    world.namespace(OWN, &json!({}))?;
    world.applied()
}

/// Another's admission webhook: its own words, and the version before stays.
fn is_denied_by_a_webhook(world: &World) -> Result<()> {
    let webhook = Webhook::start()?;
    webhook.guards(world, "writ.dev/owned")?;
    webhook.denies(Some("notices are frozen until Monday"));
    wait::until("the webhook is asked", PATIENCE, || {
        let label = json!({"metadata": {"labels": {"writ.dev/owned": "true"}}});
        match world.edit(&world.within::<ConfigMap>("shop"), "notice", &label) {
            Err(error) if error.to_string().contains("frozen") => Ok(()),
            other => bail!("{other:?}"),
        }
    })?;
    let before = world.version("shop", "notice")?;
    world.change(NOTICE, "privacy@acme.example", "works-council@acme.example")?;
    let frozen = "admission webhook \\\"strict.example.com\\\" denied the request: notices are frozen until Monday";
    world.becomes("ConfigTemplate/eu-works-notice", Some("shop"), "RolledBack", frozen)?;
    world.gets("search", "notice", "contact", "works-council@acme.example")?;
    ensure!(world.version("shop", "notice")? == before, "what was refused changed something");
    webhook.denies(None);
    world.gets("shop", "notice", "contact", "works-council@acme.example")?;
    world.applied()
}

/// A finalizer holds what is to go: deleted once, told until it is gone.
fn is_held_by_a_finalizer(world: &World, proxy: &Proxy) -> Result<()> {
    let rule = "ConfigTemplate/telemetry";
    let maps = world.within::<ConfigMap>("observability");
    world.edit(&maps, "otel", &json!({"metadata": {"finalizers": ["example.com/backup"]}}))?;
    proxy.forget();
    let (file, kept) = (world.cast.repository.join("intents/observability/telemetry.yaml"), world.cast.commit_id()?);
    std::fs::remove_file(&file)?;
    xtask::demo::edit(&world.cast, "rulesets/baseline.yaml", "  - ConfigTemplate/telemetry\n", "")?;
    world.publish("Without telemetry")?;
    world.becomes(rule, None, "Removing", "finalizers")?;
    let deletes = || proxy.calls().iter().filter(|call| call.method == "DELETE").count();
    // One that came before the agent saw the finalizer was refused for its version.
    let before = deletes();
    // Each change of the cluster makes a round.
    for number in 0..5 {
        world.namespace("probe", &json!({"number": number.to_string()}))?;
    }
    wait::throughout("it is deleted again", Duration::from_secs(1), || {
        ensure!(deletes() == before, "{} deletes, {before} before", deletes());
        Ok(())
    })?;
    world.edit(&maps, "otel", &json!({"metadata": {"finalizers": null}}))?;
    wait::until("it is gone", PATIENCE, || {
        ensure!(world.kube.wait(maps.get_opt("otel"))?.is_none(), "it stands");
        Ok(())
    })?;
    world.applied()?;
    world.cast.restore(&kept)?;
    world.publish("With telemetry again")?;
    world.gets("observability", "otel", "compression", "zstd")
}

const WIDGETS: &str = "apiVersion: writ.dev/v1alpha1
kind: ConfigTemplate
metadata: {name: widgets}
spec:
  rationale: Every shop has its widget.
  risk: low
  mode: enforce
  scope: {clusters: {names: [eu-1]}}
  objects:
  - manifest:
      apiVersion: example.com/v1
      kind: Widget
      metadata: {name: main, namespace: shop}
      spec: {size: 3}
";

fn definition() -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}})
}

/// A custom resource's definition comes, goes under us, and comes back.
fn is_not_served_any_more(world: &World) -> Result<()> {
    let rule = "ConfigTemplate/widgets";
    files::write(&world.cast.repository.join("intents/platform/widgets.yaml"), WIDGETS)?;
    world.publish("Widgets")?;
    world.becomes(rule, None, "Unsupported", "example.com/v1")?;
    let definitions = world.everywhere::<CustomResourceDefinition>();
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Widget"));
    let widgets: Api<DynamicObject> = Api::namespaced_with(world.kube.client(), "shop", &kind);
    let stands = || {
        wait::until("the widget stands", PATIENCE, || {
            let size = world.kube.wait(widgets.get("main"))?.data.pointer("/spec/size").cloned();
            ensure!(size == Some(json!(3)), "{size:?}");
            Ok(())
        })
    };
    world.apply(&definitions, definition())?;
    stands()?;
    world.applied()?;
    let before = world.version("observability", "otel")?;
    world.kube.wait(definitions.delete("widgets.example.com", &DeleteParams::default()))?;
    wait::until("the unit says that its API is gone", PATIENCE, || {
        let outcome = world.outcome(rule, None)?.to_string();
        ensure!(outcome.contains("example.com/v1"), "{outcome}");
        Ok(())
    })?;
    let others = world.counts()?.get("Applied").copied().context("others are applied")?;
    ensure!(others > 5, "only {others} others");
    ensure!(world.version("observability", "otel")? == before, "another unit was touched");
    world.apply(&definitions, definition())?;
    stands()?;
    world.applied()
}
