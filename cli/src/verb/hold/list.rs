//! `writ hold list`.

use super::about;
use crate::fault::Fault;
use crate::help;
use crate::hub::{Hub, HubArguments};
use crate::output::page::Page;
use crate::output::table::Table;
use crate::output::{FormatArgument, Human, Output};
use proto::rest::hold::Hold;
use proto::rest::{self, Resource, path};
use service::exit::Exit;

/// What waits for a person
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ hold list", "the hub refused"))]
pub(crate) struct List {
    #[command(flatten)]
    format: FormatArgument,
    #[command(flatten)]
    hub: HubArguments,
}

impl List {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let holds: Resource<rest::List<Hold>> = Hub::open(&self.hub.or(root))?.get(path::HOLDS)?;
        output.result(self.format.output, &holds)?;
        Ok(Exit::Fine)
    }
}

impl Human for Resource<rest::List<Hold>> {
    fn lay_out(&self, page: &mut Page) {
        let mut table = Table::new(&["DIGEST", "REASON", "CLUSTERS", "SINCE", "MESSAGE"]);
        for hold in &self.body.items {
            let short = hold.digest.hex().chars().take(12).collect();
            table.row([
                short,
                hold.reason.to_string(),
                about(&hold.clusters),
                page.age(hold.since),
                hold.message.clone(),
            ]);
        }
        page.table(&table, "Nothing waits for a person.");
    }
}
