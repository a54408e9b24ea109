//! `writ-hub`: see [`writ_hub`].

use clap::Parser;
use service::exit::Exit;
use writ_hub::command::{Arguments, run};

#[tokio::main]
async fn main() -> Exit {
    run(Arguments::parse()).await
}
