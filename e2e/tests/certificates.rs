//! Certificates that expire, spokes that are revoked, strings that are used up.

use anyhow::{Context, Result, bail};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;
use writ_e2e::cast;
use writ_e2e::revisions::{FIRST, arrives, publish, stands};
use xtask::lab::cast::PATIENCE;
use xtask::lab::{Cast, binaries, files};
use xtask::wait;

const NAME: &str = "eu-1";

/// When the certificate of a spoke ends, as openssl reads it: this test shares no code with what it tests.
fn expired(cast: &Cast) -> Result<()> {
    let certificate = cast.spoke(NAME)?.home.join("data/identity/cert.pem");
    let mut command = Command::new("openssl");
    command.args(["x509", "-noout", "-checkend", "0", "-in"]).arg(certificate).stdout(Stdio::null());
    if command.status().context("openssl")?.success() { bail!("the certificate is still good") } else { Ok(()) }
}

#[test]
fn inv11_an_expired_spoke_comes_back_by_itself() -> Result<()> {
    let mut cast = cast(1, &[("leaf", "4s")])?;
    arrives(&cast, NAME, FIRST)?;
    cast.stop_hub()?;
    wait::until("the certificate expires while the hub is down", PATIENCE, || expired(&cast))?;
    cast.start_hub()?;
    publish(&cast, FIRST, "gzip")?;
    arrives(&cast, NAME, "gzip")
}

/// The spoke says of itself that it was revoked, and what to do about it.
fn knows_that_it_is_revoked(cast: &Cast) -> Result<()> {
    let told = cast.spoke(NAME)?.home.join("cluster/status/enforcement.yaml");
    wait::until("the spoke knows that it was revoked", PATIENCE, || {
        let text = fs::read_to_string(&told)?;
        // Long texts are folded over lines.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let says = text.contains("reason: Revoked") && text.contains("writ cluster invite eu-1 --replace");
        if says { Ok(()) } else { bail!("it says {text}") }
    })
}

#[test]
fn a_revoked_spoke_does_not_come_back() -> Result<()> {
    let mut cast = cast(2, &[])?;
    arrives(&cast, NAME, FIRST)?;
    arrives(&cast, "eu-2", FIRST)?;
    cast.writ(&["cluster", "revoke", NAME])?;
    knows_that_it_is_revoked(&cast)?;
    cast.crash_spoke(NAME)?;
    publish(&cast, FIRST, "gzip")?;
    arrives(&cast, "eu-2", "gzip")?;
    wait::throughout("a revoked spoke got a new revision", Duration::from_secs(3), || stands(&cast, NAME, FIRST))
}

/// Joins so many times at once with one string; gives how many succeeded.
fn join_at_once(cast: &Cast, join: &str, times: usize) -> Result<usize> {
    let mut children = Vec::new();
    for number in 0..times {
        let home = cast.hub_home().with_file_name(format!("joiner{number}"));
        files::copy(&cast.spoke(NAME)?.home.join("cluster/objects"), &home.join("cluster/objects"))?;
        fs::copy(cast.spoke(NAME)?.home.join("cluster/cluster.yaml"), home.join("cluster/cluster.yaml"))?;
        fs::copy(cast.spoke(NAME)?.home.join("spoke.yaml"), home.join("spoke.yaml"))?;
        let mut command = Command::new(binaries::path("writ-spoke")?);
        command
            .args(["join", join, "--config"])
            .arg(home.join("spoke.yaml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        children.push(command.spawn()?);
    }
    let ended: Result<Vec<_>, _> = children.iter_mut().map(std::process::Child::wait).collect();
    Ok(ended?.iter().filter(|status| status.success()).count())
}

#[test]
fn a_join_string_is_redeemed_once_however_many_try() -> Result<()> {
    let cast = cast(1, &[])?;
    let join = cast.writ(&["cluster", "invite", "eu-2", "--output", "join"])?.trim().to_owned();
    let succeeded = join_at_once(&cast, &join, 8)?;
    if succeeded != 1 {
        bail!("{succeeded} of 8 joins with one string succeeded");
    }
    Ok(())
}
