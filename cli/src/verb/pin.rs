//! `writ pin`.

use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::page::Page;
use crate::output::{Human, Output};
use crate::verb::asking::Asking;
use proto::rest::pin::{self, PinRequest, Pinned};
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
    asking: Asking,
}

impl Pin {
    pub(crate) fn run(self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let request = PinRequest { revision: self.revision, reason: self.reason };
        let pinned: Resource<Pinned> = self.asking.hub(root)?.put(path::PIN, &request)?;
        self.asking.print(&pinned, output)
    }
}

impl Human for Resource<Pinned> {
    fn lay_out(&self, page: &mut Page) {
        let Pinned { pin, replaced } = &self.body;
        match (pin, replaced) {
            (None, None) => page.line("not pinned"),
            (None, Some(lifted)) => page.line(&format!("not pinned any more; it was pinned {}", told(lifted, page))),
            (Some(pin), _) => page.line(&format!("pinned {}", told(pin, page))),
        }
        if let (Some(_), Some(replaced)) = (pin, replaced) {
            page.line(&format!("in place of the pin {}", told(replaced, page)));
        }
    }
}

/// Where a pin is, by whom, since when, and why.
pub(super) fn told(pin: &pin::Pin, page: &Page) -> String {
    let why = pin.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("at {} by {}, {}{why}", pin.revision, pin.by, page.age(pin.since))
}
