//! What the operators of a cluster say there, in a directory: overrides, constraints and the brake, with and without a hub.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;
use writ_e2e::{cast, trial};
use xtask::lab::cast::PATIENCE;
use xtask::lab::{Cast, binaries, cluster};
use xtask::{tools, wait};

const NAME: &str = "eu-1";
/// What operators write counts within so long.
const SOON: Duration = Duration::from_secs(1);
/// As long as something must not happen.
const LOOK: Duration = Duration::from_secs(2);

fn begin() -> Result<Cast> {
    let cast = cast(1, &[])?;
    for name in trial::NAMESPACES {
        let text = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{purpose: trial}}}}\n");
        write(&cast, &format!("objects/_cluster/Namespace..{name}.yaml"), &text)?;
    }
    trial::publish(&cast)?;
    for name in trial::NAMESPACES {
        has(&cast, name, trial::DEFAULT, PATIENCE)?;
    }
    // Its round is over: what was written is recorded, so that whoever starts anew knows it again.
    wait::until("the trial is applied", PATIENCE, || {
        let said = spoke(&cast, &["explain", trial::RULE, "--output", "json"])?;
        let answer: Value = serde_json::from_slice(&said.stdout)?;
        let units = answer.pointer("/items/0/units").and_then(Value::as_array).cloned().unwrap_or_default();
        let is_applied = |unit: &Value| unit.pointer("/outcome/code").and_then(Value::as_str) == Some("Applied");
        ensure!(units.len() == trial::NAMESPACES.len() && units.iter().all(is_applied), "{answer}");
        Ok(())
    })?;
    Ok(cast)
}

fn path(cast: &Cast, file: &str) -> Result<PathBuf> {
    Ok(cast.spoke(NAME)?.directory()?.join(file))
}

fn write(cast: &Cast, file: &str, text: &str) -> Result<()> {
    let path = path(cast, file)?;
    fs::create_dir_all(path.parent().context("a file has a folder")?)?;
    Ok(fs::write(path, text)?)
}

fn remove(cast: &Cast, file: &str) -> Result<()> {
    Ok(fs::remove_file(path(cast, file)?)?)
}

fn quota(namespace: &str) -> String {
    format!("{namespace}/ResourceQuota..{}.yaml", trial::QUOTA)
}

fn pods(cast: &Cast, namespace: &str) -> Result<String> {
    cluster::text(cast, NAME, &quota(namespace), "/spec/hard/pods")
}

/// Waits until the quota of a namespace allows so many pods.
fn has(cast: &Cast, namespace: &str, number: &str, limit: Duration) -> Result<()> {
    wait::until(&format!("{namespace} has {number}"), limit, || {
        let found = pods(cast, namespace)?;
        ensure!(found == number, "{found}");
        Ok(())
    })
}

fn tamper(cast: &Cast, namespace: &str, from: &str, to: &str) -> Result<()> {
    cast.spoke(NAME)?.cluster.tamper(&quota(namespace), "/spec/hard/pods", (from, to))
}

fn spoke(cast: &Cast, arguments: &[&str]) -> Result<Output> {
    let config = cast.spoke(NAME)?.home.join("spoke.yaml");
    tools::output(Command::new(binaries::path("writ-spoke")?).args(arguments).arg("--config").arg(config))
}

fn status(cast: &Cast) -> Result<Value> {
    let said = spoke(cast, &["status", "--output", "json"])?;
    ensure!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    Ok(serde_json::from_slice(&said.stdout)?)
}

/// Waits until something that the agent lists under `pointer` says all of `texts`.
fn says(cast: &Cast, pointer: &str, texts: &[&str]) -> Result<()> {
    wait::until(&format!("{pointer} says {texts:?}"), PATIENCE, || {
        let status = status(cast)?;
        let all = status.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
        let found = all.iter().any(|item| texts.iter().all(|text| item.to_string().contains(text)));
        ensure!(found, "{all:?}");
        Ok(())
    })
}

fn silent(cast: &Cast, pointer: &str) -> Result<()> {
    wait::until(&format!("{pointer} is empty"), PATIENCE, || {
        let status = status(cast)?;
        let some = status.pointer(pointer).and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        ensure!(!some, "{:?}", status.pointer(pointer));
        Ok(())
    })
}

