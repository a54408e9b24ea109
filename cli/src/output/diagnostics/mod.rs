//! Diagnostics, in the forms that people and CI systems read.

mod github;
mod human;
mod sarif;

use super::{Format, Output};
use crate::fault::Fault;
use policy::catalog::Sources;
use policy::diagnostic::Diagnostic;
use policy::diagnostic::render::Counts;
use serde::Serialize;

/// The forms of `writ catalog check`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people: each with its line and a caret
    #[default]
    Human,
    /// Stable, for programs
    Json,
    /// The same as YAML
    Yaml,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        match format {
            Format::Human => Self::Human,
            Format::Json => Self::Json,
            Format::Yaml => Self::Yaml,
        }
    }
}

/// Diagnostics and how many there are of each severity.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listing<'a> {
    /// All of them, sorted by file and place.
    pub(crate) diagnostics: &'a [Diagnostic],
    /// How many refuse the revision.
    pub(crate) errors: usize,
    /// How many do not.
    pub(crate) warnings: usize,
}

impl<'a> Listing<'a> {
    /// Counts.
    pub(crate) fn new(diagnostics: &'a [Diagnostic]) -> Self {
        let Counts { errors, warnings } = Counts::of(diagnostics);
        Self { diagnostics, errors, warnings }
    }
}

/// Prints diagnostics. `sources` hold the lines to show; `root` is the catalog's folder as the caller named it, for
/// forms that name files from where the caller stands.
pub(crate) fn print(
    output: &mut Output,
    form: Form,
    diagnostics: &[Diagnostic],
    sources: &Sources,
    root: &str,
) -> Result<(), Fault> {
    let listing = Listing::new(diagnostics);
    match form {
        Form::Human => {
            let mut page = output.page();
            human::lay_out(&listing, sources, &mut page);
            output.text(&page.finish())
        }
        Form::Json => output.json(&listing),
        Form::Yaml => output.yaml(&listing),
        Form::Sarif => output.json(&sarif::log(diagnostics, root)),
        Form::Github => output.text(&github::annotations(diagnostics, root)),
    }
}

/// The path of a file of the catalog from where the caller stands.
fn from_caller(root: &str, file: &str) -> String {
    match root.trim_end_matches('/') {
        "." | "" => file.to_owned(),
        root => format!("{}/{file}", root.trim_start_matches("./")),
    }
}
