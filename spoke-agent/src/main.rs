//! `writ-spoke`: see [`writ_spoke_agent`].

use clap::Parser;
use service::exit::{self, Exit};
use tokio::runtime::Builder;
use writ_spoke_agent::command::{Arguments, run};

/// Threads for files. Each costs memory of its own, and an agent has one disk.
const FILES: usize = 4;

fn main() -> Exit {
    let arguments = Arguments::parse();
    match Builder::new_multi_thread().max_blocking_threads(FILES).enable_all().build() {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => {
            exit::print(&error);
            Exit::Findings
        }
    }
}