/// An override within its bounds counts at once, one outside leaves the default and is told at the hub.
#[test]
fn inv26_overrides_count_within_their_bounds_with_or_without_a_hub() -> Result<()> {
    let mut cast = begin()?;
    let [a, b] = trial::NAMESPACES;
    cast.stop_hub()?;
    write(&cast, "overrides/trial.yaml", &trial::pods("small", "60"))?;
    has(&cast, a, "60", SOON)?;
    has(&cast, b, "60", SOON)?;
    silent(&cast, "/status/notes")?;

    write(&cast, "overrides/trial.yaml", &trial::pods("small", "500"))?;
    has(&cast, a, trial::DEFAULT, SOON)?;
    says(&cast, "/status/notes", &["OverrideRefused", "OutOfBounds", "200", "small"])?;
    let screen = String::from_utf8(spoke(&cast, &["status"])?.stdout)?;
    ensure!(screen.contains("OverrideRefused OutOfBounds"), "{screen}");
    cast.start_hub()?;
    wait::until("the hub knows of the refused override", PATIENCE, || {
        let shown = cast.writ(&["cluster", "show", NAME])?;
        ensure!(shown.contains("OverrideRefused"), "{shown}");
        Ok(())
    })?;

    let (of, place) = (format!("ResourceQuota/{}", trial::QUOTA), ["-n", a, "--cluster", NAME]);
    let shown = cast.writ(&[&["explain", of.as_str()], &place[..]].concat())?;
    ensure!(shown.contains(trial::RULE) && shown.contains("OverrideRefused OutOfBounds"), "{shown}");
    explained(&mut cast)?;
    explained_at_the_hub(&cast)?;

    // Two on one field: neither counts. A file that is none is told, and the others count.
    let two = format!("{}---\n{}", trial::pods("one", "60"), trial::pods("two", "70"));
    write(&cast, "overrides/trial.yaml", &two)?;
    says(&cast, "/status/notes", &["Ambiguous", "one"])?;
    has(&cast, a, trial::DEFAULT, SOON)?;
    write(&cast, "overrides/trial.yaml", &trial::pods("one", "60"))?;
    write(&cast, "overrides/torn.yaml", "kind: [\n")?;
    has(&cast, a, "60", SOON)?;
    says(&cast, "/status/conditions", &["Degraded", "True", "torn.yaml"])?;
    remove(&cast, "overrides/torn.yaml")?;
    remove(&cast, "overrides/trial.yaml")?;
    has(&cast, a, trial::DEFAULT, SOON)?;
    silent(&cast, "/status/notes")?;
    cast.end()
}

/// The agent says why it is so, and since when, also after a restart.
fn explained(cast: &mut Cast) -> Result<()> {
    let [a, _] = trial::NAMESPACES;
    let asked = format!("ResourceQuota/{}", trial::QUOTA);
    let explain = |cast: &Cast| {
        let answered = wait::stopwatch();
        let said = spoke(cast, &["explain", &asked, "-n", a, "--output", "json"])?;
        ensure!(said.status.success() && answered() < SOON, "{said:?} after {:?}", answered());
        Ok::<Value, anyhow::Error>(serde_json::from_slice(&said.stdout)?)
    };
    let answer = explain(cast)?;
    ensure!(
        answer.pointer("/items/0/units").and_then(Value::as_array).is_some_and(|units| units.len() == 1),
        "{answer}"
    );
    for (pointer, text) in [
        ("/items/0/rule", trial::RULE),
        ("/items/0/stated/owner/team", "platform"),
        ("/items/0/overrides/0/name", "small"),
        ("/items/0/findings/0/outcome", "OverrideRefused"),
        ("/items/0/units/0/unit/namespace", a),
        ("/items/0/units/0/decided/row", "enforced"),
        ("/items/0/units/0/decided/mode", "enforce"),
        ("/items/0/units/0/objects/0/state", "Owned"),
        ("/items/0/units/0/transitions/0/code", "Applied"),
    ] {
        ensure!(answer.pointer(pointer).and_then(Value::as_str) == Some(text), "{pointer} is not {text}: {answer}");
    }
    ensure!(answer.pointer("/items/0/overrides/0/counts") == Some(&Value::Bool(false)), "{answer}");
    // What became of units is on disk some seconds later.
    let kept = cast.spoke(NAME)?.home.join("data/history.json");
    wait::until("the history is kept", PATIENCE, || {
        let text = fs::read_to_string(&kept)?;
        ensure!(text.contains(trial::RULE) || text.contains("\"trial\""), "{text}");
        Ok(())
    })?;
    cast.crash_spoke(NAME)?;
    wait::until("it is explained after a restart", PATIENCE, || {
        let again = explain(cast)?;
        let first = |answer: &Value| answer.pointer("/items/0/units/0/transitions/0").cloned();
        ensure!(first(&again).is_some() && first(&again) == first(&answer), "{again}");
        Ok(())
    })?;
    let nothing = String::from_utf8(spoke(cast, &["explain", "Pod/none"])?.stdout)?;
    ensure!(nothing.contains("touches Pod/none here"), "{nothing}");
    ensure!(spoke(cast, &["explain", "none"])?.status.code() == Some(2), "`none` names nothing");
    Ok(())
}

