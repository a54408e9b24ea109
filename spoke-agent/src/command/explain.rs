//! `writ-spoke explain`.

use super::output::{Format, machine, say};
use super::{ConfigFile, failed};
use crate::config::Config;
use crate::local::{self, Asked};
use policy::name::Namespace;
use proto::rest::explain;
use serde_json::Value;
use service::exit::Exit;
use service::help;
use service::telemetry::escape;
use std::fmt::Write as _;

/// Say why a rule or an object is as it is: which rules touch it, what decided, and what became of them when
///
/// It asks the running agent. The row is that of the table of who wins (docs/precedence.md); the modes are all that are in
/// play, of which the least wins.
#[derive(Debug, clap::Args)]
#[command(after_help = help::below("writ-spoke explain ResourceQuota/writ-team-quota -n shop --config spoke.yaml", &[
    (Exit::Fine, "it could answer"),
    (Exit::Usage, "wrong usage or configuration"),
    (Exit::Absent, "no agent answers, or it has made no round yet"),
]))]
pub(super) struct Arguments {
    /// The rule or the object, as KIND/NAME
    #[arg(value_name = "KIND/NAME")]
    of: String,
    /// In this namespace only
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<Namespace>,
    #[command(flatten)]
    pub(super) config: ConfigFile,
    /// How to print it: human, json or yaml
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM", hide_possible_values = true)]
    output: Format,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("no agent answers here; start `writ-spoke run`")]
    NoAgent,
    #[error("{0}")]
    Starting(String),
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Exit {
    let asked = match explain::Asked::read(&arguments.of, arguments.namespace.clone()) {
        Ok(asked) => asked,
        Err(error) => return failed(&error, Exit::Usage),
    };
    match local::ask_why(&config.data, &asked).await {
        Asked::Told(answer) => match arguments.output {
            Format::Human => say(human(&answer).trim_end(), Exit::Fine),
            Format::Json => say(&machine(&answer, false), Exit::Fine),
            Format::Yaml => say(&machine(&answer, true), Exit::Fine),
        },
        Asked::Starting(why) => failed(&Unanswered::Starting(escape(&why)), Exit::Absent),
        Asked::Nobody => failed(&Unanswered::NoAgent, Exit::Absent),
    }
}

/// A page for people. Names and messages come from strangers and are escaped.
fn human(answer: &Value) -> String {
    let mut page = String::new();
    let items = list(answer, "items");
    if items.is_empty() {
        let (kind, name) = (text(answer, "/of/kind"), text(answer, "/of/name"));
        return format!("no rule of revision {} touches {kind}/{name} here", text(answer, "/revision"));
    }
    for item in &items {
        unit(item, &mut page);
    }
    if let Some(more) = answer.get("more").and_then(Value::as_u64).filter(|more| *more > 0) {
        let _ = writeln!(page, "and {more} more units: name a namespace with -n");
    }
    page
}

/// Writing to a String cannot fail.
fn unit(item: &Value, page: &mut String) {
    let place = text(item, "/unit/namespace");
    let place = if place.is_empty() { String::new() } else { format!(" in {place}") };
    let said = [text(item, "/outcome/code"), text(item, "/outcome/reason"), text(item, "/outcome/message")].join(" ");
    let _ = writeln!(page, "{}{place}: {}", text(item, "/unit/rule"), said.trim_end());
    let _ = writeln!(page, "  decided by   {}, in force: {}{}", text(item, "/row"), text(item, "/mode"), modes(item));
    let owner = text(item, "/owner/team");
    if !owner.is_empty() {
        let _ = writeln!(page, "  owner        {owner}: {}", text(item, "/rationale"));
    }
    for one in list(item, "overrides") {
        let counts = if one.get("counts") == Some(&Value::Bool(true)) { "counts" } else { "does not count: " };
        let (name, field) = (text(&one, "/name"), text(&one, "/field"));
        let value = one.get("value").map(plain).unwrap_or_default();
        let _ = writeln!(page, "  override     {name}: {field} = {value} {counts}{}", text(&one, "/why"));
    }
    for one in list(item, "objects") {
        let namespace = text(&one, "/object/namespace");
        let name = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        let state = if text(&one, "/state").is_empty() { "not written".to_owned() } else { text(&one, "/state") };
        let _ = writeln!(
            page,
            "  object       {} {name}{} {state}",
            text(&one, "/object/kind"),
            text(&one, "/object/name")
        );
    }
    for one in list(item, "transitions").iter().rev() {
        let said = [text(one, "/code"), text(one, "/reason"), text(one, "/message")].join(" ");
        let _ = writeln!(page, "  {} {}", text(one, "/at"), said.trim_end());
    }
}

/// ` (rule enforce, cluster audit)`: all that are in play.
fn modes(item: &Value) -> String {
    let said = |who: &str| Some(format!("{who} {}", plain(item.pointer(&format!("/modes/{who}"))?)));
    let all: Vec<String> = ["rule", "left", "cluster", "brake", "unheard"].into_iter().filter_map(said).collect();
    if all.is_empty() { String::new() } else { format!(" ({})", all.join(", ")) }
}

fn list(value: &Value, field: &str) -> Vec<Value> {
    value.get(field).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escape(text),
        other => escape(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn says_who_won_and_what_happened() {
        let answer = json!({"revision": "abc", "of": {"kind": "ResourceGuard", "name": "quota"}, "items": [{
            "unit": {"rule": "ResourceGuard/quota", "namespace": "shop"}, "row": "mode", "mode": "warn",
            "modes": {"rule": "enforce", "cluster": "enforce", "brake": "warn"}, "owner": {"team": "platform"},
            "rationale": "One team must not starve others.",
            "outcome": {"code": "WouldApply", "reason": "NotEnforced", "message": "differs\u{1b}[2J"},
            "overrides": [{"name": "small", "field": "spec.quota[pods]", "value": "500", "counts": false, "why": "at most 200"}],
            "objects": [{"object": {"group": "", "kind": "ResourceQuota", "namespace": "shop", "name": "writ-quota"},
                "wanted": true, "state": "Owned", "since": "2026-11-21T03:00:00Z"}],
            "transitions": [{"at": "2026-11-21T03:00:00Z", "code": "Applied", "reason": "Applied"},
                {"at": "2026-11-21T04:00:00Z", "code": "WouldApply", "reason": "NotEnforced", "message": "differs"}]}]});
        let page = human(&answer);
        assert!(!page.contains('\u{1b}'));
        let lines: Vec<_> = page.lines().collect();
        assert_eq!(
            lines.get(1),
            Some(&"  decided by   mode, in force: warn (rule enforce, cluster enforce, brake warn)")
        );
        assert_eq!(lines.get(3), Some(&"  override     small: spec.quota[pods] = 500 does not count: at most 200"));
        assert_eq!(lines.get(4), Some(&"  object       ResourceQuota shop/writ-quota Owned"));
        assert_eq!(lines.get(5), Some(&"  2026-11-21T04:00:00Z WouldApply NotEnforced differs"), "the newest first");
        let nothing = human(&json!({"revision": "abc", "of": {"kind": "Pod", "name": "x"}, "items": []}));
        assert_eq!(nothing, "no rule of revision abc touches Pod/x here");
    }
}
