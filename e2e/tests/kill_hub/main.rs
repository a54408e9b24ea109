//! The hub is killed at each of its durable system calls, one after the other, while people change things and publish.

mod store;
mod work;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::fs;
use store::Store;
use work::{AT_PUBLISH, JOINED, Pushes, WORK, work};
use writ_e2e::cast;
use writ_e2e::faults::Doomed;
use xtask::lab::cast::{PATIENCE, hub_command};
use xtask::lab::{Cast, files};

/// More durable calls than the work takes.
const MOST: usize = 200;

#[test]
fn inv17_a_kill_at_any_step_loses_nothing_acknowledged() -> Result<()> {
    let mut cast = cast(1, &[])?;
    cast.kill_spoke(JOINED)?;
    cast.stop_hub()?;
    let pushes = Pushes::commit(&cast)?;
    let data = cast.hub_home().join("data");
    let before = cast.hub_home().join("before");
    files::copy(&data, &before)?;
    let mut interrupted = [0; WORK.len() + 1];
    for k in 1..MOST {
        fs::remove_dir_all(&data)?;
        files::copy(&before, &data)?;
        pushes.take_back(&cast)?;
        let (struck, acknowledged) = kill_at(&mut cast, k, &pushes).with_context(|| format!("killed at call {k}"))?;
        if !struck {
            ensure!(acknowledged == WORK.len(), "only {acknowledged} deeds were done without a kill");
            ensure!(interrupted[AT_PUBLISH] > 0, "no durable call of a publish was struck: {interrupted:?}");
            ensure!(
                interrupted[AT_PUBLISH + 1..].iter().sum::<usize>() > 0,
                "nothing after it was struck: {interrupted:?}"
            );
            return Ok(());
        }
        interrupted[acknowledged] += 1;
    }
    bail!("after {MOST} durable calls the work is still not done")
}

/// Kills the hub at its `k`-th durable call, looks at what is left, and starts it again; tells whether it was struck
/// before all was done, and how many deeds were acknowledged.
fn kill_at(cast: &mut Cast, k: usize, pushes: &Pushes) -> Result<(bool, usize)> {
    let doomed = Doomed::start(&hub_command(&cast.hub_home())?, k, &cast.hub_home())?;
    let (struck, acknowledged) = while_working(cast, doomed, pushes)?;
    let left = Store::copied(cast)?;
    nothing_lost(&left, acknowledged)?;
    published_whole(&left, acknowledged, pushes)?;
    cast.start_hub()?;
    the_pin_stands(cast, acknowledged)?;
    cast.stop_hub()?;
    let after = Store::copied(cast)?;
    published_whole(&after, acknowledged, pushes)?;
    published_once(&after, pushes)?;
    Ok((struck, acknowledged))
}

/// Lets people work until the hub is killed or all is done; tells which, and how many deeds were acknowledged.
fn while_working(cast: &Cast, doomed: Doomed, pushes: &Pushes) -> Result<(bool, usize)> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| work(cast, pushes));
        let struck = doomed.until(PATIENCE, || worker.is_finished().then_some(()).context("still at work"))?;
        let acknowledged = worker.join().ok().context("the worker failed")??;
        Ok((struck, acknowledged))
    })
}

/// Every acknowledged change has its entry, in order.
fn nothing_lost(store: &Store, acknowledged: usize) -> Result<()> {
    let log = store.audited()?;
    let mut rest = log.iter();
    for action in WORK.iter().take(acknowledged).filter_map(|deed| deed.audited) {
        rest.find(|(found, _)| found == action)
            .with_context(|| format!("{action} was acknowledged and is not in the log {log:?}"))?;
    }
    Ok(())
}

/// What is published is one revision as a whole, the one that was acknowledged or, where the answer never came, that
/// or the one before; never the one that is refused.
fn published_whole(store: &Store, acknowledged: usize, pushes: &Pushes) -> Result<()> {
    let published = store.published()?;
    let may_be: &[&String] = match acknowledged {
        ..AT_PUBLISH => &[&pushes.first],
        AT_PUBLISH => &[&pushes.first, &pushes.good],
        _ => &[&pushes.good],
    };
    ensure!(may_be.contains(&&published), "{published} is published after {acknowledged} deeds, not {may_be:?}");
    Ok(())
}

/// A publish that was done before the kill is not done again, and what is refused never is.
fn published_once(store: &Store, pushes: &Pushes) -> Result<()> {
    let log = store.audited()?;
    let times = |revision: &String| log.iter().filter(|entry| **entry == ("publish".into(), revision.clone())).count();
    let (good, bad) = (times(&pushes.good), times(&pushes.bad));
    ensure!(good <= 1 && bad == 0, "published {good} times, and what is refused {bad} times: {log:?}");
    Ok(())
}

/// The pin is as the acknowledged deeds left it, where the one in flight cannot have changed it.
fn the_pin_stands(cast: &Cast, acknowledged: usize) -> Result<()> {
    let wanted = match acknowledged {
        1 => true,
        3.. => false,
        _ => return Ok(()),
    };
    let found = cast.writ_json(&["status"])?.get("pin").is_some_and(|pin| !Value::is_null(pin));
    if found == wanted { Ok(()) } else { bail!("pinned is {found} after {acknowledged} acknowledged deeds") }
}