/// The hub says the same of what is not applied, as of the last report: the row, all modes, and what happened when. Also
/// of a rule that is published no longer.
fn explained_at_the_hub(cast: &Cast) -> Result<()> {
    let [a, b] = trial::NAMESPACES;
    let of = format!("ResourceQuota/{}", trial::QUOTA);
    let asked = |of: &str, place: &str, expected: &[(&str, &str)]| {
        wait::until(&format!("the hub explains {of} in {place}"), PATIENCE, || {
            let said = cast.writ(&["explain", of, "-n", place, "--cluster", NAME, "--output", "json"])?;
            let answer: Value = serde_json::from_str(&said)?;
            ensure!(answer.get("asOf").is_some(), "{answer}");
            let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str);
            let wrong = expected.iter().find(|(pointer, expected)| text(pointer) != Some(*expected));
            ensure!(wrong.is_none(), "{wrong:?} is not so: {answer}");
            Ok(())
        })
    };
    write(cast, "constraints/hands-off.yaml", &trial::constraint("hands-off", &trial::veto(a)))?;
    let set = spoke(cast, &["brake", "--for", "10m", "--reason", "INC-8"])?;
    ensure!(set.status.success(), "{set:?}");
    let braked = [
        ("/items/0/rule", trial::RULE),
        ("/items/0/stated/mode", "enforce"),
        ("/items/0/findings/0/reason", "OutOfBounds"),
        ("/items/0/units/0/decided/modes/rule", "enforce"),
        ("/items/0/units/0/decided/modes/brake", "warn"),
        ("/items/0/units/0/decided/mode", "warn"),
        ("/items/0/units/0/transitions/0/code", "Applied"),
    ];
    let vetoed = [("/items/0/units/0/outcome/code", "Vetoed"), ("/items/0/units/0/decided/row", "veto")];
    asked(&of, a, &[&braked[..], &vetoed].concat())?;
    let kept = [("/items/0/units/0/outcome/code", "Kept"), ("/items/0/units/0/decided/row", "mode")];
    asked(&of, b, &[&braked[..], &kept].concat())?;
    let said = cast.writ(&["explain", &of, "-n", a, "--cluster", NAME])?;
    ensure!(said.contains("decided by veto, in force: warn") && said.contains(" Vetoed Forbidden"), "{said}");

    // What is left of a rule that is gone: under the brake nothing leaves.
    remove(cast, "constraints/hands-off.yaml")?;
    let rules = fs::read_to_string(cast.repository.join("intents/trial.yaml"))?;
    fs::remove_file(cast.repository.join("intents/trial.yaml"))?;
    cast.commit("The trial is over")?;
    cast.writ(&["catalog", "refresh"])?;
    let left = [("/items/0/units/0/outcome/code", "Kept"), ("/items/0/units/0/decided/modes/brake", "warn")];
    asked(trial::RULE, b, &left)?;
    let said = cast.writ(&["explain", trial::RULE, "--cluster", NAME])?;
    ensure!(said.contains("no rule here any longer"), "{said}");
    fs::write(cast.repository.join("intents/trial.yaml"), rules)?;
    cast.commit("Once more")?;
    cast.writ(&["catalog", "refresh"])?;
    ensure!(spoke(cast, &["brake", "--clear"])?.status.success(), "it could not be cleared");
    trial::NAMESPACES.iter().try_for_each(|name| has(cast, name, trial::DEFAULT, PATIENCE))
}

