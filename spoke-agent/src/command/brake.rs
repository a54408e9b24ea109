//! `writ-spoke brake`.

use super::failed;
use super::output::{Format, machine, say};
use crate::brakes::{LONGEST, braked, is_told};
use crate::cache::Bundles;
use crate::config::Config;
use crate::target::choice::Choice;
use crate::target::{TargetError, Telling};
use jiff::Timestamp;
use policy::local::{Brake, Brakes, Change};
use policy::name::{Namespace, RuleName};
use policy::object::Object;
use policy::time::Span;
use proto::resources::{BrakeStatus, name_of};
use serde_json::{Value, json};
use service::clock::{Clock as _, SystemClock};
use service::config::ConfigError;
use service::exit::Exit;
use service::help;
use service::telemetry::escape;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Have rules go no further than warn for a while: nothing is written or repaired, and all is reported
///
/// It needs no hub and no running agent, takes effect within seconds, survives restarts and ends by itself: so long after
/// the agent first saw it, by its trusted time, that a clock which is wrong makes no difference. In a cluster
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
    /// How long from when the agent sees it, at most 24h
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
    let (target, data) = match target(arguments) {
        Ok(Some(target)) => target,
        Ok(None) => return failed(&TwoTargets, Exit::Usage),
        Err(error) => return failed(&error, ConfigError::EXIT),
    };
    let brakes = match target.brake(&change(arguments, SystemClock::new().wall())).await {
        Ok(brakes) => brakes,
        Err(error) => return failed(&error, exit(&error)),
    };
    // When one ends, an agent alone can say. It may not run, or may not have seen it yet.
    let telling = target.told().await.ok().flatten().map(|(telling, _)| telling);
    if let Some(rule) = arguments.rule.as_ref().filter(|_| !arguments.clear)
        && in_force(rule, data.as_deref(), telling.as_ref()) == Some(false)
    {
        warn(&format!("no rule {rule} is in force here, so this brake holds nothing back; is the name right?"));
    }
    let told = braked(telling.as_ref().map(|telling| &telling.enforcement));
    say(&shown(&standing(&brakes, &told), arguments.output), Exit::Fine)
}

/// A brake that is set, and what an agent told of it.
struct Standing<'a> {
    rule: Option<&'a RuleName>,
    brake: &'a Brake,
    told: Option<&'a BrakeStatus>,
}

/// All that are set, but for those of which an agent told that they are over.
fn standing<'a>(brakes: &'a Brakes, told: &'a [BrakeStatus]) -> Vec<Standing<'a>> {
    let one = |(rule, brake): (Option<&'a RuleName>, &'a Brake)| {
        let told = told.iter().find(|told| is_told(told, rule, brake));
        Standing { rule, brake, told }
    };
    let all = brakes.all().map(one);
    all.filter(|standing| standing.told.is_none_or(|told| !told.over)).collect()
}

/// The target, and the agent's data where its configuration is here.
type Chosen = (Choice, Option<PathBuf>);

fn target(arguments: &Arguments) -> Result<Option<Chosen>, ConfigError> {
    let own = |kubeconfig: &PathBuf| (Some(kubeconfig.clone()), Namespace::of_writ());
    let Some(config) = &arguments.config else {
        return Ok(arguments
            .kubeconfig
            .as_ref()
            .map(own)
            .map(|(kubeconfig, namespace)| (Choice::Kube { kubeconfig, namespace }, None)));
    };
    let Config { target, data, .. } = Config::load(config)?;
    let target = match (target, &arguments.kubeconfig) {
        (configured, None) => configured,
        (Choice::Kube { namespace, .. }, Some(own)) => Choice::Kube { kubeconfig: Some(own.clone()), namespace },
        (Choice::Directory(_), Some(_)) => return Ok(None),
    };
    Ok(Some((target, Some(data))))
}

/// Whether a rule is in force, by the agent's cache or by what it told in its cluster; none where neither can be read.
fn in_force(rule: &RuleName, data: Option<&Path>, telling: Option<&Telling>) -> Option<bool> {
    let cached = data.and_then(|data| Bundles::under(data).names());
    let told = || telling.map(|telling| &telling.rules).filter(|rules| !rules.is_empty());
    let by_name = |rules: &BTreeMap<String, Object>| rules.contains_key(&name_of(rule));
    cached.map(|names| names.contains(rule)).or_else(|| told().map(by_name))
}

fn warn(text: &str) {
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("warning: {}\n", escape(text)));
}

