//! What operators and newcomers are told when something is not as they think, at the hub and at the spoke.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::process::{Command, Output};
use writ_e2e::cast;
use writ_e2e::revisions::{FIRST, TELEMETRY, arrives, commit};
use xtask::lab::cast::PATIENCE;
use xtask::lab::{Cast, binaries, cluster};
use xtask::{tools, wait};

const NAME: &str = "eu-1";

/// `writ` must end with `code`; gives what it said.
fn said(cast: &Cast, arguments: &[&str], code: i32) -> Result<String> {
    let Output { status, stdout, stderr } = cast.writ_output(arguments)?;
    let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    ensure!(status.code() == Some(code), "writ {arguments:?} ended with {status}, not {code}: {said}");
    Ok(said)
}

fn says(cast: &Cast, arguments: &[&str], code: i32, text: &str) -> Result<()> {
    let said = said(cast, arguments, code)?;
    ensure!(said.contains(text), "writ {arguments:?} did not say {text:?}: {said}");
    Ok(())
}

/// `writ-spoke status` of the one spoke.
fn spoke_status(cast: &Cast) -> Result<String> {
    let config = cast.spoke(NAME)?.home.join("spoke.yaml");
    tools::stdout(Command::new(binaries::path("writ-spoke")?).args(["status", "--config"]).arg(config))
}

#[test]
fn a_commit_that_waits_for_a_pin_and_a_repository_that_is_gone_are_told_apart() -> Result<()> {
    let cast = cast(0, &[])?;
    let first = cast.commit_id()?;
    said(&cast, &["pin", "--reason", "sales weekend"], 0)?;
    commit(&cast, FIRST, "gzip")?;
    let pinned = format!("pinned at {first} by person operator, ");
    says(&cast, &["catalog", "refresh"], 0, &format!("waits because the fleet is {pinned}"))?;
    says(&cast, &["status"], 0, &format!("pinned      at {first} by person operator, "))?;
    says(&cast, &["pin", "--reason", "longer"], 0, &format!("in place of the pin at {first} by person operator, "))?;
    says(&cast, &["status"], 0, ": longer\n")?;
    says(&cast, &["unpin"], 0, &format!("not pinned any more; it was {pinned}"))?;
    says(&cast, &["unpin"], 1, "error: there is no pin\n")?;

    let gone = cast.repository.with_extension("gone");
    fs::rename(&cast.repository, &gone)?;
    let place = cast.repository.display();
    let told = format!(
        "error: the catalog could not be read: cannot fetch `refs/heads/main` from {place}: '{place}' does not appear to \
         be a git repository; see that it is a git repository that this user may read\n"
    );
    let said = said(&cast, &["catalog", "refresh"], 3)?;
    ensure!(said == told, "expected {told:?}, found {said:?}");
    says(&cast, &["status"], 0, "unreadable  the catalog could not be read")?;
    says(&cast, &["cluster", "invite", NAME, "--ttl", "0s"], 2, "a join string that may be used for 0s is of no use")
}

/// The document of the cluster goes, and comes back.
#[test]
fn a_cluster_that_is_declared_no_longer_is_told_on_both_sides_and_enforces_on() -> Result<()> {
    let cast = cast(1, &[("fresh", "2s")])?;
    arrives(&cast, NAME, FIRST)?;
    let good = cast.commit_id()?;
    fs::remove_file(cast.repository.join("clusters/eu/eu-1.yaml"))?;
    cast.commit("eu-1 is gone")?;
    cast.writ(&["catalog", "refresh"])?;
    says(&cast, &["cluster", "list"], 0, "eu-1: the catalog declares it no longer: it gets no new heads")?;
    let shown = cast.writ_json(&["cluster", "show", NAME])?;
    ensure!(shown.pointer("/status/state").and_then(Value::as_str) == Some("Undeclared"), "{shown}");
    wait::until("the spoke learns it", PATIENCE, || {
        let status = spoke_status(&cast)?;
        ensure!(status.contains("Undeclared the catalog declares this cluster no longer"), "{status}");
        Ok(())
    })?;
    let file = cluster::file(&cast, NAME, TELEMETRY)?;
    let text = fs::read_to_string(&file)?;
    fs::write(&file, text.replace(FIRST, "none"))?;
    arrives(&cast, NAME, FIRST).context("what is in force is not repaired any more")?;
    cast.restore(&good)?;
    cast.commit("eu-1 is back")?;
    cast.writ(&["catalog", "refresh"])?;
    wait::until("the spoke follows again", PATIENCE, || {
        let status = spoke_status(&cast)?;
        ensure!(status.contains("Following") && !status.contains("Undeclared"), "{status}");
        Ok(())
    })
}

#[test]
fn without_an_agent_the_status_says_when_it_was_told() -> Result<()> {
    let mut cast = cast(1, &[])?;
    arrives(&cast, NAME, FIRST)?;
    wait::until("a status is told", PATIENCE, || {
        let status = spoke_status(&cast)?;
        ensure!(status.contains("agent      runs\n") && status.contains("revision   "), "{status}");
        Ok(())
    })?;
    cast.kill_spoke(NAME)?;
    let status = spoke_status(&cast)?;
    ensure!(status.contains("agent      does not run; what follows was told at 20"), "{status}");
    ensure!(status.lines().nth(1).is_some_and(|line| line.ends_with(" ago)") || line.ends_with("(now)")), "{status}");
    Ok(())
}
