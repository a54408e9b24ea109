//! What an API server may do to a request: put it off, refuse its version, forget what was watched, break off. Each time
//! a stranger stands between the agent and a real server; the agent makes nothing worse, and heals by itself.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use rustix::process::Signal;
use serde_json::json;
use std::time::Duration;
use writ_e2e::faults::signal;
use writ_e2e::kube::Kube;
use writ_e2e::proxy::{Call, Proxy, Verdict};
use writ_e2e::world::{NAME, OWN, World};
use xtask::lab::cast::PATIENCE;
use xtask::lab::control_plane::Part;
use xtask::wait;

/// The ConfigMap that the steps are about.
const OTEL: &str = "/observability/configmaps/otel";

#[test]
fn what_a_server_does_to_a_request_is_survived() -> Result<()> {
    let mut world = World::without_agent(NAME)?;
    let proxy = Proxy::start(&world.plane.kubeconfig())?;
    world.join(&proxy.kubeconfig())?;
    world.applied()?;
    puts_off(&world, &proxy)?;
    puts_off_for_long(&world, &proxy)?;
    somebody_writes_in_between(&world, &proxy)?;
    breaks_off(&world, &proxy)?;
    makes_without_an_answer(&world, &proxy)?;
    forgets_what_was_watched(&world, &proxy)?;
    begins_anew_while_the_agent_stands_still(&mut world, &proxy)?;
    world.end()
}

/// Somebody changes our object, and it is repaired.
fn drift(world: &World) -> Result<()> {
    world.edit(&maps(world), "otel", &json!({"data": {"compression": "none"}})).map(drop)
}

fn maps(world: &World) -> Api<ConfigMap> {
    world.within("observability")
}

fn repaired(world: &World) -> Result<()> {
    world.gets("observability", "otel", "compression", "zstd")
}

fn writes(proxy: &Proxy) -> Vec<Call> {
    proxy.calls().into_iter().filter(|call| call.writes_to(OTEL)).collect()
}

/// 429 with Retry-After: the server is asked again when it said so, and not before.
fn puts_off(world: &World, proxy: &Proxy) -> Result<()> {
    proxy.forget();
    let mut left = 2;
    proxy.judge(move |call| {
        if left == 0 || !call.writes_to(OTEL) {
            return Verdict::Pass;
        }
        left -= 1;
        Verdict::Answer(429, Some(1))
    });
    drift(world)?;
    repaired(world)?;
    let times: Vec<Duration> = writes(proxy).iter().map(|call| call.at).collect();
    ensure!(times.len() >= 3, "{times:?}");
    for pair in times.windows(2).take(2) {
        let [one, two] = pair else { continue };
        ensure!(*two - *one >= Duration::from_secs(1), "asked again too soon: {times:?}");
    }
    Ok(())
}

/// Longer than a round should wait: nothing at all is asked meanwhile, and the outcome says why.
fn puts_off_for_long(world: &World, proxy: &Proxy) -> Result<()> {
    proxy.forget();
    let mut put_off = false;
    proxy.judge(move |call| {
        if put_off || !call.writes_to(OTEL) {
            return Verdict::Pass;
        }
        put_off = true;
        Verdict::Answer(429, Some(6))
    });
    drift(world)?;
    world.becomes("ConfigTemplate/telemetry", None, "Failed", "the stranger answers 429")?;
    repaired(world)?;
    let calls = proxy.calls();
    let refused = calls.iter().find(|call| call.writes_to(OTEL)).context("no write")?.at;
    let meanwhile = refused + Duration::from_millis(100)..refused + Duration::from_secs(6);
    // What was under way already is no new question; a watch is not one of ours to count.
    let asked: Vec<&Call> = calls.iter().filter(|call| call.writes() && meanwhile.contains(&call.at)).collect();
    ensure!(asked.is_empty(), "asked although it was put off: {asked:?}");
    world.applied()
}

