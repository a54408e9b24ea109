//! What an agent tells in its cluster, and what the cluster remembers of it.

use ::kube::api::DeleteParams;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use writ_e2e::world::{NAME, World};
use xtask::lab::cast::PATIENCE;
use xtask::lab::kubectl::Kubectl;
use xtask::lab::{binaries, files, kube};
use xtask::{tools, wait};

const TELEMETRY: &str = "intents/observability/telemetry.yaml";
const NOTICE: &str = "regions/eu/intents/works-notice.yaml";
const QUOTA: &str = "resourceguard.team-quota";
/// An agent looks at what it has to tell every 2 s, whatever happens.
const LOOK: Duration = Duration::from_secs(3);

fn admin(world: &World) -> Result<Kubectl> {
    Kubectl::of(&world.plane.kubeconfig())
}

/// A table of kubectl: the row that begins with `name`, by column.
fn row(table: &str, name: &str) -> Result<Vec<(String, String)>> {
    let mut lines = table.lines();
    let heading: Vec<&str> = lines.next().context("no heading")?.split_whitespace().collect();
    let row = lines.find(|line| line.starts_with(name)).with_context(|| format!("no {name} in\n{table}"))?;
    // Columns are told apart by more than one space.
    let cells = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned);
    Ok(heading.into_iter().map(str::to_owned).zip(cells).collect())
}

fn cell<'a>(row: &'a [(String, String)], column: &str) -> &'a str {
    row.iter().find(|(name, _)| name == column).map_or("", |(_, cell)| cell)
}

/// The versions of all that the agent tells.
fn versions(kubectl: &Kubectl) -> Result<Value> {
    let all = kubectl.json(&["get", "enforcements,rulestatuses", "--output", "json"])?;
    let items = all.get("items").and_then(Value::as_array).context("no items")?;
    ensure!(items.len() > 3, "{} documents", items.len());
    let version = |item: &Value| json!([item.pointer("/metadata/name"), item.pointer("/metadata/resourceVersion")]);
    Ok(items.iter().map(version).collect())
}

/// Our Events in a namespace: type, reason, and what they are about.
fn events(kubectl: &Kubectl, namespace: &str) -> Result<Vec<String>> {
    let ours = "--field-selector=reportingComponent=writ.dev/spoke";
    let columns = "--output=custom-columns=T:.type,R:.reason,K:.involvedObject.kind,N:.involvedObject.name";
    let table = kubectl.run(&["get", "events", "--no-headers", "--namespace", namespace, ours, columns])?;
    let mut rows: Vec<String> =
        table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    rows.sort();
    Ok(rows)
}

/// A finding is told where people look: at the rule, in the namespace, at the object; and so is its end.
fn findings_are_told(world: &World, kubectl: &Kubectl) -> Result<()> {
    world.namespace("crowded", &json!({}))?;
    let maps = world.within::<ConfigMap>("crowded");
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notice"}});
    world.apply(&maps, theirs)?;
    world.namespace("crowded", &json!({"team": "crowd"}))?;
    let taken = "Warning NameTaken ConfigMap notice";
    wait::until("it is an Event", PATIENCE, || {
        let found = events(kubectl, "crowded")?;
        ensure!(found == [taken], "{found:?}");
        Ok(())
    })?;
    let described = kubectl.run(&["describe", "configmap", "notice", "--namespace", "crowded"])?;
    ensure!(described.contains("NameTaken") && described.contains("eu-works-notice in crowded is"), "{described}");
    let rule = kubectl.run(&["get", "rulestatus", "configtemplate.eu-works-notice", "--output", "wide"])?;
    ensure!(rule.contains("1 NameTaken") && rule.contains("NameTaken in crowded: "), "{rule}");

    world.kube.wait(maps.delete("notice", &DeleteParams::default()))?;
    wait::until("its end is an Event too", PATIENCE, || {
        let found = events(kubectl, "crowded")?;
        ensure!(found == [taken], "{found:?}");
        let cluster = events(kubectl, "default")?;
        let end = "Normal Applied RuleStatus configtemplate.eu-works-notice";
        ensure!(cluster.contains(&end.to_owned()), "{cluster:?}");
        Ok(())
    })
}

