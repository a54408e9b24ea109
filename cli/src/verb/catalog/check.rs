//! `writ catalog check [DIR]`.

use super::{changes, working_copy};
use crate::fault::Fault;
use crate::help;
use crate::output::Output;
use crate::output::diagnostics::{self, Form};
use policy::diagnostic::{Diagnostic, Severity};
use service::exit::Exit;
use std::path::PathBuf;

/// Find every fault, each in its place, with its remedy
#[derive(Debug, clap::Args)]
#[command(after_help = help::offline("writ catalog check --changed-by ada --against origin/main", "the catalog has faults, or WHO may not change what was changed"))]
pub(crate) struct Check {
    /// The folder with writ.yaml
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Also judge what WHO has changed since --against, by the authority of that revision
    #[arg(long, requires = "against", value_name = "WHO")]
    changed_by: Option<String>,
    /// The last revision that was accepted: a commit, branch or tag
    #[arg(long, requires = "changed_by", value_name = "REV")]
    against: Option<String>,
    /// Which faults end with exit code 1: error or warning (and above)
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY", hide_possible_values = true)]
    fail_on: FailOn,
    /// How to print what was found: human, json, yaml, sarif or github
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM", hide_possible_values = true)]
    output: Form,
}

/// From which severity on a fault is a failure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// Only what refuses the revision
    #[default]
    Error,
    /// Everything that was found
    Warning,
}

impl FailOn {
    fn covers(self, diagnostic: &Diagnostic) -> bool {
        self == Self::Warning || diagnostic.severity == Severity::Error
    }
}

impl Check {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Fault> {
        let mut copy = working_copy::read(&self.dir)?;
        if let (Some(who), Some(revision)) = (&self.changed_by, &self.against) {
            copy.diagnostics.extend(changes::unauthorised(&self.dir, &copy.sources, who, revision)?);
            copy.diagnostics.sort();
        }
        diagnostics::print(output, self.output, &copy.diagnostics, &copy.sources, &self.dir.to_string_lossy())?;
        let failed = copy.diagnostics.iter().any(|diagnostic| self.fail_on.covers(diagnostic));
        Ok(if failed { Exit::Findings } else { Exit::Fine })
    }
}
