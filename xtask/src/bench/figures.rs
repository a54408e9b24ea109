//! Figures of one run: printed for people, written as JSON.

use crate::lab::files;
use crate::tools::say;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// One figure, beside its control and its goal.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    value: f64,
    control: Option<Control>,
    goal: f64,
}

/// What the value is compared with, measured in the same run.
#[derive(Debug, Serialize)]
pub(crate) struct Control {
    name: &'static str,
    value: f64,
    ratio: f64,
}

impl Figure {
    /// A figure that shall be at most `goal`.
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, value: f64, goal: f64) -> Self {
        Self { name: name.into(), unit, value, control: None, goal }
    }

    /// Adds what it is compared with.
    pub(crate) fn beside(mut self, name: &'static str, value: f64) -> Self {
        self.control = Some(Control { name, value, ratio: self.value / value });
        self
    }

    fn line(&self) -> String {
        let verdict = if self.value <= self.goal { "within" } else { "BEYOND" };
        let control = self.control.as_ref().map_or_else(String::new, |control| {
            format!("; {:.2} x {} ({:.1} {})", control.ratio, control.name, control.value, self.unit)
        });
        format!("{:<58} {:>9.1} {:<5} {verdict} {:.1}{control}", self.name, self.value, self.unit, self.goal)
    }
}

/// Milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The middle of some durations.
pub(crate) fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

/// The least of some durations that so many percent of them do not pass.
pub(crate) fn quantile(mut durations: Vec<Duration>, percent: usize) -> Duration {
    durations.sort_unstable();
    let rank = (durations.len() * percent).div_ceil(100);
    durations.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Prints all figures, and writes them where asked.
pub(crate) fn tell(figures: &[Figure], json: Option<&Path>) -> Result<()> {
    figures.iter().for_each(|figure| say(&figure.line()));
    json.map_or(Ok(()), |path| files::write_atomically(path, &serde_json::to_string_pretty(figures)?))
}