/// A veto disowns one unit, and leaves all others; when the constraint goes, the unit is Writ's again.
#[test]
fn inv29_a_veto_deletes_nothing_and_ends_with_its_constraint() -> Result<()> {
    let mut cast = begin()?;
    let [a, b] = trial::NAMESPACES;
    cast.stop_hub()?;
    write(&cast, "constraints/hands-off.yaml", &trial::constraint("hands-off", &trial::veto(a)))?;
    says(&cast, "/status/units", &["Vetoed", trial::RULE, a, "sized by hand"])?;
    tamper(&cast, a, trial::DEFAULT, "7")?;
    tamper(&cast, b, trial::DEFAULT, "8")?;
    has(&cast, b, trial::DEFAULT, PATIENCE)?;
    wait::throughout("what is vetoed is left alone", LOOK, || {
        ensure!(pods(&cast, a)? == "7", "it is {}", pods(&cast, a)?);
        cluster::expect(&cast, NAME, &format!("{a}/ConfigMap..trial.yaml"), "/data/note", "trial")
    })?;
    // A start finds it as it is.
    cast.crash_spoke(NAME)?;
    says(&cast, "/status/units", &["Vetoed", trial::RULE, a])?;
    ensure!(pods(&cast, a)? == "7", "a start wrote what is vetoed");
    remove(&cast, "constraints/hands-off.yaml")?;
    has(&cast, a, trial::DEFAULT, PATIENCE)?;
    silent(&cast, "/status/units")?;

    // What a constraint may not say is told; the rest of it holds.
    let permit = format!("permit (principal, action, resource);\n    {}", trial::veto(b));
    write(&cast, "constraints/permit.yaml", &trial::constraint("permit", &permit))?;
    says(&cast, "/status/notes", &["ConstraintFaulty", "Permit", "LocalConstraint/permit"])?;
    says(&cast, "/status/units", &["Vetoed", trial::RULE, b])?;
    write(&cast, "constraints/permit.yaml", &trial::constraint("permit", "forbid (principal"))?;
    says(&cast, "/status/notes", &["ConstraintFaulty", "Malformed"])?;
    silent(&cast, "/status/units")?;

    // One that fails while it is asked says no, and what it fails of.
    let errs = trial::veto(b).replace("};", "&& 9223372036854775807 + 1 > 0 };");
    write(&cast, "constraints/permit.yaml", &trial::constraint("errs", &errs))?;
    says(&cast, "/status/units", &["Vetoed", "Errs", trial::RULE, b, "it errs: integer overflow"])?;
    tamper(&cast, b, trial::DEFAULT, "8")?;
    tamper(&cast, a, trial::DEFAULT, "7")?;
    has(&cast, a, trial::DEFAULT, PATIENCE)?;
    ensure!(pods(&cast, b)? == "8", "what a constraint that errs was asked about was written");
    remove(&cast, "constraints/permit.yaml")?;
    has(&cast, b, trial::DEFAULT, PATIENCE)?;
    cast.end()
}

