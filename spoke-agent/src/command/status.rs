//! `writ-spoke status`.

use super::output::{Format, machine, say};
use crate::config::Config;
use crate::local::{self, Asked};
use crate::target::TargetError;
use jiff::Timestamp;
use serde_json::{Value, json};
use service::age::relative;
use service::clock::{Clock as _, SystemClock};
use service::exit::{self, Exit};
use service::telemetry::escape;
use std::fmt::Write as _;

/// What the agent does while its status is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agent {
    /// It told the status just now.
    Runs,
    /// It told it before this start, at this time.
    Starts(Timestamp),
    /// It told it at this time, and does not run any more.
    Stands(Timestamp),
}

pub(super) async fn show(config: &Config, output: Format) -> Exit {
    let shown = match local::ask(&config.data).await {
        Asked::Told(status) => Ok(Some((status, Agent::Runs))),
        Asked::Starting(why) => match told_before(config, Agent::Starts).await {
            Err(error) if error.is_absence() => return waits(&why),
            told => told,
        },
        Asked::Nobody => told_before(config, Agent::Stands).await,
    };
    let (status, agent) = match shown {
        Ok(Some(shown)) => shown,
        Ok(None) => return nothing_told(),
        Err(error) => {
            exit::print(&error);
            return Exit::Absent;
        }
    };
    match output {
        Format::Human => say(human(&status, agent, SystemClock::new().wall()).trim_end(), Exit::Fine),
        Format::Json => say(&machine(&with_agent(status, agent), false), Exit::Fine),
        Format::Yaml => say(&machine(&with_agent(status, agent), true), Exit::Fine),
    }
}

/// The status that stands in the target, and when it was written there.
async fn told_before(config: &Config, agent: fn(Timestamp) -> Agent) -> Result<Option<(Value, Agent)>, TargetError> {
    let told = config.target.told().await?;
    Ok(told.map(|(telling, at)| (crate::status::without_watermark(&telling.enforcement), agent(at))))
}

/// What an agent says that has not come to its cluster yet.
fn waits(why: &str) -> Exit {
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("error: {}\n", escape(why)));
    Exit::Absent
}

fn nothing_told() -> Exit {
    let nothing = "error: no agent answers here, and none has ever told its status; start `writ-spoke run`";
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{nothing}\n"));
    Exit::Absent
}

/// For programs: whether the agent runs, and when it told what is shown, if not just now.
fn with_agent(mut status: Value, agent: Agent) -> Value {
    let (runs, told) = match agent {
        Agent::Runs => (true, None),
        Agent::Starts(at) => (true, Some(at)),
        Agent::Stands(at) => (false, Some(at)),
    };
    let mut about = json!({"runs": runs});
    if let (Some(at), Some(about)) = (told, about.as_object_mut()) {
        about.insert("told".to_owned(), json!(at));
    }
    if let Some(status) = status.as_object_mut() {
        status.insert("agent".to_owned(), about);
    }
    status
}

