//! The chapters of the demo, in order.

use super::{Chapter, edits};
use crate::lab::cast::PATIENCE;
use crate::lab::{Cast, cluster};
use crate::tools;
use crate::wait;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::time::Duration;

type Told = Result<Vec<String>>;

/// The story.
pub(super) const CHAPTERS: &[Chapter] = &[
    Chapter {
        title: "A commit is published; three clusters enforce it, each with its region's values.",
        play: enforced,
    },
    Chapter { title: "A fourth cluster is only observed: told what would change, and not touched.", play: observed },
    Chapter { title: "Somebody tampers with an object; it is repaired.", play: repaired },
    Chapter {
        title: "The hub stops. A spoke is killed and started again: it still enforces, alone.",
        play: partitioned,
    },
    Chapter { title: "The hub is back; a new commit arrives everywhere.", play: healed },
    Chapter {
        title: "Local freedom: a region and a cluster say what differs there, a constraint vetoes, a rule goes over advice.",
        play: local,
    },
    Chapter { title: "A bad commit is refused, in its place; the last good one stays in force.", play: refused },
    Chapter { title: "A commit that removes every rule waits for a person.", play: held },
    Chapter { title: "A join string works once.", play: joined_once },
    Chapter { title: "Pinned, the rules stand still; unpinned, they move on.", play: pinned },
];

const EU: (&str, &str) = ("eu-1", "https://otel.eu.acme.example");
const US: (&str, &str) = ("us-1", "https://otel.us.acme.example");
const ENFORCING: [(&str, &str); 3] = [EU, ("eu-2", "https://otel.eu.acme.example"), US];
const TELEMETRY: &str = "observability/ConfigMap..otel.yaml";
const ENDPOINT: &str = "/data/endpoint";
const COMPRESSION: &str = "/data/compression";
const INTENT: &str = "intents/observability/telemetry.yaml";

fn enforced(cast: &mut Cast) -> Told {
    let mut told = Vec::new();
    for (name, endpoint) in ENFORCING {
        wait::until(&format!("{name} has its telemetry"), PATIENCE, || {
            cluster::expect(cast, name, TELEMETRY, ENDPOINT, endpoint)
        })?;
        let count = cast.spoke(name)?.cluster.objects()?.len();
        told.push(format!("{name}: telemetry goes to {endpoint}; {count} objects stand there"));
    }
    Ok(told)
}

fn observed(cast: &mut Cast) -> Told {
    let before = cast.spoke("us-lab")?.cluster.objects()?;
    let count = wait::until("us-lab reports what it would do", PATIENCE, || {
        let shown = cast.writ_json(&["cluster", "show", "us-lab"])?;
        outcome_count(&shown, "WouldApply")
    })?;
    if before.contains_key(TELEMETRY) {
        bail!("us-lab is at audit, and was written to");
    }
    if cast.spoke("us-lab")?.cluster.objects()? != before {
        bail!("the objects of us-lab changed while it was only observed");
    }
    Ok(vec![format!("us-lab: {count} units would be applied; none of its {} objects was touched", before.len())])
}

/// How many units of a cluster have an outcome; an error when none has.
fn outcome_count(shown: &Value, outcome: &str) -> Result<u64> {
    let count = shown.pointer(&format!("/status/units/{outcome}")).and_then(Value::as_u64).unwrap_or(0);
    if count == 0 { bail!("no unit is {outcome}") } else { Ok(count) }
}

fn tamper(cast: &Cast, name: &str, endpoint: &str) -> Result<()> {
    cast.spoke(name)?.cluster.tamper(TELEMETRY, ENDPOINT, (endpoint, "https://evil.example"))
}

fn repaired(cast: &mut Cast) -> Told {
    let (name, endpoint) = EU;
    tamper(cast, name, endpoint)?;
    wait::until("the object is repaired", PATIENCE, || cluster::expect(cast, name, TELEMETRY, ENDPOINT, endpoint))?;
    Ok(vec![format!("{name}: the endpoint was changed by hand, and is {endpoint} again")])
}

fn partitioned(cast: &mut Cast) -> Told {
    cast.stop_hub()?;
    let (name, endpoint) = US;
    cast.crash_spoke(name)?;
    tamper(cast, name, endpoint)?;
    wait::until("the object is repaired without a hub", PATIENCE, || {
        cluster::expect(cast, name, TELEMETRY, ENDPOINT, endpoint)
    })?;
    Ok(vec![format!(
        "{name}: killed with SIGKILL, started from its own disk, tampered with, repaired; no hub in sight"
    )])
}

