//! `cargo xtask bench propagate`: from a refresh to ten changed ConfigMaps, in one real cluster and in five.

use super::figures::{Figure, median, milliseconds, tell};
use super::people::People;
use super::process::resident;
use super::seat::{Clock, Place, Seat};
use super::{progress, ten};
use crate::lab::{self, Cast, Options as Lab};
use crate::tools::say;
use crate::wait;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How much.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Commits of each form whose way is timed.
    #[arg(long, default_value_t = 30)]
    commits: u32,
    /// Clusters.
    #[arg(long, default_value_t = 5)]
    clusters: usize,
    /// Where to write the figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// In which form ten ConfigMaps are wanted.
#[derive(Clone, Copy)]
struct Form {
    /// Writes the rule with this value.
    write: fn(&Path, &str) -> Result<()>,
    /// Where its objects stand.
    places: fn() -> Vec<Place>,
}

const UNIT: Form = Form {
    write: ten::unit,
    places: || (0..10).map(|number| (ten::NAMESPACE.to_owned(), ten::name(number))).collect(),
};
const SPREAD: Form = Form {
    write: ten::spread,
    places: || (0..10).map(|number| (format!("spread-{number}"), "spread".to_owned())).collect(),
};

pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        say("debug build: run `cargo run --release -p xtask -- bench propagate` for figures that count");
    }
    lab::build(true)?;
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("source");
    ten::clusters(&source, options.clusters)?;
    let lab = Lab { catalog: source, spokes: 0, ..Lab::default() };
    let mut bench = Bench { cast: Cast::start(&lab)?, seats: Vec::new(), clock: Arc::new(wait::stopwatch()), value: 0 };
    let mut figures = one_cluster(&mut bench, options)?;
    if options.clusters > 1 {
        figures.extend(all_clusters(&mut bench, options)?);
    }
    let memory = bench.cast.spokes.iter().map(|spoke| resident(spoke.pid().context("it runs")?));
    let memory = memory.collect::<Result<Vec<_>>>()?.into_iter().fold(0.0, f64::max);
    figures.push(Figure::new("an agent, resident, the largest", "MB", memory, 30.0));
    let Bench { cast, seats, .. } = bench;
    drop(cast);
    seats.into_iter().try_for_each(Seat::end)?;
    progress("");
    tell(&figures, options.json.as_deref())
}

struct Bench {
    cast: Cast,
    seats: Vec<Seat>,
    clock: Clock,
    value: u32,
}

fn one_cluster(bench: &mut Bench, options: &Options) -> Result<Vec<Figure>> {
    bench.sit(1)?;
    let unit = bench.commits(UNIT, options.commits)?;
    let spread = bench.commits(SPREAD, options.commits)?;
    let control = milliseconds(median(bench.control(options.commits)?));
    let figure = |name, value, goal| Figure::new(name, "ms", value, goal).beside("ten applies of a client", control);
    Ok(vec![
        figure("one cluster: ten ConfigMaps of one unit, p50", milliseconds(median(unit.clone())), 45.0),
        figure("one cluster: ten ConfigMaps of one unit, worst", worst(&unit), 128.0),
        figure("one cluster: ten ConfigMaps of ten units, p50", milliseconds(median(spread.clone())), 45.0),
        figure("one cluster: ten ConfigMaps of ten units, worst", worst(&spread), 128.0),
    ])
}

fn all_clusters(bench: &mut Bench, options: &Options) -> Result<Vec<Figure>> {
    bench.sit(options.clusters)?;
    let unit = bench.commits(UNIT, options.commits)?;
    let control = milliseconds(median(bench.control(options.commits)?));
    let figure =
        |name, value, goal| Figure::new(name, "ms", value, goal).beside("ten applies of a client in each", control);
    Ok(vec![
        figure("all clusters: ten ConfigMaps in each, p50", milliseconds(median(unit.clone())), 240.0),
        figure("all clusters: ten ConfigMaps in each, worst", worst(&unit), 580.0),
    ])
}

fn worst(of: &[Duration]) -> f64 {
    milliseconds(of.iter().max().copied().unwrap_or_default())
}

impl Bench {
    /// Has so many clusters, all of them at the newest commit.
    fn sit(&mut self, clusters: usize) -> Result<()> {
        for number in self.seats.len()..clusters {
            progress(&format!("cluster {} of {clusters} starts", number + 1));
            let seat = Seat::start(&mut self.cast, &format!("c{number}"), &self.clock)?;
            let spread = (SPREAD.places)().into_iter().map(|(namespace, _)| namespace);
            seat.namespaces(spread, &json!({"bench": "spread"}))?;
            self.seats.push(seat);
        }
        // Connections and caches are warm then.
        for form in [UNIT, SPREAD] {
            self.commits(form, 2)?;
        }
        Ok(())
    }

    /// The times of so many commits, from before the refresh to the last event in the last cluster.
    fn commits(&mut self, form: Form, commits: u32) -> Result<Vec<Duration>> {
        let mut people = People::connect(&self.cast)?;
        let mut times = Vec::new();
        for number in 0..commits {
            progress(&format!("commit {} of {commits} in {} clusters", number + 1, self.seats.len()));
            self.value += 1;
            let value = format!("v{}", self.value);
            (form.write)(&self.cast.repository, &value)?;
            self.cast.commit("Another value")?;
            let began = (self.clock)();
            people.refresh()?;
            let last = self.arrive(form, &value)?;
            times.push(last.saturating_sub(began));
            self.settle();
        }
        Ok(times)
    }

    fn arrive(&self, form: Form, value: &str) -> Result<Duration> {
        let last = self.seats.iter().map(|seat| seat.until_all_say(value, (form.places)()));
        Ok(last.collect::<Result<Vec<_>>>()?.into_iter().max().unwrap_or_default())
    }

    /// The control: ten applies in each cluster by a client that has nothing else to do.
    fn control(&mut self, commits: u32) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        for _ in 0..commits {
            self.value += 1;
            let value = format!("v{}", self.value);
            let objects: Vec<Value> =
                (0..10).map(|number| ten::config_map(Some("control"), &ten::name(number), &value)).collect();
            let places = || (0..10).map(|number| ("control".to_owned(), ten::name(number)));
            let began = (self.clock)();
            // A seat belongs to one thread, in which its events are received.
            let write = |seat: &mut Seat| {
                seat.apply(&objects)?;
                seat.until_all_say(&value, places())
            };
            let last = thread::scope(|scope| {
                let write = &write;
                let seats: Vec<_> = self.seats.iter_mut().map(|seat| scope.spawn(move || write(seat))).collect();
                let last = seats.into_iter().map(|seat| seat.join().ok().context("it panicked")?);
                last.collect::<Result<Vec<Duration>>>()
            })?;
            times.push(last.into_iter().max().unwrap_or_default().saturating_sub(began));
            self.settle();
        }
        Ok(times)
    }

    /// What follows the objects (rows, status, report) is not in the next time.
    fn settle(&self) {
        thread::sleep(Duration::from_millis(200));
        for seat in &self.seats {
            seat.forget_events();
        }
    }
}