fn change(arguments: &Arguments, now: Timestamp) -> Change {
    let rule = arguments.rule.clone();
    match arguments.span {
        Some(span) if !arguments.clear => {
            let reason = arguments.reason.clone().unwrap_or_default();
            Change::Set(rule, Brake::lasting(span, now, reason))
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

fn shown(all: &[Standing<'_>], output: Format) -> String {
    match output {
        Format::Human => human(all),
        Format::Json => machine(&document(all), false),
        Format::Yaml => machine(&document(all), true),
    }
}

impl Standing<'_> {
    /// When it ends by trusted time, where that is known.
    fn until(&self) -> Option<Timestamp> {
        self.told.map(|told| told.until).or_else(|| self.span().is_none().then_some(self.brake.until))
    }

    fn span(&self) -> Option<Span> {
        self.brake.span().map(|span| Span::new(span.unsigned_abs()))
    }

    fn line(&self) -> String {
        let what = self.rule.map_or_else(|| "every rule".to_owned(), ToString::to_string);
        let how_long = match (self.until(), self.span()) {
            (None, Some(span)) => format!("for {span} from when the agent sees it"),
            (until, _) => format!("until {:.0}", until.unwrap_or(self.brake.until)),
        };
        format!("{what} goes no further than warn {how_long}: {}", escape(&self.brake.reason))
    }

    fn item(&self) -> Value {
        let Brake { reason, asked, .. } = self.brake;
        json!({"rule": self.rule, "until": self.until(), "for": self.span(), "asked": asked, "reason": reason,
            "since": self.told.map(|told| told.since)})
    }
}

fn human(all: &[Standing<'_>]) -> String {
    let lines: Vec<String> = all.iter().map(Standing::line).collect();
    if lines.is_empty() { "no brake is set".to_owned() } else { lines.join("\n") }
}

fn document(all: &[Standing<'_>]) -> Value {
    let items: Vec<Value> = all.iter().map(Standing::item).collect();
    json!({"apiVersion": "writ.dev/v1alpha1", "kind": "BrakeList", "items": items})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brakes::Braking;
    use policy::local::Local;
    use std::sync::Arc;

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
    fn inv30_what_is_said_of_a_brake_is_what_the_agent_makes_of_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let rule: RuleName = "ResourceGuard/quota".parse().unwrap();
        // Asked for by a clock that is three hours behind.
        let two_hours = Brake::lasting("2h".parse().unwrap(), at("2026-11-21T07:00:00Z"), "INC-7\u{1b}".to_owned());
        let brakes = Brakes { all: Some(two_hours), ..Brakes::default() };
        let said = |brakes: &Brakes, told: &[BrakeStatus]| human(&standing(brakes, told));
        let first = "every rule goes no further than warn for 2h from when the agent sees it: INC-7";
        assert!(said(&brakes, &[]).starts_with(first), "{}", said(&brakes, &[]));
        assert!(!said(&brakes, &[]).contains('\u{1b}'));
        assert_eq!(document(&standing(&brakes, &[]))["items"][0]["until"], Value::Null);

        let local = |brakes: &Brakes| Arc::new(Local { brakes: brakes.clone(), ..Local::default() });
        let mut braking = Braking::default();
        let (_, told) = braking.take(&local(&brakes), at("2026-11-21T10:00:00Z"));
        let then = "every rule goes no further than warn until 2026-11-21T12:00:00Z: INC-7";
        assert!(said(&brakes, &told).starts_with(then), "{}", said(&brakes, &told));
        assert_eq!(document(&standing(&brakes, &told))["items"][0]["since"], "2026-11-21T10:00:00Z");
        let (_, over) = braking.take(&local(&brakes), at("2026-11-21T12:00:00Z"));
        assert_eq!(said(&brakes, &over), "no brake is set", "one that has ended is none");

        let until = Brake { until: at("2026-11-21T13:00:00Z"), asked: None, reason: "by hand".to_owned() };
        let one = brakes.after(&Change::Clear(None)).after(&Change::Set(Some(rule), until));
        assert!(
            said(&one, &told).starts_with("ResourceGuard/quota goes no further than warn until 2026-11-21T13:00:00Z")
        );
    }

    #[test]
    fn whether_a_rule_is_in_force_the_cluster_says_where_no_cache_is_here() {
        let object = |name: &str| {
            Object::try_from(json!({"apiVersion": "writ.dev/v1alpha1", "kind": "Any", "metadata": {"name": name}}))
                .unwrap()
        };
        let rule = |name: &str| format!("ResourceGuard/{name}").parse::<RuleName>().unwrap();
        let mut telling = Telling { enforcement: object("writ"), rules: BTreeMap::new(), verdicts: BTreeMap::new() };
        assert_eq!(in_force(&rule("a"), None, Some(&telling)), None, "a directory tells of none");
        telling.rules.insert(name_of(&rule("a")), object("a"));
        assert_eq!(["a", "b"].map(|name| in_force(&rule(name), None, Some(&telling))), [Some(true), Some(false)]);
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(in_force(&rule("b"), Some(empty.path()), Some(&telling)), Some(false));
        assert_eq!(in_force(&rule("b"), Some(empty.path()), None), None);
    }
}
