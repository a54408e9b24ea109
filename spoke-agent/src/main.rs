//! `writ-spoke`: see [`writ_spoke_agent`].

use service::exit::Exit;

fn main() -> Exit {
    writ_spoke_agent::command::main()
}
