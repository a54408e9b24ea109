//! `writ-spoke status`.

use super::output::{Format, machine, say};
use crate::config::Config;
use crate::local;
use crate::target::directory::Layout;
use serde_json::Value;
use service::exit::{self, Exit};
use service::telemetry::escape;
use std::fmt::Write as _;

pub(super) async fn show(config: &Config, output: Format) -> Exit {
    let (status, running) = match local::ask(&config.data).await {
        Some(status) => (status, true),
        None => match crate::target::directory::told(&Layout::new(config.directory.clone())) {
            Ok(Some(status)) => (crate::status::without_watermark(&status), false),
            Ok(None) => {
                let nothing = "error: the agent does not run, and has never told its status";
                let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{nothing}\n"));
                return Exit::Absent;
            }
            Err(error) => {
                exit::print(&error);
                return Exit::Absent;
            }
        },
    };
    match output {
        Format::Human => say(human(&status, running).trim_end(), Exit::Fine),
        Format::Json => say(&machine(&status, false), Exit::Fine),
        Format::Yaml => say(&machine(&status, true), Exit::Fine),
    }
}

/// A screen for people. Names and messages come from strangers and are escaped.
fn human(status: &Value, running: bool) -> String {
    let text = |pointer: &str| status.pointer(pointer).map_or_else(|| "none".to_owned(), plain);
    let mut screen = String::new();
    let agent = if running { "runs" } else { "does not run; this is what it told last" };
    // Writing to a String cannot fail.
    let _ = writeln!(screen, "cluster    {}", text("/status/cluster"));
    let _ = writeln!(screen, "agent      {agent}");
    let _ = writeln!(screen, "revision   {} (sequence {})", text("/status/revision"), text("/status/sequence"));
    let _ = writeln!(screen, "fresh      until {}", text("/status/freshUntil"));
    let counts = status.pointer("/status/counts").and_then(Value::as_object);
    let counts = counts.map(|counts| counts.iter().map(|(code, count)| format!("{} {code}", plain(count))));
    let _ = writeln!(screen, "units      {}", counts.map(|c| c.collect::<Vec<_>>().join(", ")).unwrap_or_default());
    for condition in list(status, "/status/conditions") {
        let (kind, holds) = (field(condition, "kind"), field(condition, "status"));
        let (reason, message) = (field(condition, "reason"), field(condition, "message"));
        let _ = writeln!(screen, "{kind:<13}{holds:<6} {reason} {message}");
    }
    for unit in list(status, "/status/units") {
        let name = [field(unit, "unit.rule"), field(unit, "unit.namespace")].join(" ");
        let outcome = [field(unit, "outcome.code"), field(unit, "outcome.reason"), field(unit, "outcome.message")];
        let _ = writeln!(screen, "  {} {}", name.trim_end(), outcome.join(" "));
    }
    screen
}

fn list<'a>(status: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    status.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn field(value: &Value, path: &str) -> String {
    value.pointer(&format!("/{}", path.replace('.', "/"))).map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    escape(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_cannot_write_to_the_terminal() {
        let status = json!({"status": {"cluster": "eu-1", "counts": {"Failed": 1},
            "conditions": [{"kind": "Applied", "status": false, "reason": "NotAllApplied"}],
            "units": [{"unit": {"rule": "ConfigTemplate/a"},
                "outcome": {"code": "Failed", "reason": "Unwritable", "message": "\u{1b}[2J"}}]}});
        let screen = human(&status, true);
        assert!(!screen.contains('\u{1b}'), "{screen}");
        assert!(screen.contains("1 Failed") && screen.contains("ConfigTemplate/a Failed"), "{screen}");
    }
}