fn healed(cast: &mut Cast) -> Told {
    cast.start_hub()?;
    edits::replace(cast, INTENT, "compression: zstd", "compression: gzip")?;
    let commit = cast.commit("Collectors at the edge cannot read zstd")?;
    cast.writ(&["catalog", "refresh"])?;
    for (name, _) in ENFORCING {
        wait::until(&format!("{name} has the new value"), PATIENCE, || {
            cluster::expect(cast, name, TELEMETRY, COMPRESSION, "gzip")
        })?;
    }
    Ok(vec![format!("commit {} is in force in eu-1, eu-2 and us-1", short(&commit))])
}

const QUOTA: &str = "shop/ResourceQuota..writ-team-quota.yaml";
const PODS: &str = "/spec/hard/pods";
const REGISTRY: [&str; 2] = ["payments/ConfigMap..registry.yaml", "shop/ConfigMap..registry.yaml"];
const MIRROR: &str = "/data/mirror";

fn local(cast: &mut Cast) -> Told {
    let examples = tools::root().join("examples/local");
    let (quota, constraint) = (examples.join("team-quota.yaml"), examples.join("no-registry.yaml"));
    cluster::expect(cast, "eu-2", QUOTA, PODS, "150")?;
    cluster::expect(cast, "us-1", QUOTA, PODS, "100")?;
    let mut told =
        vec!["region eu gives its teams 150 pods where the rule says 100, within the bounds of the rule".to_owned()];
    cast.spoke("eu-2")?.cluster.say("overrides", &quota)?;
    wait::until("eu-2 has its own value", PATIENCE, || cluster::expect(cast, "eu-2", QUOTA, PODS, "250"))?;
    let refused =
        wait::until("the rule's owner hears of the refused one", PATIENCE, || proposal(cast, "OverrideRefused"))?;
    told.push(format!("eu-2 gives them 250; another override of its operator does not count: {refused}"));
    let mirror = mirrored(cast)?;
    cast.spoke("us-1")?.cluster.say("constraints", &constraint)?;
    let vetoed = wait::until("the rule's owner hears of the veto", PATIENCE, || proposal(cast, "Vetoed"))?;
    let [payments, shop] = REGISTRY;
    cast.spoke("us-1")?.cluster.tamper(payments, MIRROR, (&mirror, "mirror.payments.example"))?;
    cast.spoke("us-1")?.cluster.tamper(shop, MIRROR, (&mirror, "mirror.shop.example"))?;
    wait::until("what is not vetoed is repaired", PATIENCE, || cluster::expect(cast, "us-1", shop, MIRROR, &mirror))?;
    cluster::expect(cast, "us-1", payments, MIRROR, "mirror.payments.example")?;
    told.push(format!(
        "us-1: {vetoed}; what stands there is the team's own now, and the other namespaces keep the rule"
    ));
    applied(cast, "us-1", "ConfigTemplate/cardholder-data")?;
    told.push(
        "us-1: advice of its region does not stop what puts everything at stake: cardholder-data is applied".to_owned(),
    );
    cast.spoke("us-1")?.cluster.unsay("constraints", &constraint)?;
    cast.spoke("eu-2")?.cluster.unsay("overrides", &quota)?;
    wait::until("eu-2 is back at its region's value", PATIENCE, || cluster::expect(cast, "eu-2", QUOTA, PODS, "150"))?;
    wait::until("us-1 has the rule everywhere again", PATIENCE, || {
        cluster::expect(cast, "us-1", payments, MIRROR, &mirror)
    })?;
    told.push("taken back, both clusters are as the catalog says".to_owned());
    Ok(told)
}

/// The mirror that the registry of us-1 names.
fn mirrored(cast: &Cast) -> Result<String> {
    let [payments, _] = REGISTRY;
    let object = cast.spoke("us-1")?.cluster.object(payments)?.context("us-1 has its registry")?;
    Ok(object.pointer(MIRROR).and_then(Value::as_str).context("it names a mirror")?.to_owned())
}

/// What the first proposal of this code says.
fn proposal(cast: &Cast, code: &str) -> Result<String> {
    let status = cast.writ_json(&["status"])?;
    let all = status.pointer("/proposals").and_then(Value::as_array).context("no proposal")?;
    let found = all.iter().find(|one| one.pointer("/finding/outcome").and_then(Value::as_str) == Some(code));
    let message = found.and_then(|one| one.pointer("/finding/message")).and_then(Value::as_str);
    Ok(message.with_context(|| format!("no proposal is {code}"))?.to_owned())
}

/// That there is no finding of a rule.
fn applied(cast: &Cast, name: &str, rule: &str) -> Result<()> {
    let shown = cast.writ_json(&["cluster", "show", name])?;
    let findings = shown.pointer("/status/findings").and_then(Value::as_array);
    if findings.into_iter().flatten().any(|finding| finding.get("rule").and_then(Value::as_str) == Some(rule)) {
        bail!("there is a finding of {rule} in {name}");
    }
    Ok(())
}

