//! `writ pin`.

use crate::fault::Fault;
use crate::help;
use crate::hub::{Hub, HubArguments};
use crate::output::page::Page;
use crate::output::{FormatArgument, Human, Output};
use proto::rest::pin::{PinRequest, Pinned};
use proto::rest::{Resource, path};
use service::exit::Exit;

/// Stop all change of rules; exceptions and revocations pass
///
/// With a revision, every cluster goes (back) to that one first.
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ pin --reason \"sales weekend\"", "the hub refused"))]
pub(crate) struct Pin {
    /// The commit to stay at [default: the one that is published]
    revision: Option<String>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    format: FormatArgument,
    #[command(flatten)]
    hub: HubArguments,
}

impl Pin {
    pub(crate) fn run(self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let request = PinRequest { revision: self.revision, reason: self.reason };
        let pinned: Resource<Pinned> = Hub::open(&self.hub.or(root))?.put(path::PIN, &request)?;
        output.result(self.format.output, &pinned)?;
        Ok(Exit::Fine)
    }
}

impl Human for Resource<Pinned> {
    fn lay_out(&self, page: &mut Page) {
        let Some(pin) = &self.body.pin else { return page.line("not pinned") };
        let why = pin.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        page.line(&format!("pinned at {} by {}, {}{why}", pin.revision, pin.by, page.age(pin.since)));
    }
}
