//! The agent is killed at each request that changes its cluster, one after the other: the request is carried out, and
//! nobody lives to hear the answer. What came of it must be found again by rows and objects alone.

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use writ_e2e::inventory::{self, Key};
use writ_e2e::proxy::{Call, Proxy, Verdict};
use writ_e2e::world::{NAME, World};
use xtask::lab::cast::PATIENCE;
use xtask::wait;

/// How often each write was struck.
type Before = Arc<Mutex<BTreeMap<String, usize>>>;

/// More lives than the work has writes: if it is not done by then, something loops.
const MOST: usize = 80;

#[test]
fn inv35_inv26_a_kill_at_any_write_orphans_nothing_and_changes_nothing_of_the_end() -> Result<()> {
    let mut world = World::without_agent(NAME)?;
    let foreign = foreign(&world)?;
    let before = versions(&world)?;
    let proxy = Proxy::start(&world.plane.kubeconfig())?;
    let strikes = Before::default();
    strike(&proxy, &strikes);
    world.join(&proxy.kubeconfig())?;
    let lives = lives(&mut world, (&proxy, &strikes), &foreign, |world| {
        world.has("observability", "otel", "compression", "zstd")
    })?;
    ensure!(lives > 5, "only {lives} lives: nothing was struck");
    stands(&world, &foreign)?;

    // A version that changes one object, makes another, and lets a third go.
    let strikes = Before::default();
    strike(&proxy, &strikes);
    let telemetry = "intents/observability/telemetry.yaml";
    let more = "compression: gzip\n  - manifest:\n      apiVersion: v1\n      kind: ConfigMap\n      \
        metadata: {name: otel-more, namespace: observability}\n      data: {more: 'yes'}";
    xtask::demo::edit(&world.cast, telemetry, "compression: zstd", more)?;
    std::fs::remove_file(notice(&world))?;
    world.publish("Others")?;
    let gone = |world: &World| {
        ensure!(world.config_map("shop", "notice").is_err(), "the notice stands");
        world.has("observability", "otel-more", "more", "yes")?;
        world.has("observability", "otel", "compression", "gzip")
    };
    let lives = self::lives(&mut world, (&proxy, &strikes), &foreign, gone)?;
    ensure!(lives > 2, "only {lives} lives: nothing was struck");
    stands(&world, &foreign)?;
    ensure!(versions(&world)? == before, "what is not ours was changed");
    world.end()
}

fn notice(world: &World) -> PathBuf {
    world.cast.repository.join("regions/eu/intents/works-notice.yaml")
}

/// Somebody else's objects, one of which bears our label and annotation.
fn foreign(world: &World) -> Result<BTreeSet<Key>> {
    let marks = json!({"name": "storefront", "labels": {"writ.dev/owned": "true"},
        "annotations": {"writ.dev/rule": "ConfigTemplate/telemetry"}});
    for (metadata, theme) in [(marks, "autumn"), (json!({"name": "plain"}), "winter")] {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"theme": theme}});
        world.apply(&world.within::<k8s_openapi::api::core::v1::ConfigMap>("shop"), map)?;
    }
    Ok(BTreeSet::from([("ConfigMap".to_owned(), "shop".to_owned(), "storefront".to_owned())]))
}

fn versions(world: &World) -> Result<[String; 2]> {
    Ok([world.version("shop", "storefront")?, world.version("shop", "plain")?])
}

/// From now on the first write is carried out without an answer, and those beside it are not carried out. The same write
/// is struck twice at most: one that is only repeated leaves everything as it is.
fn strike(proxy: &Proxy, before: &Before) {
    let (mut struck, before) = (false, Arc::clone(before));
    proxy.judge(move |call| {
        if !is_step(call) {
            return Verdict::Pass;
        }
        if struck {
            return Verdict::Hold;
        }
        let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
        let times = before.entry(format!("{} {}", call.method, call.path)).or_default();
        *times += 1;
        struck = *times <= 2;
        if struck { Verdict::HoldAnswer } else { Verdict::Pass }
    });
}

/// Whether a request changes what Writ owns, or its rows; the status is told anew in any case.
fn is_step(call: &Call) -> bool {
    call.writes() && !call.path.contains("/writ.dev/") && !call.path.contains("/events")
}

/// Kills the agent at each write until `done` holds and it has nothing more to write. Says how many lives that took.
fn lives(
    world: &mut World,
    (proxy, strikes): (&Proxy, &Before),
    foreign: &BTreeSet<Key>,
    done: impl Fn(&World) -> Result<()>,
) -> Result<usize> {
    for life in 1..MOST {
        let struck = wait::until("a write is struck, or all is done", PATIENCE, || {
            if let Ok(call) = proxy.held(Duration::from_millis(20)) {
                return Ok(Some(call));
            }
            done(world)?;
            world.is_applied().map(|()| None)
        })?;
        let Some(call) = struck else {
            proxy.pass();
            return Ok(life);
        };
        world.cast.kill_spoke(world.name)?;
        proxy.cut();
        proxy.release();
        inventory::no_orphans(world, foreign).with_context(|| format!("killed in life {life} at {call:?}"))?;
        strike(proxy, strikes);
        world.cast.run_spoke(world.name)?;
    }
    bail!("after {MOST} lives the work is still not done")
}

/// Rows and objects are the same, and each row is owned.
fn stands(world: &World, foreign: &BTreeSet<Key>) -> Result<()> {
    wait::until("every row is owned", PATIENCE, || {
        let rows = inventory::rows(world)?;
        let live: BTreeSet<Key> =
            rows.iter().filter(|(_, state)| *state != "removed").map(|(key, _)| key.clone()).collect();
        // Of a namespace only fields are ours: it bears no label.
        let whole: BTreeSet<Key> = live.iter().filter(|(kind, ..)| kind != "Namespace").cloned().collect();
        let found: BTreeSet<Key> = inventory::labelled(world)?.difference(foreign).cloned().collect();
        ensure!(whole == found, "rows {whole:?}, objects {found:?}");
        ensure!(rows.values().all(|state| state != "claimed"), "{rows:?}");
        Ok(())
    })
}
