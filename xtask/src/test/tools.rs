//! Checks that need more than cargo itself.

use crate::tools::{cargo, output, run, say, stdout};
use anyhow::{Context, Result, bail};
use std::process::Command;

/// Crates that read clocks, files or sockets, or start threads: the core may not be built on one.
const IMPURE: &[&str] = &[
    "tokio", "kube", "reqwest", "hyper", "tonic", "gix", "rusqlite", "rustls", "notify", "mio", "socket2", "moka",
    "rayon",
];

/// Everything the core is built on, directly or not, for real targets and without its tests.
pub(crate) fn pure_dependencies() -> Result<()> {
    let tree = stdout(&mut cargo(&[
        "tree",
        "--package",
        "writ-policy",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    let mut found: Vec<&str> = names.filter(|name| IMPURE.contains(name)).collect();
    found.sort_unstable();
    found.dedup();
    if !found.is_empty() {
        bail!("policy/ is built on {}; only pure crates may stand below it", found.join(", "));
    }
    Ok(())
}

const WASM: &str = "wasm32-unknown-unknown";

/// The core builds where there are no files, sockets or threads.
pub(crate) fn wasm(allow_missing: bool) -> Result<()> {
    let installed = stdout(Command::new("rustup").args(["target", "add", WASM]));
    match (installed, allow_missing) {
        (Ok(_), _) => run(&mut cargo(&["check", "--quiet", "--package", "writ-policy", "--target", WASM])),
        (Err(_), true) => {
            say("   left out: `rustup target add wasm32-unknown-unknown` does not work here");
            Ok(())
        }
        (Err(error), false) => Err(error.context(
            "the target wasm32-unknown-unknown is missing; `rustup target add wasm32-unknown-unknown` installs it",
        )),
    }
}

/// Programs that tests use beside our own: how each says that it is there, and its Debian package.
const PROGRAMS: [(&str, &str, &str); 5] = [
    ("git", "version", "git"),
    ("strace", "-V", "strace"),
    ("openssl", "version", "openssl"),
    ("gpg", "--version", "gpg"),
    ("ssh", "-V", "openssh-client"),
];

/// Those programs, installed when missing and when this may be done.
pub(crate) fn programs() -> Result<()> {
    let absent = |(program, asked, _): &(&str, &str, &str)| stdout(Command::new(program).arg(asked)).is_err();
    let missing: Vec<&str> = PROGRAMS.into_iter().filter(absent).map(|(_, _, package)| package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!("   installing {}", missing.join(", ")));
    let installed = run(Command::new("apt-get").args(["install", "--yes", "--quiet"]).args(&missing));
    installed.with_context(|| format!("the tests need {0}; `apt-get install {0}` installs it", missing.join(" ")))
}

/// cargo-deny, installed when missing; advisories only where their database is at hand.
pub(crate) fn deny(allow_missing: bool) -> Result<()> {
    if stdout(&mut cargo(&["deny", "--version"])).is_err() {
        say("   installing cargo-deny");
        if let Err(error) = run(&mut cargo(&["install", "--quiet", "--locked", "cargo-deny"])) {
            if allow_missing {
                say("   left out: cargo-deny cannot be installed here");
                return Ok(());
            }
            return Err(error.context("cargo-deny is missing; `cargo install --locked cargo-deny` installs it"));
        }
    }
    run(&mut cargo(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]))?;
    advisories()
}

/// Known faults of crates, where a copy of their database is at hand.
fn advisories() -> Result<()> {
    let checked = output(&mut cargo(&["deny", "--offline", "--log-level", "error", "check", "advisories"]))?;
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    if checked.status.success() {
        return Ok(());
    }
    // What cargo-deny says when there is no copy, or only an empty folder in its place.
    if said.contains("failed to get 'FETCH_HEAD' metadata") {
        say("   advisories left out: no copy of their database here; `cargo deny fetch` gets one");
        return Ok(());
    }
    bail!("cargo deny found advisories:\n{said}")
}
