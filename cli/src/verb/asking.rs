//! What all verbs that ask a hub have in common: which hub, as whom, and how its answer is printed.

use crate::fault::Fault;
use crate::hub::{Hub, HubArguments};
use crate::output::{FormatArgument, Human, Output};
use proto::rest::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::exit::Exit;

/// The arguments, and what is done with them.
#[derive(Debug, clap::Args)]
pub(crate) struct Asking {
    #[command(flatten)]
    format: FormatArgument,
    #[command(flatten)]
    hub: HubArguments,
}

impl Asking {
    /// The hub: what stands after the verb wins over `root`, before it.
    pub(crate) fn hub(&self, root: &HubArguments) -> Result<Hub, Fault> {
        Hub::open(&self.hub.or(root))
    }

    /// Asks for the resource at `path` and prints it.
    pub(crate) fn read<T>(&self, path: &str, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault>
    where
        T: Serialize + DeserializeOwned,
        Resource<T>: Human,
    {
        self.print(&self.hub(root)?.get::<Resource<T>>(path)?, output)
    }

    /// Prints what the hub answered.
    pub(crate) fn print<T>(&self, answer: &Resource<T>, output: &mut Output) -> Result<Exit, Fault>
    where
        T: Serialize,
        Resource<T>: Human,
    {
        output.result(self.format.output, answer)?;
        Ok(Exit::Fine)
    }
}
