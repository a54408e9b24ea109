//! `writ`: the one command for people.

use service::exit::Exit;

fn main() -> Exit {
    writ_cli::main()
}
