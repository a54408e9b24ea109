//! `writ catalog refresh`.

use crate::fault::Fault;
use crate::help;
use crate::hub::HubArguments;
use crate::output::page::{Page, Tone};
use crate::output::{Human, Output};
use crate::verb::asking::Asking;
use crate::verb::pin;
use policy::diagnostic::{Diagnostic, Severity};
use proto::rest::catalog::{Refreshed, Verdict};
use proto::rest::{Resource, path};
use service::exit::Exit;

/// Have the hub read the catalog now, and see what comes of it
#[derive(Debug, clap::Args)]
#[command(after_help = help::online("writ catalog refresh", "the commit was refused, or the hub refused"))]
pub(crate) struct Refresh {
    #[command(flatten)]
    asking: Asking,
}

impl Refresh {
    pub(crate) fn run(&self, root: &HubArguments, output: &mut Output) -> Result<Exit, Fault> {
        let refreshed: Resource<Refreshed> = self.asking.hub(root)?.post(path::REFRESH, &())?;
        self.asking.print(&refreshed, output)?;
        Ok(if refreshed.body.verdict == Verdict::Refused { Exit::Findings } else { Exit::Fine })
    }
}

impl Human for Resource<Refreshed> {
    fn lay_out(&self, page: &mut Page) {
        let refreshed = &self.body;
        refreshed.diagnostics.iter().for_each(|diagnostic| found(diagnostic, page));
        let revision = &refreshed.revision;
        let stays = refreshed.published.as_deref().unwrap_or("nothing");
        match refreshed.verdict {
            Verdict::Published => page.toned(Tone::Good, &format!("{revision} is published")),
            Verdict::Waiting => {
                let why = match &refreshed.pin {
                    Some(pin) => {
                        format!("because the fleet is pinned {} (`writ unpin` ends that)", pin::told(pin, page))
                    }
                    None => "for a person (writ hold list)".to_owned(),
                };
                page.toned(Tone::Warning, &format!("{revision} waits {why}; {stays} stays published"));
            }
            Verdict::Refused => page.toned(Tone::Bad, &format!("{revision} is refused; {stays} stays published")),
        }
    }
}

fn found(diagnostic: &Diagnostic, page: &mut Page) {
    let (tone, severity) = match diagnostic.severity {
        Severity::Error => (Tone::Bad, "error"),
        Severity::Warning => (Tone::Warning, "warning"),
    };
    let Diagnostic { file, line, column, code, message, .. } = diagnostic;
    page.toned(tone, &format!("{file}:{line}:{column}: {severity}[{code}]: {message}"));
    diagnostic.help.iter().for_each(|help| page.line(&format!("  help: {help}")));
}
