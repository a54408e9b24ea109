//! The hub is killed at each of its durable system calls, one after the other, while people change things.

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;
use writ_e2e::cast;
use writ_e2e::faults::Doomed;
use xtask::lab::cast::{PATIENCE, hub_command};
use xtask::lab::{Cast, files};
use xtask::wait;

/// More durable calls than the work below takes.
const MOST: usize = 200;

/// How long a hub under strace may take until it answers.
const STARTING: Duration = Duration::from_secs(15);

/// What people do, each with the word that the audit log has for it.
const WORK: [(&[&str], &str); 4] = [
    (&["pin"], "Pin"),
    (&["cluster", "invite", "eu-2"], "Invite"),
    (&["unpin"], "Unpin"),
    (&["cluster", "revoke", "eu-2"], "Revoke"),
];

/// Does the work once the hub answers, until a call is no longer answered; gives how many were acknowledged.
fn work(cast: &Cast) -> Result<usize> {
    // A hub that is killed while it starts never answers.
    if wait::until("the hub answers", STARTING, || cast.writ(&["status"])).is_err() {
        return Ok(0);
    }
    for (done, (arguments, _)) in WORK.iter().enumerate() {
        if !cast.writ_output(arguments)?.status.success() {
            return Ok(done);
        }
    }
    Ok(WORK.len())
}

/// The actions of the audit log, oldest first.
fn audited(data: &Path) -> Result<Vec<String>> {
    let store = Connection::open_with_flags(data.join("writ.db"), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut read = store.prepare("SELECT entry FROM audit ORDER BY revision")?;
    let entries = read.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    entries
        .map(|entry| {
            let entry: Value = serde_json::from_slice(&entry?)?;
            Ok(entry.get("action").and_then(Value::as_str).context("an entry has an action")?.to_owned())
        })
        .collect()
}

/// Every acknowledged change has its entry, in order.
fn nothing_lost(cast: &Cast, acknowledged: usize) -> Result<()> {
    let log = audited(&cast.hub_home().join("data"))?;
    let mut rest = log.iter();
    for (_, action) in WORK.iter().take(acknowledged) {
        rest.find(|found| found.eq_ignore_ascii_case(action))
            .with_context(|| format!("{action} was acknowledged and is not in the log {log:?}"))?;
    }
    Ok(())
}

#[test]
fn inv17_a_kill_at_any_step_loses_nothing_acknowledged() -> Result<()> {
    let mut cast = cast(0, &[])?;
    cast.stop_hub()?;
    let data = cast.hub_home().join("data");
    let before = cast.hub_home().join("before");
    files::copy(&data, &before)?;
    for k in 1..MOST {
        fs::remove_dir_all(&data)?;
        files::copy(&before, &data)?;
        let doomed = Doomed::start(&hub_command(&cast.hub_home())?, k, &cast.hub_home())?;
        let (struck, acknowledged) = while_working(&cast, doomed)?;
        nothing_lost(&cast, acknowledged).with_context(|| format!("killed at durable call {k}"))?;
        cast.start_hub().with_context(|| format!("after a kill at durable call {k}"))?;
        the_pin_stands(&cast, acknowledged).with_context(|| format!("killed at durable call {k}"))?;
        cast.stop_hub()?;
        if !struck {
            return Ok(());
        }
    }
    bail!("after {MOST} durable calls the work is still not done")
}

/// Lets people work until the hub is killed or all is done; tells which, and how many changes were acknowledged.
fn while_working(cast: &Cast, doomed: Doomed) -> Result<(bool, usize)> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| work(cast));
        let struck = doomed.until(PATIENCE, || worker.is_finished().then_some(()).context("still at work"))?;
        let acknowledged = worker.join().ok().context("the worker failed")??;
        Ok((struck, acknowledged))
    })
}

/// The pin is as the acknowledged changes left it, where the one in flight cannot have changed it.
fn the_pin_stands(cast: &Cast, acknowledged: usize) -> Result<()> {
    let wanted = match acknowledged {
        1 => true,
        3 | 4 => false,
        _ => return Ok(()),
    };
    let found = cast.writ_json(&["status"])?.get("pin").is_some_and(|pin| !pin.is_null());
    if found == wanted { Ok(()) } else { bail!("pinned is {found} after {acknowledged} acknowledged changes") }
}
