//! Removing much waits for a person, by the rows of the inventory in the cluster.

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ListParams;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;
use writ_e2e::inventory;
use writ_e2e::world::World;
use xtask::lab::cast::PATIENCE;
use xtask::lab::files;
use xtask::wait;

/// How many rows there are at first.
const ALL: usize = 60;
const BULK: &str = "intents/platform/bulk.yaml";

/// A rule with so many ConfigMaps.
fn write_bulk(world: &World, maps: usize) -> Result<()> {
    let mut text = "apiVersion: writ.dev/v1alpha1\nkind: ConfigTemplate\nmetadata: {name: bulk}\nspec:\n  \
        rationale: Many objects, to be removed a part at a time.\n  risk: low\n  mode: enforce\n  \
        scope: {clusters: {names: [eu-1]}}\n  objects:\n"
        .to_owned();
    for number in 0..maps {
        let metadata = format!("{{name: bulk-{number:02}, namespace: observability}}");
        writeln!(text, "  - manifest: {{apiVersion: v1, kind: ConfigMap, metadata: {metadata}, data: {{a: b}}}}")?;
    }
    files::write(&world.cast.repository.join(BULK), &text)?;
    world.publish(&format!("{maps} maps"))
}

fn standing(world: &World) -> Result<usize> {
    let maps = world.within::<ConfigMap>("observability");
    let maps = world.kube.wait(maps.list(&ListParams::default().labels("writ.dev/owned")))?;
    Ok(maps.items.iter().filter(|map| map.metadata.name.as_ref().is_some_and(|name| name.starts_with("bulk-"))).count())
}

fn stand(world: &World, maps: usize) -> Result<()> {
    wait::until(&format!("{maps} maps stand"), PATIENCE, || {
        let found = standing(world)?;
        ensure!(found == maps, "{found} maps");
        Ok(())
    })
}

/// How many rows are live.
fn live(world: &World) -> Result<usize> {
    Ok(inventory::rows(world)?.values().filter(|state| *state != "removed").count())
}

/// The digest of the hold on so many removals, as the agent tells it.
fn held(world: &World, total: usize) -> Result<String> {
    wait::until(&format!("{total} removals are held"), PATIENCE, || {
        let status = world.status()?;
        let held = status.pointer("/status/held").with_context(|| format!("nothing is held: {status}"))?;
        ensure!(held.get("total").and_then(Value::as_u64) == u64::try_from(total).ok(), "{held}");
        held.get("digest").and_then(Value::as_str).map(str::to_owned).context("a hold has a digest")
    })
}

/// Waits until the hub lists a hold. It takes in what a cluster holds at a pace, with a report; each commit makes one.
fn listed(world: &World, digest: &str) -> Result<()> {
    let mut commit = 0;
    wait::until("the hub lists the hold", PATIENCE, || {
        let list = world.cast.writ_json(&["hold", "list"])?;
        if list.to_string().contains(digest) {
            return Ok(());
        }
        let compression = |number: u32| {
            format!("compression: {}", if number == 0 { "zstd".to_owned() } else { format!("c{number}") })
        };
        world.change("intents/observability/telemetry.yaml", &compression(commit), &compression(commit + 1))?;
        commit += 1;
        bail!("not yet: {list}")
    })
}

fn stays(world: &World, maps: usize) -> Result<()> {
    wait::throughout("what is held was removed", Duration::from_millis(700), || {
        let found = standing(world)?;
        ensure!(found == maps, "{found} maps, not {maps}");
        Ok(())
    })
}

#[test]
fn inv24_five_bundles_in_a_row_are_held_at_the_second_and_an_empty_one_too() -> Result<()> {
    let world = World::start()?;
    world.applied()?;
    let others = live(&world)?;
    let mut maps = ALL.checked_sub(others).context("the example has more rows")?;
    write_bulk(&world, maps)?;
    stand(&world, maps)?;
    world.applied()?;

    // Nineteen of a hundred: each alone is below a fifth, and the first is. With it the second is above.
    let mut rows = ALL;
    let first = rows * 19 / 100;
    (maps, rows) = (maps - first, rows - first);
    write_bulk(&world, maps)?;
    stand(&world, maps)?;
    let (mut wanted, mut digests) = (maps, Vec::new());
    for _ in 2..=5 {
        let part = rows * 19 / 100;
        (wanted, rows) = (wanted - part, rows - part);
        write_bulk(&world, wanted)?;
        digests.push(held(&world, maps - wanted)?);
        stays(&world, maps)?;
    }
    world.becomes("ConfigTemplate/bulk", None, "Held", "removals wait for a person")?;
    // What is held is repaired.
    let name = format!("bulk-{:02}", maps - 1);
    world.edit(&world.within::<ConfigMap>("observability"), &name, &json!({"data": {"a": "c"}}))?;
    world.gets("observability", &name, "a", "b")?;

    // A release is for exactly one digest: that of an earlier hold lets nothing go.
    let last = digests.pop().context("four holds")?;
    let early = digests.first().context("four holds")?;
    ensure!(!digests.contains(&last), "two holds have one digest: {digests:?}, {last}");
    world.cast.writ_output(&["hold", "release", early])?;
    stays(&world, maps)?;
    listed(&world, &last)?;
    world.cast.writ(&["hold", "release", &last])?;
    stand(&world, wanted)?;
    world.applied()?;

    // An empty catalog.
    let before = live(&world)?;
    for folder in ["intents", "guardrails", "rulesets", "regions"] {
        fs::remove_dir_all(world.cast.repository.join(folder))?;
    }
    world.publish("Nothing at all")?;
    held(&world, before)?;
    stays(&world, wanted)?;
    ensure!(live(&world)? == before, "a row was given up");
    world.end()
}
