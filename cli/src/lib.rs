//! `writ`, the one command for people. A file per verb under [`verb`]; everything printed goes through [`output`].

mod arguments;
mod fault;
mod help;
mod hub;
mod output;
mod verb;

use arguments::Arguments;
use clap::Parser;
use output::Output;
use service::exit::{self, Exit};

/// Runs the command line of this process.
#[must_use]
pub fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return unparsed(&error),
    };
    let mut output = Output::of_process();
    match verb::run(arguments, &mut output) {
        Ok(exit) => exit,
        Err(fault) => {
            exit::print(&fault);
            fault.exit()
        }
    }
}

/// What clap says itself: a page of help or a version, which is fine, or wrong usage.
fn unparsed(error: &clap::Error) -> Exit {
    // Nobody is left to tell when the stream is closed.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Fine }
}