fn refused(cast: &mut Cast) -> Told {
    let good = cast.commit_id()?;
    edits::replace(cast, INTENT, "rationale:", "rationle:")?;
    edits::replace(cast, INTENT, "risk: medium", "risk: enormous")?;
    cast.commit("A hurried change")?;
    let output = cast.writ_output(&["catalog", "refresh"])?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.code() != Some(1) {
        bail!("a bad commit was not refused ({}): {said}", output.status);
    }
    let place = said
        .lines()
        .find(|line| line.contains(&format!("{INTENT}:")))
        .context("the fault is not named by its place")?;
    cluster::expect(cast, "eu-1", TELEMETRY, COMPRESSION, "gzip")?;
    let told = vec![place.trim().to_owned(), "eu-1 keeps the last good revision".to_owned()];
    cast.restore(&good)?;
    cast.commit("Take back the hurried change")?;
    cast.writ(&["catalog", "refresh"])?;
    Ok(told)
}

fn held(cast: &mut Cast) -> Told {
    let good = cast.commit_id()?;
    edits::remove_all_rules(cast)?;
    cast.commit("Remove everything")?;
    cast.writ(&["catalog", "refresh"])?;
    let digests = wait::until("the removals of three clusters are held", PATIENCE, || holds(cast, ENFORCING.len()))?;
    for (name, endpoint) in ENFORCING {
        cluster::expect(cast, name, TELEMETRY, ENDPOINT, endpoint)?;
    }
    let mut told = vec!["eu-1, eu-2 and us-1 hold the removal; every object still stands".to_owned()];
    for digest in digests {
        cast.writ(&["hold", "release", &digest])?;
    }
    for (name, _) in ENFORCING {
        wait::until(&format!("{name} carries out the released removal"), PATIENCE, || gone(cast, name))?;
    }
    told.push("released: the objects are gone, and what was never Writ's still stands".to_owned());
    cast.restore(&good)?;
    cast.commit("Bring the rules back")?;
    cast.writ(&["catalog", "refresh"])?;
    for (name, endpoint) in ENFORCING {
        wait::until(&format!("{name} has its rules back"), PATIENCE, || {
            cluster::expect(cast, name, TELEMETRY, ENDPOINT, endpoint)
        })?;
    }
    Ok(told)
}

/// The digests of all holds, once as many clusters as `clusters` have reported theirs.
fn holds(cast: &Cast, clusters: usize) -> Result<Vec<String>> {
    let list = cast.writ_json(&["hold", "list"])?;
    let items = list.get("items").and_then(Value::as_array).context("a list has items")?;
    let mut digests: Vec<String> =
        items.iter().filter_map(|hold| Some(hold.get("digest")?.as_str()?.to_owned())).collect();
    let named = items.iter().filter_map(|hold| hold.get("clusters")?.as_array()).map(Vec::len).sum::<usize>();
    digests.sort_unstable();
    digests.dedup();
    if named < clusters { bail!("{named} clusters hold a removal") } else { Ok(digests) }
}

fn gone(cast: &Cast, name: &str) -> Result<()> {
    let standing = cast.spoke(name)?.cluster.object(TELEMETRY)?;
    if standing.is_some() { bail!("the telemetry of {name} still stands") } else { Ok(()) }
}

fn joined_once(cast: &mut Cast) -> Told {
    let used = cast.spoke("eu-1")?.join.clone();
    let output = cast.join_elsewhere(&used)?;
    if output.status.code() != Some(1) {
        bail!("a used join string was not refused: {}", output.status);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(vec![said.lines().next().unwrap_or_default().trim().to_owned()])
}

fn pinned(cast: &mut Cast) -> Told {
    cast.writ(&["pin"])?;
    edits::replace(cast, INTENT, "compression: gzip", "compression: none")?;
    cast.commit("A change at a bad moment")?;
    cast.writ(&["catalog", "refresh"])?;
    wait::throughout("a pinned fleet changed", Duration::from_secs(2), || {
        cluster::expect(cast, "eu-1", TELEMETRY, COMPRESSION, "gzip")
    })?;
    cast.writ(&["unpin"])?;
    for (name, _) in ENFORCING {
        wait::until(&format!("{name} moves on"), PATIENCE, || {
            cluster::expect(cast, name, TELEMETRY, COMPRESSION, "none")
        })?;
    }
    Ok(vec!["pinned for a while: nothing moved; unpinned: the waiting commit went out".to_owned()])
}

fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}
