//! `writ hold show DIGEST`.

use super::chosen::Chosen;
use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::page::Page;
use crate::output::{Human, Output};
use crate::verb::asking::Asking;
use proto::rest::hold::Hold;
use proto::rest::{Resource, path};
use service::exit::Exit;

/// One hold: what would happen on its release
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ hold show 1b4f0e98", "there is no such hold, or the hub refused"))]
pub(crate) struct Show {
    /// The hold's digest, or its first eight digits or more
    digest: Chosen,
    #[command(flatten)]
    asking: Asking,
}

impl Show {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let hub = self.asking.hub(root)?;
        let hold: Resource<Hold> = hub.get(&path::of_hold(path::HOLD, &self.digest.digest(&hub)?))?;
        self.asking.print(&hold, output)
    }
}

impl Human for Resource<Hold> {
    fn lay_out(&self, page: &mut Page) {
        let hold = &self.body;
        page.pair("digest", &hold.digest.to_string());
        page.pair("reason", &hold.reason.to_string());
        let names: Vec<_> = hold.clusters.iter().map(ToString::to_string).collect();
        page.pair("clusters", &if names.is_empty() { "all".to_owned() } else { names.join(", ") });
        page.pair("since", &page.age(hold.since));
        page.pair("message", &hold.message);
        if let Some(released) = &hold.released {
            page.pair("released", &format!("{} by {}", page.age(released.at), released.by));
        }
        hold.items.iter().for_each(|item| page.line(&format!("  {item}")));
        let shown = hold.items.len() as u64;
        if hold.items_total > shown {
            page.line(&format!("  … and {} more", hold.items_total - shown));
        }
    }
}
