//! `writ-spoke brake`.

use super::failed;
use super::output::{Format, machine, say};
use crate::brakes::LONGEST;
use crate::config::Config;
use crate::target::TargetError;
use crate::target::choice::Choice;
use jiff::{SignedDuration, Timestamp};
use policy::local::{Brake, Brakes, Change};
use policy::name::{Namespace, RuleName};
use policy::time::Span;
use serde_json::{Value, json};
use service::clock::{Clock as _, SystemClock};
use service::config::ConfigError;
use service::exit::Exit;
use service::help;
use service::telemetry::escape;
use std::path::PathBuf;

/// Have rules go no further than warn for a while: nothing is written or repaired, and all is reported
///
/// It needs no hub and no running agent, takes effect within seconds, survives restarts and ends by itself. In a cluster
/// it acts as the person of the kubeconfig, whom ClusterRole writ-operator lets do so. --clear without a rule clears all
/// that is set.
#[derive(Debug, clap::Args)]
#[command(after_help = help::below("writ-spoke brake --for 2h --reason 'INC-7: quotas block the restore' --config spoke.yaml", &[
    (Exit::Fine, "it is set, or cleared"),
    (Exit::Findings, "the cluster refused"),
    (Exit::Usage, "wrong usage or configuration, or longer than 24h"),
    (Exit::Absent, "the cluster does not answer"),
]))]
pub(super) struct Arguments {
    /// The one rule, as Kind/name; without it, every rule
    rule: Option<RuleName>,
    /// How long, at most 24h
    #[arg(long = "for", value_name = "DURATION", value_parser = no_longer_than_allowed, required_unless_present = "clear")]
    span: Option<Span>,
    /// Why; it is reported with the brake
    #[arg(long, value_name = "TEXT", required_unless_present = "clear")]
    reason: Option<String>,
    /// End it now
    #[arg(long, conflicts_with_all = ["span", "reason"])]
    clear: bool,
    /// The agent's configuration file, which names the target
    #[arg(
        long,
        value_name = "FILE",
        env = "WRIT_SPOKE_CONFIG",
        hide_env_values = true,
        required_unless_present = "kubeconfig"
    )]
    config: Option<PathBuf>,
    /// The caller's own kubeconfig, instead of the agent's
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// How to print it: human, json or yaml
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM", hide_possible_values = true)]
    output: Format,
}

/// A span that a brake may hold.
fn no_longer_than_allowed(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|error: policy::time::NotASpan| error.to_string())?;
    let longest = Span::new(LONGEST.unsigned_abs());
    if span.get().is_zero() || span > longest {
        return Err(format!(
            "a brake holds for at most {longest}, and for more than nothing; set it again if it must hold on"
        ));
    }
    Ok(span)
}

/// A kubeconfig was given for a directory.
#[derive(Debug, thiserror::Error)]
#[error("the configuration names a target directory, and --kubeconfig a cluster: leave one of them out")]
struct TwoTargets;

pub(super) async fn run(arguments: &Arguments) -> Exit {
    let target = match target(arguments) {
        Ok(Some(target)) => target,
        Ok(None) => return failed(&TwoTargets, Exit::Usage),
        Err(error) => return failed(&error, ConfigError::EXIT),
    };
    let now = SystemClock::new().wall();
    match target.brake(&change(arguments, now)).await {
        Ok(brakes) => say(&shown(&brakes, now, arguments.output), Exit::Fine),
        Err(error) => failed(&error, exit(&error)),
    }
}

fn target(arguments: &Arguments) -> Result<Option<Choice>, ConfigError> {
    let own = |kubeconfig: &PathBuf| (Some(kubeconfig.clone()), Namespace::of_writ());
    let Some(config) = &arguments.config else {
        return Ok(arguments
            .kubeconfig
            .as_ref()
            .map(own)
            .map(|(kubeconfig, namespace)| Choice::Kube { kubeconfig, namespace }));
    };
    let configured = Config::load(config)?.target;
    Ok(match (configured, &arguments.kubeconfig) {
        (configured, None) => Some(configured),
        (Choice::Kube { namespace, .. }, Some(own)) => Some(Choice::Kube { kubeconfig: Some(own.clone()), namespace }),
        (Choice::Directory(_), Some(_)) => None,
    })
}

fn change(arguments: &Arguments, now: Timestamp) -> Change {
    let rule = arguments.rule.clone();
    match arguments.span {
        Some(span) if !arguments.clear => {
            let span = SignedDuration::try_from(span.get()).unwrap_or(LONGEST);
            let until = now.checked_add(span).unwrap_or(Timestamp::MAX).round(jiff::Unit::Second);
            let reason = arguments.reason.clone().unwrap_or_default();
            Change::Set(rule, Brake { until: until.unwrap_or(now), reason })
        }
        _ => Change::Clear(rule),
    }
}

fn exit(error: &TargetError) -> Exit {
    match error {
        error if error.is_absence() => Exit::Absent,
        error if error.is_configuration() => Exit::Usage,
        _ => Exit::Findings,
    }
}

fn shown(brakes: &Brakes, now: Timestamp, output: Format) -> String {
    match output {
        Format::Human => human(brakes, now),
        Format::Json => machine(&document(brakes, now), false),
        Format::Yaml => machine(&document(brakes, now), true),
    }
}

fn human(brakes: &Brakes, now: Timestamp) -> String {
    let line = |(rule, Brake { until, reason }): (Option<&RuleName>, &Brake)| {
        let what = rule.map_or_else(|| "every rule".to_owned(), ToString::to_string);
        format!("{what} goes no further than warn until {until:.0}: {}", escape(reason))
    };
    let lines: Vec<String> = brakes.held(now).map(line).collect();
    if lines.is_empty() { "no brake is set".to_owned() } else { lines.join("\n") }
}

fn document(brakes: &Brakes, now: Timestamp) -> Value {
    let item = |(rule, brake): (Option<&RuleName>, &Brake)| json!({"rule": rule, "until": brake.until, "reason": brake.reason});
    let items: Vec<Value> = brakes.held(now).map(item).collect();
    json!({"apiVersion": "writ.dev/v1alpha1", "kind": "BrakeList", "items": items})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inv30_a_brake_is_asked_for_a_day_at_most() {
        for fine in ["1s", "2h", "24h"] {
            assert!(no_longer_than_allowed(fine).is_ok(), "{fine}");
        }
        for wrong in ["25h", "0s", "2 hours", "24h1s"] {
            assert!(no_longer_than_allowed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_set_is_said() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let brake = |until: &str| Brake { until: until.parse().unwrap(), reason: "INC-7\u{1b}".to_owned() };
        let mut brakes = Brakes { all: Some(brake("2026-11-21T09:00:00Z")), ..Brakes::default() };
        assert_eq!(human(&brakes, now), "no brake is set", "one that has ended is none");
        brakes.rules.insert("ResourceGuard/quota".parse().unwrap(), brake("2026-11-21T12:00:00Z"));
        let said = human(&brakes, now);
        assert!(said.starts_with("ResourceGuard/quota goes no further than warn until 2026-11-21T12:00:00Z: INC-7"));
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}
