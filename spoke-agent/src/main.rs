//! `writ-spoke`: see [`writ_spoke_agent`].

use clap::Parser;
use service::exit::Exit;
use writ_spoke_agent::command::{Arguments, run};

#[tokio::main]
async fn main() -> Exit {
    run(Arguments::parse()).await
}
