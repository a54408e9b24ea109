//! `writ catalog check [DIR]`.

use super::working_copy;
use crate::fault::Fault;
use crate::help;
use crate::output::Output;
use crate::output::diagnostics::{self, Form};
use policy::diagnostic::{Diagnostic, Severity};
use service::exit::Exit;
use std::path::PathBuf;

/// Find every fault, each in its place, with its remedy
#[derive(Debug, clap::Args)]
#[command(after_help = help::offline("writ catalog check --output github", "the catalog has faults"))]
pub(crate) struct Check {
    /// The folder with writ.yaml
    #[arg(default_value = ".")]
    dir: PathBuf,
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
        let copy = working_copy::read(&self.dir)?;
        diagnostics::print(output, self.output, &copy.diagnostics, &copy.sources, &self.dir.to_string_lossy())?;
        let failed = copy.diagnostics.iter().any(|diagnostic| self.fail_on.covers(diagnostic));
        Ok(if failed { Exit::Findings } else { Exit::Fine })
    }
}
