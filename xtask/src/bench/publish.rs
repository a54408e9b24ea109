//! `cargo xtask bench publish`: what the issue of the first release asks for in numbers.

use super::figures::{Figure, median, milliseconds, tell};
use super::fleet;
use super::process::resident;
use super::proxy::Proxy;
use crate::lab::cast::PATIENCE;
use crate::lab::{Cast, Options as Lab, binaries, cluster, files};
use crate::tools::{self, say};
use crate::{demo, wait};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// How large.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Clusters, each with its own labels and served APIs.
    #[arg(long, default_value_t = 1000)]
    clusters: u32,
    /// Intents.
    #[arg(long, default_value_t = 200)]
    intents: u32,
    /// Commits whose way to three directories is timed.
    #[arg(long, default_value_t = 30)]
    commits: u32,
    /// Where to write the figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        say("debug build: run `cargo run --release -p xtask -- bench publish` for figures that count");
    }
    binaries::build()?;
    let mut figures = large_fleet(options)?;
    figures.extend(three_directories(options)?);
    tell(&figures, options.json.as_deref())
}

fn lab(catalog: &Path, spokes: usize, set: Vec<(String, String)>) -> Result<Cast> {
    Cast::start(&Lab { catalog: catalog.to_owned(), spokes, set, ..Lab::default() })
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let took = wait::stopwatch();
    let value = work()?;
    Ok((value, took()))
}

fn large_fleet(options: &Options) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("source");
    fleet::clusters(&source, options.clusters)?;
    tools::run(Command::new(binaries::path("writ")?).args(["catalog", "check"]).arg(&source))?;
    let cast = lab(&source, 0, Vec::new())?;
    cast.writ(&["catalog", "refresh"])?;
    fleet::intents(&cast.repository, options.intents)?;
    cast.commit("All rules")?;
    let (_, cold) = timed(|| cast.writ(&["catalog", "refresh"]))?;
    let mut warm = Vec::new();
    for value in 101..106 {
        fleet::intent(&cast.repository, 0, value)?;
        cast.commit("One rule")?;
        warm.push(timed(|| cast.writ(&["catalog", "refresh"]))?.1);
    }
    let control = median(
        (0..5).map(|n| clone(&cast.repository, &folder.path().join(format!("clone{n}")))).collect::<Result<_>>()?,
    );
    let control = milliseconds(control);
    let figure = |name, value, goal| {
        Figure::new(name, "ms", milliseconds(value), goal).beside("a git clone of the catalog", control)
    };
    Ok(vec![
        figure("large fleet: publish cold, refresh to heads signed", cold, 3000.0),
        figure("large fleet: one intent changed, p50", median(warm), 300.0),
    ])
}

/// The control: what any follower of a git repository has to do at least once.
fn clone(repository: &Path, to: &Path) -> Result<Duration> {
    let (from, to) = (repository.to_string_lossy().into_owned(), to.to_string_lossy().into_owned());
    timed(|| files::git(repository, &["clone", "--quiet", "--no-local", &from, &to])).map(|(_, time)| time)
}

const INTENT: &str = "intents/observability/telemetry.yaml";
const TELEMETRY: &str = "observability/ConfigMap..otel.yaml";
const NAMES: [&str; 3] = ["eu-1", "eu-2", "us-1"];

fn three_directories(options: &Options) -> Result<Vec<Figure>> {
    let proxy = Proxy::start()?;
    let advertised = ("advertise".to_owned(), format!("['{}']", proxy.address()));
    let cast =
        Cast::start_with(&Lab { spokes: 3, set: vec![advertised], ..Lab::default() }, |spokes| proxy.hub_at(spokes))?;
    arrive(&cast, "zstd")?;
    let (mut latencies, mut bytes) = (Vec::new(), Vec::new());
    let mut before = "zstd".to_owned();
    for number in 0..options.commits {
        let after = format!("c{number}");
        demo::edit(&cast, INTENT, &format!("compression: {before}"), &format!("compression: {after}"))?;
        cast.commit("Another value")?;
        let sent = proxy.sent();
        cast.writ(&["catalog", "refresh"])?;
        arrive(&cast, &after)?;
        latencies.push(last_written(&cast)?.duration_since(accepted(&cast)?).unwrap_or_default());
        bytes.push((proxy.sent() - sent) / 3);
        before = after;
    }
    bytes.sort_unstable();
    let per_cluster = bytes.get(bytes.len() / 2).copied().unwrap_or_default();
    let entry = entry_size(&cast)?;
    Ok(vec![
        Figure::new(
            "commit accepted to the last of three directories right, p50",
            "ms",
            milliseconds(median(latencies)),
            40.0,
        )
        .beside("writing three files durably", milliseconds(durable_files(&cast)?)),
        Figure::new(
            "bytes to one cluster for one changed entry, p50",
            "B",
            as_float(per_cluster),
            3.0 * as_float(entry),
        )
        .beside("the entry", as_float(entry)),
        Figure::new("hub idle with three spokes, resident", "MB", resident(cast.hub_pid())?, 60.0),
    ])
}

fn arrive(cast: &Cast, value: &str) -> Result<()> {
    NAMES.iter().try_for_each(|name| {
        wait::until(&format!("{name} has {value}"), PATIENCE, || {
            cluster::expect(cast, name, TELEMETRY, "/data/compression", value)
        })
    })
}

/// When the last of the three objects was written.
fn last_written(cast: &Cast) -> Result<SystemTime> {
    let times: Result<Vec<_>> =
        NAMES.iter().map(|name| Ok(cluster::file(cast, name, TELEMETRY)?.metadata()?.modified()?)).collect();
    times?.into_iter().max().context("three objects")
}

/// When the hub accepted the newest commit, by its own word.
fn accepted(cast: &Cast) -> Result<SystemTime> {
    let status = cast.writ_json(&["status"])?;
    let text = status.pointer("/catalog/readAt").and_then(serde_json::Value::as_str).context("a status says when")?;
    Ok(text.parse::<jiff::Timestamp>().context("a time")?.into())
}

/// The control: the same three files, written and made durable by the simplest program.
fn durable_files(cast: &Cast) -> Result<Duration> {
    let folder = tempfile::tempdir_in(cast.hub_home())?;
    let write = || {
        NAMES.iter().try_for_each(|name| -> Result<()> {
            let temporary = folder.path().join("temporary");
            std::fs::write(&temporary, cluster::text(cast, name, TELEMETRY, "/data")?)?;
            std::fs::File::open(&temporary)?.sync_all()?;
            std::fs::rename(&temporary, folder.path().join(name))?;
            Ok(std::fs::File::open(folder.path())?.sync_all()?)
        })
    };
    let times: Result<Vec<_>> = (0..9).map(|_| timed(write).map(|(_, time)| time)).collect();
    times.map(median)
}

/// The size of the telemetry entry as a spoke caches it.
fn entry_size(cast: &Cast) -> Result<u64> {
    let folder = cast.spoke(NAMES[0])?.home.join("data/bundle/entries/sha256");
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if std::fs::read_to_string(entry.path())?.contains("\"ConfigTemplate/telemetry\"") {
            return Ok(entry.metadata()?.len());
        }
    }
    anyhow::bail!("the telemetry entry is not in the cache")
}

#[expect(clippy::cast_precision_loss, reason = "sizes here are far below 2^52")]
const fn as_float(number: u64) -> f64 {
    number as f64
}
