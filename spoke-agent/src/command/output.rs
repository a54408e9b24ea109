//! The one place that prints results.

use clap::ValueEnum;
use serde_json::Value;
use service::exit::Exit;
use std::io::Write;

/// How a result is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Prints a line and gives back how the command ends.
pub(super) fn say(text: &str, exit: Exit) -> Exit {
    // A reader that went away needs no answer.
    let _ = writeln!(std::io::stdout(), "{text}");
    exit
}

/// A value in one of the machine formats.
pub(super) fn machine(value: &Value, yaml: bool) -> String {
    let printed = if yaml { serde_yaml::to_string(value).ok() } else { None };
    printed.map_or_else(|| format!("{value:#}"), |text| text.trim_end().to_owned())
}