/// A screen for people. Names and messages come from strangers and are escaped.
fn human(status: &Value, agent: Agent, now: Timestamp) -> String {
    let text = |pointer: &str| status.pointer(pointer).map_or_else(|| "none".to_owned(), plain);
    let mut screen = String::new();
    let told =
        |at: Timestamp| format!("told at {} ({})", at.round(jiff::Unit::Second).unwrap_or(at), relative(at, now));
    let agent = match agent {
        Agent::Runs => "runs".to_owned(),
        Agent::Starts(at) => format!("runs, and has made no round yet; what follows was {}", told(at)),
        Agent::Stands(at) => format!("does not run; what follows was {}", told(at)),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(screen, "cluster    {}", text("/status/cluster"));
    let _ = writeln!(screen, "agent      {agent}");
    let _ = writeln!(screen, "revision   {} (sequence {})", text("/status/revision"), text("/status/sequence"));
    let _ = writeln!(screen, "fresh      until {}", text("/status/freshUntil"));
    let counts = status.pointer("/status/counts").and_then(Value::as_object);
    let counts = counts.map(|counts| counts.iter().map(|(code, count)| format!("{} {code}", plain(count))));
    let _ = writeln!(screen, "units      {}", counts.map(|c| c.collect::<Vec<_>>().join(", ")).unwrap_or_default());
    for condition in list(status, "/status/conditions") {
        let (kind, holds) = (field(condition, "type"), field(condition, "status"));
        let (reason, message) = (field(condition, "reason"), field(condition, "message"));
        let _ = writeln!(screen, "{kind:<13}{holds:<8}{reason} {message}");
    }
    for note in list(status, "/status/notes") {
        let about = note.get("object").map_or_else(String::new, |_| object(note));
        let said = [field(note, "outcome"), field(note, "reason"), field(note, "message")].join(" ");
        let _ = writeln!(screen, "  {}{about} {said}", field(note, "rule"));
    }
    for unit in list(status, "/status/units") {
        let name = [field(unit, "unit.rule"), field(unit, "unit.namespace")].join(" ");
        let outcome = [field(unit, "outcome.code"), field(unit, "outcome.reason"), field(unit, "outcome.message")];
        let _ = writeln!(screen, "  {} {}", name.trim_end(), outcome.join(" "));
    }
    screen
}

/// The document that a note is about, where that is not the rule itself.
fn object(note: &Value) -> String {
    let named = format!("{}/{}", field(note, "object.kind"), field(note, "object.name"));
    if named == field(note, "rule") { String::new() } else { format!(" by {named}") }
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
            "conditions": [{"type": "Applied", "status": "False", "reason": "NotAllApplied"}],
            "units": [{"unit": {"rule": "ConfigTemplate/a"},
                "outcome": {"code": "Failed", "reason": "Unwritable", "message": "\u{1b}[2J"}}]}});
        let screen = human(&status, Agent::Runs, Timestamp::UNIX_EPOCH);
        assert!(!screen.contains('\u{1b}'), "{screen}");
        assert!(screen.contains("1 Failed") && screen.contains("ConfigTemplate/a Failed"), "{screen}");
    }

    #[test]
    fn what_does_not_count_is_named_with_who_said_it() {
        let note = |rule: &str, kind: &str| {
            json!({"outcome": "OverrideRefused", "reason": "OutOfBounds", "rule": rule, "message": "at most 200",
                "object": {"group": "writ.dev", "kind": kind, "name": "small"}})
        };
        let notes = [note("ResourceGuard/quota", "Override"), note("LocalConstraint/small", "LocalConstraint")];
        let screen = human(&json!({"status": {"notes": notes}}), Agent::Runs, Timestamp::UNIX_EPOCH);
        assert!(screen.contains("  ResourceGuard/quota by Override/small OverrideRefused OutOfBounds at most 200\n"));
        assert!(screen.contains("  LocalConstraint/small OverrideRefused"), "{screen}");
    }

    #[test]
    fn without_an_agent_it_says_when_this_was_told() {
        let at: Timestamp = "2026-11-21T09:00:00.25Z".parse().unwrap();
        let now: Timestamp = "2026-11-21T12:00:01Z".parse().unwrap();
        let agent = |agent| human(&json!({}), agent, now).lines().nth(1).unwrap().to_owned();
        assert_eq!(agent(Agent::Runs), "agent      runs");
        let told = "what follows was told at 2026-11-21T09:00:00Z (3h ago)";
        assert_eq!(agent(Agent::Stands(at)), format!("agent      does not run; {told}"));
        assert_eq!(agent(Agent::Starts(at)), format!("agent      runs, and has made no round yet; {told}"));
    }

    #[test]
    fn programs_are_told_too() {
        let at: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        let told = |agent| with_agent(json!({"status": {}}), agent);
        assert_eq!(told(Agent::Runs), json!({"status": {}, "agent": {"runs": true}}));
        let before = json!({"status": {}, "agent": {"runs": false, "told": "2026-11-21T09:00:00Z"}});
        assert_eq!(told(Agent::Stands(at)), before);
    }
}