/// 409: the object is another than the one that was looked at. What they wrote stays.
fn somebody_writes_in_between(world: &World, proxy: &Proxy) -> Result<()> {
    let theirs = Kube::of(&world.plane.kubeconfig())?;
    let mut wrote = false;
    proxy.judge(move |call| {
        if !wrote && call.writes_to(OTEL) {
            wrote = true;
            let label = json!({"metadata": {"labels": {"in-between": "x"}}});
            let maps: Api<ConfigMap> = Api::namespaced(theirs.client(), "observability");
            // The proxy's own runtime is not to wait, so a thread of its own does.
            let patch = || theirs.wait(maps.patch("otel", &PatchParams::default(), &Patch::Merge(label)));
            let done = std::thread::scope(|scope| scope.spawn(patch).join());
            assert!(matches!(done, Ok(Ok(_))), "{done:?}");
        }
        Verdict::Pass
    });
    drift(world)?;
    repaired(world)?;
    let labels = world.config_map("observability", "otel")?.metadata.labels.unwrap_or_default();
    ensure!(labels.contains_key("in-between"), "{labels:?}");
    world.applied()
}

/// The answer to a write is lost: it was done all the same.
fn breaks_off(world: &World, proxy: &Proxy) -> Result<()> {
    let mut left = 2;
    proxy.judge(move |call| {
        if left == 0 || !call.writes_to(OTEL) {
            return Verdict::Pass;
        }
        left -= 1;
        Verdict::Lose
    });
    drift(world)?;
    repaired(world)?;
    world.applied()
}

/// The answer to the making of an object is lost, and nobody can be asked just then whether it was made: it is ours.
fn makes_without_an_answer(world: &World, proxy: &Proxy) -> Result<()> {
    let (mut lost, mut asked) = (false, false);
    proxy.judge(move |call| {
        if !lost && call.writes_to(OTEL) {
            lost = true;
            return Verdict::Lose;
        }
        if lost && !asked && call.path.ends_with(OTEL) {
            asked = true;
            return Verdict::Answer(503, None);
        }
        Verdict::Pass
    });
    world.kube.wait(maps(world).delete("otel", &DeleteParams::default()))?;
    repaired(world)?;
    world.applied()?;
    let pages: Api<ConfigMap> = world.within(OWN);
    wait::until("its row says so", PATIENCE, || {
        let rows = world.kube.wait(pages.get("writ-inventory-0"))?.data.unwrap_or_default();
        let rows = rows.get("rows").context("a page has rows")?;
        let row = rows.lines().find(|row| row.contains("\"otel\"")).context("no row of it")?;
        ensure!(row.contains("\"owned\""), "{row}");
        Ok(())
    })
}

/// 410: what happened since the watch broke off can no longer be told. Everything is listed again.
fn forgets_what_was_watched(world: &World, proxy: &Proxy) -> Result<()> {
    proxy.forget();
    let mut left = 2;
    let is_watch = |call: &Call| call.path.starts_with("/api/v1/configmaps?") && call.path.contains("watch=");
    proxy.judge(move |call| {
        if left == 0 || !is_watch(call) {
            return Verdict::Pass;
        }
        left -= 1;
        Verdict::Answer(410, None)
    });
    proxy.cut();
    drift(world)?;
    repaired(world)?;
    wait::until("it watches again", PATIENCE, || {
        ensure!(proxy.calls().iter().filter(|call| is_watch(call)).count() >= 3, "not yet");
        Ok(())
    })?;
    drift(world)?;
    repaired(world)?;
    world.applied()
}

/// The real thing: a server that was started anew, as after a compaction, begins with what stands, and can tell of nothing
/// that happened before. What the agent's watches saw last is older.
fn begins_anew_while_the_agent_stands_still(world: &mut World, proxy: &Proxy) -> Result<()> {
    let pid = world.cast.spoke(world.name)?.pid().context("the agent runs")?;
    proxy.pass();
    signal(pid, Signal::STOP)?;
    drift(world)?;
    world.plane.kill(Part::Apiserver)?;
    world.plane.run(Part::Apiserver)?;
    proxy.forget();
    signal(pid, Signal::CONT)?;
    repaired(world)?;
    // Of a kind in which nothing has happened since long before, and which a watch alone would have gone on with.
    let is_list = |call: &Call| call.path.starts_with("/api/v1/resourcequotas?") && !call.path.contains("watch=");
    wait::until("it has listed it again", PATIENCE, || {
        ensure!(proxy.calls().iter().any(is_list), "{:?}", proxy.calls());
        Ok(())
    })?;
    world.applied()
}