/// Installs all but these definitions. To delete them after would not do: a server that has only just been given a
/// definition says of its objects that their storage is initializing, and tries to delete them again minutes later.
fn install_without(kubectl: &Kubectl, lacking: &[&str]) -> Result<()> {
    let mut install = Command::new(binaries::path("writ-spoke")?);
    let all = tools::stdout(install.args(["install", "--output", "yaml"]))?;
    let lacks = |manifest: &&str| !lacking.iter().any(|name| manifest.contains(&format!("\n  name: {name}\n")));
    let manifests: Vec<&str> = all.split("---\n").filter(lacks).collect();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("install.yaml");
    files::write(&file, &manifests.join("---\n"))?;
    kubectl.apply(&file, "platform")?;
    for name in lacking {
        let left = kubectl.run(&["get", "customresourcedefinition", name, "--ignore-not-found"])?;
        ensure!(left.is_empty() && all.contains(name), "{left}");
    }
    Ok(())
}

#[test]
fn inv28_an_engineer_reads_what_is_enforced_and_nothing_is_told_twice() -> Result<()> {
    let mut world = World::bare(NAME)?;
    let kubectl = admin(&world)?;

    // An agent that comes before its custom resources enforces, and says what it lacks.
    install_without(&kubectl, &["enforcements.writ.dev", "rulestatuses.writ.dev"])?;
    world.join(&kube::agent(&world.plane)?)?;
    world.applied()?;
    world.condition("Degraded", true, "writ-spoke install")?;
    kube::install(&world.plane)?;
    world.condition("Degraded", false, "")?;

    wait::until("the Enforcement reads like a sentence", PATIENCE, || {
        let table = kubectl.run(&["get", "enforcement"])?;
        let row = row(&table, "writ")?;
        let columns: Vec<&str> = row.iter().map(|(name, _)| name.as_str()).collect();
        ensure!(
            columns == ["NAME", "MODE", "REVISION", "SEQUENCE", "FRESH", "APPLIED", "FINDINGS", "BRAKED", "AGE"],
            "{table}"
        );
        let (applied, all) = cell(&row, "APPLIED").split_once('/').context("no fraction")?;
        ensure!(applied.parse::<u64>()? + cell(&row, "FINDINGS").parse::<u64>()? == all.parse::<u64>()?, "{table}");
        ensure!(cell(&row, "MODE") == "enforce" && cell(&row, "FRESH") == "True", "{table}");
        ensure!(cell(&row, "REVISION") == world.cast.commit_id()?.trim(), "{table}");
        Ok(())
    })?;
    let rule = kubectl.run(&["get", "rulestatus", QUOTA])?;
    ensure!(rule.starts_with("NAME") && rule.contains("OWNER") && rule.contains("enforce"), "{rule}");

    findings_are_told(&world, &kubectl)?;

    // A restart, and quiet, write nothing.
    world.applied()?;
    let before = versions(&kubectl)?;
    let events = events(&kubectl, "crowded")?;
    world.cast.crash_spoke(NAME)?;
    world.applied()?;
    world.cast.crash_spoke(NAME)?;
    world.applied()?;
    wait::throughout("nothing is told twice", LOOK, || {
        let (now, told) = (versions(&kubectl)?, self::events(&kubectl, "crowded")?);
        ensure!(now == before && told == events, "{before} became {now}, {events:?} became {told:?}");
        Ok(())
    })?;

    // What somebody removes is told again after a start; a rule that leaves takes its status along.
    kubectl.run(&["delete", "rulestatus", QUOTA])?;
    world.cast.crash_spoke(NAME)?;
    wait::until("it is told again", PATIENCE, || kubectl.run(&["get", "rulestatus", QUOTA]).map(drop))?;
    files::forget(&world.cast.repository.join(NOTICE))?;
    world.publish("No works any more")?;
    wait::until("the rule's status leaves", PATIENCE, || {
        let all = kubectl.run(&["get", "rulestatus"])?;
        ensure!(!all.contains("works-notice") && all.contains("configtemplate.telemetry"), "{all}");
        Ok(())
    })?;
    world.end()
}

/// The head that the cluster remembers.
fn watermark(kubectl: &Kubectl) -> Result<Value> {
    let all = kubectl.json(&["get", "enforcements", "--output", "json"])?;
    Ok(all.pointer("/items/0/status/watermark").cloned().unwrap_or_default())
}

