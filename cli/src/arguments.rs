//! The command line as a whole.

use crate::hub::HubArguments;
use crate::verb::Verb;
use clap::Parser;

/// Federated policy for fleets of Kubernetes clusters.
#[derive(Debug, Parser)]
#[command(name = "writ", version, term_width = 100, after_help = crate::help::root())]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) hub: HubArguments,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}
