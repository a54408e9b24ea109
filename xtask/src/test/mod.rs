//! Everything that must hold, in the order in which it fails fastest.

mod tools;

use crate::tools::{cargo, run as run_command, say};
use anyhow::{Context, Result};

/// Which parts; none given: all of them.
#[derive(clap::Args)]
pub struct Options {
    /// Only format, lints, licences and tests inside one process.
    #[arg(long)]
    unit: bool,
    /// Only tests across processes, on the shipped binaries.
    #[arg(long)]
    e2e: bool,
    /// Also scanners and long property runs.
    #[arg(long)]
    all: bool,
    /// Leave out what cannot be installed here, instead of failing.
    #[arg(long)]
    allow_missing: bool,
}

/// One step: its name, and what it does.
type Step = (&'static str, fn(&Options) -> Result<()>);

const UNIT: &[Step] = &[
    ("format", |_| run_command(&mut cargo(&["fmt", "--all", "--check"]))),
    ("lints", |_| {
        run_command(&mut cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    }),
    ("the core is pure: no impure crate", |_| tools::pure_dependencies()),
    ("the core is pure: it builds for wasm32", |options| tools::wasm(options.allow_missing)),
    ("licences, bans and sources of crates", |options| tools::deny(options.allow_missing)),
    ("tests inside one process", |_| {
        run_command(&mut cargo(&["test", "--quiet", "--workspace", "--exclude", "writ-e2e"]))
    }),
];

const E2E: &[Step] = &[
    ("programs that the tests use", |_| tools::programs()),
    ("binaries of a Kubernetes control plane, and of a simulator of network policies", |_| {
        crate::assets::build().map(drop)
    }),
    ("binaries", |_| crate::lab::binaries::build()),
    ("tests across processes", |_| run_command(&mut cargo(&["test", "--quiet", "-p", "writ-e2e"]))),
];

const ALL: &[Step] = &[
    ("guards of the invariants", |_| crate::guards::run(&crate::guards::Options::default())),
    ("long property runs", |_| {
        run_command(cargo(&["test", "--quiet", "-p", "writ-policy"]).env("PROPTEST_CASES", "5000"))
    }),
];

/// Runs the chosen steps; the first that fails ends the run.
pub fn run(options: &Options) -> Result<()> {
    let everything = !options.unit && !options.e2e;
    let chosen = [(options.unit || everything, UNIT), (options.e2e || everything, E2E), (options.all, ALL)];
    for (name, step) in chosen.iter().filter(|(wanted, _)| *wanted).flat_map(|(_, steps)| *steps) {
        say(&format!("== {name}"));
        step(options).context(*name)?;
    }
    say("== all passed");
    Ok(())
}