/// The hub is down throughout: the brake is set by a file, survives the agent, and ends by itself.
#[test]
fn inv30_a_brake_stops_repairs_without_a_hub_and_ends_by_itself() -> Result<()> {
    let mut cast = begin()?;
    let [a, _] = trial::NAMESPACES;
    cast.stop_hub()?;
    cast.kill_spoke(NAME)?;
    let set = spoke(&cast, &["brake", "--for", "10m", "--reason", "INC-7"])?;
    ensure!(set.status.success() && String::from_utf8_lossy(&set.stdout).contains("every rule"), "{set:?}");
    tamper(&cast, a, trial::DEFAULT, "7")?;
    cast.run_spoke(NAME)?;
    says(&cast, "/status/conditions", &["Braked", "True", "INC-7"])?;
    says(&cast, "/status/units", &["WouldApply", trial::RULE, a])?;
    wait::throughout("nothing is repaired", LOOK, || {
        ensure!(pods(&cast, a)? == "7", "it is {}", pods(&cast, a)?);
        Ok(())
    })?;
    // When it ends, the agent alone says, and the command after it.
    let until = status(&cast)?.pointer("/status/brakes/0/until").and_then(Value::as_str).map(str::to_owned);
    let listed = spoke(&cast, &["brake", "--clear", "ConfigTemplate/none", "--output", "json"])?;
    let listed: Value = serde_json::from_slice(&listed.stdout)?;
    ensure!(
        until.is_some() && listed.pointer("/items/0/until").and_then(Value::as_str) == until.as_deref(),
        "{listed}"
    );
    // Cleared, everything is repaired; then one rule alone, for a moment.
    ensure!(spoke(&cast, &["brake", "--clear"])?.status.success(), "it could not be cleared");
    has(&cast, a, trial::DEFAULT, Duration::from_secs(10))?;
    says(&cast, "/status/conditions", &["Braked", "False"])?;
    let set = spoke(&cast, &["brake", trial::RULE, "--for", "6s", "--reason", "a moment"])?;
    ensure!(set.status.success(), "{set:?}");
    says(&cast, "/status/conditions", &["Braked", "True", trial::RULE, "a moment"])?;
    tamper(&cast, a, trial::DEFAULT, "9")?;
    let note = format!("{a}/ConfigMap..trial.yaml");
    cast.spoke(NAME)?.cluster.tamper(&note, "/data/note", ("note: trial", "note: none"))?;
    wait::until("other rules are repaired", PATIENCE, || cluster::expect(&cast, NAME, &note, "/data/note", "trial"))?;
    ensure!(pods(&cast, a)? == "9", "what is braked was repaired");
    has(&cast, a, trial::DEFAULT, PATIENCE)?;
    says(&cast, "/status/conditions", &["Braked", "False"])?;

    // Of somebody whose clock is years behind, or ahead: it holds as long as was asked for.
    for year in [2016, 2096] {
        let marks = format!(
            "writ.dev/brake-until: '{year}-02-01T00:00:04Z', writ.dev/brake-for: 4s, \
             writ.dev/brake-asked: '{year}-02-01T00:00:00Z', writ.dev/brake-reason: '{year}'"
        );
        write(&cast, "brake.yaml", &format!("metadata: {{name: writ, annotations: {{{marks}}}}}\n"))?;
        says(&cast, "/status/conditions", &["Braked", "True", &year.to_string()])?;
        tamper(&cast, a, trial::DEFAULT, "9")?;
        has(&cast, a, trial::DEFAULT, PATIENCE)?;
        says(&cast, "/status/brakes", &["\"over\":true", &year.to_string()])?;
    }
    cast.end()
}

/// What cannot be done is told, with the codes that every command has.
#[test]
fn a_brake_is_refused_with_a_reason() -> Result<()> {
    let cast = begin()?;
    for (arguments, code, text) in [
        (&["brake", "--for", "25h", "--reason", "x"][..], 2, "at most 24h"),
        (&["brake", "--for", "1h"], 2, "--reason"),
        (&["brake", "no-kind", "--for", "1h", "--reason", "x"], 2, "Kind/name"),
        (&["brake", "--clear", "--for", "1h", "--reason", "x"], 2, "cannot be used with"),
        (&["brake", "--for", "1h", "--reason", "x", "--kubeconfig", "nowhere"], 2, "leave one of them out"),
    ] {
        let Output { status, stderr, .. } = spoke(&cast, arguments)?;
        let said = String::from_utf8_lossy(&stderr).into_owned();
        ensure!(status.code() == Some(code) && said.contains(text), "{arguments:?} ended with {status}: {said}");
    }
    ensure!(!path(&cast, "brake.yaml")?.exists(), "a refused brake was set");
    // A rule that is not there may be a slip of the pen: the brake is set all the same, for it may come.
    for (rule, is_there) in [(trial::RULE, true), ("ResourceGuard/trail", false)] {
        let Output { status, stderr, .. } = spoke(&cast, &["brake", rule, "--for", "1m", "--reason", "x"])?;
        let said = String::from_utf8_lossy(&stderr).into_owned();
        ensure!(
            status.success() && said.contains("is in force here") != is_there,
            "{rule} ended with {status}: {said}"
        );
    }
    cast.end()
}
