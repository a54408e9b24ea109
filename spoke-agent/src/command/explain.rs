//! `writ-spoke explain`.

use super::output::{Format, machine, say};
use super::{ConfigFile, failed};
use crate::config::Config;
use crate::local::{self, Asked};
use policy::name::Namespace;
use proto::rest::Resource;
use proto::rest::explain::{self, Explanation};
use service::exit::Exit;
use service::help;
use service::telemetry::escape;

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
    #[error("the agent that runs here is of another version; restart it, or ask with `--output json`")]
    Strange(#[source] serde_json::Error),
}

pub(super) async fn run(arguments: &Arguments, config: &Config) -> Exit {
    let asked = match explain::Asked::read(&arguments.of, arguments.namespace.clone()) {
        Ok(asked) => asked,
        Err(error) => return failed(&error, Exit::Usage),
    };
    match local::ask_why(&config.data, &asked).await {
        Asked::Told(answer) => match arguments.output {
            Format::Human => match serde_json::from_value::<Resource<Explanation>>(answer) {
                Ok(answer) => say(&human(&answer.body), Exit::Fine),
                Err(error) => failed(&Unanswered::Strange(error), Exit::Absent),
            },
            Format::Json => say(&machine(&answer, false), Exit::Fine),
            Format::Yaml => say(&machine(&answer, true), Exit::Fine),
        },
        Asked::Starting(why) => failed(&Unanswered::Starting(escape(&why)), Exit::Absent),
        Asked::Nobody => failed(&Unanswered::NoAgent, Exit::Absent),
    }
}

/// A page for people. Names and messages come from strangers and are escaped.
fn human(answer: &Explanation) -> String {
    if answer.items.is_empty() {
        let revision = answer.enforced.as_deref().unwrap_or("none");
        return format!("no rule of revision {} touches {} here", escape(revision), escape(&answer.of));
    }
    let more = (answer.more > 0).then(|| format!("and {} more units: name a namespace with -n", answer.more));
    let lines: Vec<String> = answer.lines().iter().map(|line| escape(line)).chain(more).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn answer(items: &Value, more: u64) -> Explanation {
        let answer = json!({"cluster": "eu-1", "of": "Pod/x", "enforced": "abc", "items": items, "more": more});
        serde_json::from_value(answer).unwrap()
    }

    #[test]
    fn strangers_words_are_escaped_and_no_answer_is_said() {
        let unit = json!({"unit": {"rule": "ResourceGuard/quota"}, "transitions": [],
            "outcome": {"code": "Failed", "reason": "Word", "message": "differs\u{1b}[2J\nx"}});
        let page = human(&answer(&json!([{"rule": "ResourceGuard/quota", "units": [unit]}]), 7));
        assert!(!page.contains('\u{1b}') && page.lines().count() == 3, "{page}");
        assert!(page.ends_with("and 7 more units: name a namespace with -n"), "{page}");
        assert_eq!(human(&answer(&json!([]), 0)), "no rule of revision abc touches Pod/x here");
    }
}
