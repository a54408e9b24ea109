//! Everything that `writ` prints to standard output, in the form that was asked for.

pub(crate) mod diagnostics;
pub(crate) mod page;
pub(crate) mod table;

use crate::fault::Fault;
use page::Page;
use serde::Serialize;
use service::clock::{Clock, SystemClock};
use std::io::{self, IsTerminal, Write};

/// The forms that every result can take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Human,
    /// Stable, for programs
    Json,
    /// The same as YAML
    Yaml,
}

/// `--output`, for commands that add no form of their own.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct FormatArgument {
    /// How to print the result: human, json or yaml
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM", hide_possible_values = true)]
    pub(crate) output: Format,
}

/// What can be laid out for people.
pub(crate) trait Human {
    /// Lays it out.
    fn lay_out(&self, page: &mut Page);
}

/// Standard output, and whether it takes colours.
pub(crate) struct Output {
    stream: Box<dyn Write>,
    colours: bool,
}

impl Output {
    /// The standard output of this process: coloured on a terminal, unless NO_COLOR says otherwise.
    pub(crate) fn of_process() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let stream = io::stdout();
        let colours = stream.is_terminal() && !plain;
        Self { stream: Box::new(stream), colours }
    }

    /// A page that knows whether it may colour.
    pub(crate) fn page(&self) -> Page {
        Page::new(self.colours, SystemClock::new().wall())
    }

    /// Prints a result in one of the common forms.
    pub(crate) fn result<T: Serialize + Human>(&mut self, format: Format, value: &T) -> Result<(), Fault> {
        match format {
            Format::Human => {
                let mut page = self.page();
                value.lay_out(&mut page);
                self.text(&page.finish())
            }
            Format::Json => self.json(value),
            Format::Yaml => self.yaml(value),
        }
    }

    /// Prints JSON, indented, with a newline at its end.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Fault> {
        let text = serde_json::to_string_pretty(value).map_err(|error| unprintable(&error))?;
        self.text(&format!("{text}\n"))
    }

    /// Prints YAML.
    pub(crate) fn yaml(&mut self, value: &impl Serialize) -> Result<(), Fault> {
        let text = serde_yaml::to_string(value).map_err(|error| unprintable(&error))?;
        self.text(&text)
    }

    /// Prints text as it is. A reader who has gone away (`writ … | head`) is no fault.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Fault> {
        match self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Fault::Usage(format!("standard output cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }
}

fn unprintable(error: &dyn std::error::Error) -> Fault {
    Fault::Usage(format!("the result cannot be printed in this form: {error}; try --output json"))
}
