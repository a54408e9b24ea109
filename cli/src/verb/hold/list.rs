//! `writ hold list`.

use super::about;
use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::page::Page;
use crate::output::table::Table;
use crate::output::{Human, Output};
use crate::verb::asking::Asking;
use proto::rest::hold::Hold;
use proto::rest::{self, Resource, path};
use service::exit::Exit;

/// What waits for a person
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ hold list", "the hub refused"))]
pub(crate) struct List {
    #[command(flatten)]
    asking: Asking,
}

impl List {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        self.asking.read::<rest::List<Hold>>(path::HOLDS, root, output)
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
