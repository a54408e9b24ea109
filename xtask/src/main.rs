//! `cargo xtask`: builds, demonstrates, tests and measures Writ by its shipped binaries.

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use xtask::{assets, bench, demo, guards, lab, test, tools};

/// Tasks of the Writ workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Tell and check the main story: one hub, four clusters, real git and real TLS.
    Demo(demo::Options),
    /// Keep the demo's cast running until interrupted, and write where everything is.
    Lab(lab::Options),
    /// Everything that must hold: format, lints, licences, unit tests, and tests across processes.
    Test(test::Options),
    /// Build kube-apiserver, kube-controller-manager, etcd and kubectl for the tests, once, and tell where they are.
    Assets(assets::Options),
    /// Disarm the guard of each promised invariant and expect its test to fail.
    Guards(guards::Options),
    /// One benchmark with its control in the same run.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Demo(options) => demo::run(&options),
        Task::Lab(options) => lab::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Assets(options) => assets::run(&options),
        Task::Guards(options) => guards::run(&options),
        Task::Bench(options) => bench::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tools::say(&format!("\nfailed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
