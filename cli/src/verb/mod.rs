//! The verbs, a file each.

mod asking;
pub(crate) mod catalog;
pub(crate) mod cluster;
pub(crate) mod completion;
pub(crate) mod explain;
pub(crate) mod hold;
pub(crate) mod pin;
pub(crate) mod status;
#[cfg(test)]
mod tests;
pub(crate) mod unpin;

use crate::arguments::Arguments;
use crate::fault::Fault;
use crate::output::Output;
use service::exit::Exit;

/// What `writ` can do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    /// Make, check and render a catalog
    #[command(subcommand)]
    Catalog(catalog::Catalog),
    /// Let clusters in, look at them, shut them out
    #[command(subcommand)]
    Cluster(cluster::Cluster),
    /// The whole fleet on one screen
    Status(status::Status),
    Explain(explain::Explain),
    /// Stop all change of rules
    Pin(pin::Pin),
    /// Let rules change again
    Unpin(unpin::Unpin),
    /// Changes that wait for a person
    #[command(subcommand)]
    Hold(hold::Hold),
    /// Print the completions for a shell
    Completion(completion::Completion),
}

/// Does what was asked.
pub(crate) fn run(arguments: Arguments, output: &mut Output) -> Result<Exit, Fault> {
    let Arguments { hub, verb } = arguments;
    match verb {
        Verb::Catalog(verb) => verb.run(&hub, output),
        Verb::Cluster(verb) => verb.run(&hub, output),
        Verb::Status(verb) => verb.run(&hub, output),
        Verb::Explain(verb) => verb.run(&hub, output),
        Verb::Pin(verb) => verb.run(&hub, output),
        Verb::Unpin(verb) => verb.run(&hub, output),
        Verb::Hold(verb) => verb.run(&hub, output),
        Verb::Completion(verb) => verb.run(output),
    }
}