/// Puts a head there, as another agent would.
fn put_watermark(kubectl: &Kubectl, head: &Value) -> Result<()> {
    let patch = json!({"status": {"watermark": head}}).to_string();
    let patched = ["patch", "enforcement", "writ", "--subresource=status", "--type=merge", "--patch", &patch];
    kubectl.run(&patched).map(drop)
}

/// An agent that knows only the head of `backup` writes nothing over a newer one.
fn a_lagging_agent_lowers_nothing(world: &mut World, kubectl: &Kubectl, older: &Value, backup: &Path) -> Result<()> {
    let of = |field: &str| kubectl.run(&["get", "enforcement", "writ", "--output", &format!("jsonpath={{{field}}}")]);
    let (newest, head) = (of(".status.sequence")?, watermark(kubectl)?);
    world.cast.stop_hub()?;
    world.cast.kill_spoke(NAME)?;
    let data = backup.with_file_name("data");
    std::fs::remove_dir_all(&data)?;
    files::copy(backup, &data)?;
    put_watermark(kubectl, older)?;
    world.cast.run_spoke(NAME)?;
    wait::until("it tells the older bundle", PATIENCE, || {
        ensure!(of(".status.sequence")? != newest, "the newest is told still");
        Ok(())
    })?;
    put_watermark(kubectl, &head)?;
    let before = of(".metadata.resourceVersion")?;
    world.namespace("late", &json!({"team": "late"}))?;
    wait::until("it tells more", PATIENCE, || {
        ensure!(of(".metadata.resourceVersion")? != before, "nothing is told");
        Ok(())
    })?;
    ensure!(watermark(kubectl)? == head, "the watermark was lowered");
    Ok(())
}

#[test]
fn inv01_an_old_disk_put_back_is_noticed_and_lowers_nothing() -> Result<()> {
    let mut world = World::without_agent(NAME)?;
    let agent = kube::install(&world.plane)?;
    world.join(&agent)?;
    world.gets("observability", "otel", "compression", "zstd")?;
    let kubectl = admin(&world)?;
    wait::until("the cluster remembers it", PATIENCE, || {
        ensure!(!watermark(&kubectl)?.is_null(), "nothing is remembered");
        Ok(())
    })?;
    let older = watermark(&kubectl)?;
    let data = world.cast.spoke(NAME)?.home.join("data");
    let backup = data.with_file_name("backup");
    world.cast.kill_spoke(NAME)?;
    files::copy(&data, &backup)?;
    world.cast.run_spoke(NAME)?;

    world.change(TELEMETRY, "compression: zstd", "compression: gzip")?;
    world.gets("observability", "otel", "compression", "gzip")?;
    let sequence = || kubectl.run(&["get", "enforcement", "writ", "--output", "jsonpath={.status.sequence}"]);
    wait::until("the cluster remembers it", PATIENCE, || {
        let commit = world.cast.commit_id()?;
        let told = kubectl.run(&["get", "enforcement", "writ", "--output", "jsonpath={.status.revision}"])?;
        ensure!(told == commit.trim(), "{told}");
        Ok(())
    })?;
    let newest = sequence()?;

    // The backup comes back, and no hub is there to help.
    world.cast.stop_hub()?;
    world.cast.kill_spoke(NAME)?;
    std::fs::remove_dir_all(&data)?;
    files::copy(&backup, &data)?;
    world.cast.run_spoke(NAME)?;
    world.condition("Degraded", true, "below")?;
    let drift = json!({"data": {"compression": "none"}});
    world.edit(&world.within::<ConfigMap>("observability"), "otel", &drift)?;
    wait::throughout("the old bundle is not in force", LOOK, || {
        ensure!(world.has("observability", "otel", "compression", "zstd").is_err(), "it is");
        Ok(())
    })?;
    world.condition("Degraded", true, "below")?;

    world.cast.start_hub()?;
    world.gets("observability", "otel", "compression", "gzip")?;
    world.condition("Degraded", false, "")?;
    wait::until("the newest is in force", PATIENCE, || {
        ensure!(sequence()? == newest, "{}", sequence()?);
        Ok(())
    })?;
    a_lagging_agent_lowers_nothing(&mut world, &kubectl, &older, &backup)?;
    world.end()
}
