//! `cargo xtask bench drift`: what is edited or deleted by hand comes back; and an agent with much to look after.

use super::figures::{Figure, median, milliseconds, quantile, tell};
use super::people::People;
use super::process::{resident, worked};
use super::seat::{Clock, Place, Seat};
use super::{progress, ten};
use crate::lab::{self, Cast, Options as Lab};
use crate::tools::say;
use crate::wait;
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How much.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Objects that are edited, then deleted, one after the other: each once, for an object that is changed again and
    /// again is repaired ever more rarely.
    #[arg(long, default_value_t = 150)]
    objects: u32,
    /// Managed objects of the large cluster.
    #[arg(long, default_value_t = 5_000)]
    managed: u32,
    /// Its namespaces at last, each with an object.
    #[arg(long, default_value_t = 10_000)]
    namespaces: u32,
    /// New namespaces that are timed then.
    #[arg(long, default_value_t = 20)]
    new: u32,
    /// For how long an idle agent is watched, in seconds.
    #[arg(long, default_value_t = 30)]
    idle: u64,
    /// Where to write the figures as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        say("debug build: run `cargo run --release -p xtask -- bench drift` for figures that count");
    }
    lab::build(true)?;
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("source");
    ten::clusters(&source, 1)?;
    let lab = Lab { catalog: source, spokes: 0, ..Lab::default() };
    let mut cast = Cast::start(&lab)?;
    let clock: Clock = Arc::new(wait::stopwatch());
    progress("the cluster starts");
    let seat = Seat::start(&mut cast, "c0", &clock)?;
    let mut bench = Bench { cast, seat, namespaces: 0 };
    ten::spread(&bench.cast.repository, "wanted")?;
    bench.cast.commit("A rule")?;
    People::connect(&bench.cast)?.refresh()?;
    let mut figures = bench.repairs(options)?;
    figures.extend(bench.large(options)?);
    figures.extend(bench.appearing(options)?);
    let Bench { cast, seat, .. } = bench;
    drop(cast);
    seat.end()?;
    progress("");
    tell(&figures, options.json.as_deref())
}

struct Bench {
    cast: Cast,
    seat: Seat,
    namespaces: u32,
}

fn place(number: u32) -> Place {
    (format!("spread-{number}"), "spread".to_owned())
}

impl Bench {
    /// Has so many namespaces, each with its object.
    fn grow(&mut self, to: u32) -> Result<()> {
        const STEP: u32 = 500;
        while self.namespaces < to {
            progress(&format!("{} of {to} namespaces have their object", self.namespaces));
            let next = (self.namespaces + STEP).min(to);
            let names = (self.namespaces..next).map(|number| place(number).0);
            self.seat.namespaces(names, &json!({"bench": "spread"}))?;
            self.seat.until_all_say("wanted", (self.namespaces..next).map(place))?;
            self.namespaces = next;
        }
        Ok(())
    }

    fn repairs(&mut self, options: &Options) -> Result<Vec<Figure>> {
        self.grow(options.objects)?;
        let (edited, deleted) = (self.each(options.objects, Seat::edit)?, self.each(options.objects, Seat::delete)?);
        let control = milliseconds(median(self.control(options.objects.min(50))?));
        let figure = |name, value, goal| {
            Figure::new(name, "ms", milliseconds(value), goal).beside("watch and apply, p50", control)
        };
        Ok(vec![
            figure("an edited object restored, p50", median(edited.clone()), 100.0),
            figure("an edited object restored, p99", quantile(edited, 99), 100.0),
            figure("a deleted object restored, p50", median(deleted.clone()), 100.0),
            figure("a deleted object restored, p99", quantile(deleted, 99), 100.0),
        ])
    }

    /// From the answer to a change by hand to the event by which the object says again what is wanted.
    fn each(&self, objects: u32, change: impl Fn(&Seat, &Place) -> Result<()>) -> Result<Vec<Duration>> {
        let time = |number| {
            progress(&format!("object {number} of {objects}"));
            let place = place(number);
            self.settle();
            change(&self.seat, &place)?;
            let began = self.seat.now();
            let mut changed = false;
            let restored = self.seat.until("the object is restored", |seen| {
                let wanted = seen.value.as_deref() == Some("wanted");
                changed |= seen.place == place && !wanted;
                changed && seen.place == place && wanted
            })?;
            Ok(restored.saturating_sub(began))
        };
        (0..objects).map(time).collect()
    }

    /// The control: a client that waits for the event of the edit, and applies.
    fn control(&self, edits: u32) -> Result<Vec<Duration>> {
        let (place, wanted) =
            (("control".to_owned(), "drift".to_owned()), [ten::config_map(Some("control"), "drift", "wanted")]);
        let says = |value: &'static str| {
            let place = place.clone();
            move |seen: &super::seat::Seen| seen.place == place && seen.value.as_deref() == Some(value)
        };
        self.seat.apply(&wanted)?;
        self.seat.until("the control stands", says("wanted"))?;
        let time = |_| {
            self.settle();
            self.seat.edit(&place)?;
            let began = self.seat.now();
            self.seat.until("the edit is seen", says("edited"))?;
            self.seat.apply(&wanted)?;
            Ok(self.seat.until("the control is restored", says("wanted"))?.saturating_sub(began))
        };
        (0..edits).map(time).collect()
    }

    /// A cold start over many objects, idleness, and drift among them.
    fn large(&mut self, options: &Options) -> Result<Vec<Figure>> {
        self.grow(options.managed)?;
        thread::sleep(Duration::from_secs(2));
        let cold = self.cold()?;
        let listed = {
            let began = self.seat.now();
            self.seat.list()?;
            self.seat.now() - began
        };
        progress("idle");
        let (pid, idle) = (self.pid()?, Duration::from_secs(options.idle));
        thread::sleep(Duration::from_secs(3));
        let before = worked(pid)?;
        thread::sleep(idle);
        let busy = 100.0 * (worked(pid)? - before).as_secs_f64() / idle.as_secs_f64();
        let edited = median(self.each(options.objects.min(30), Seat::edit)?);
        let many = |what: &str| format!("{} objects: {what}", options.managed);
        Ok(vec![
            Figure::new(many("cold start to a whole round"), "ms", milliseconds(cold), 20_000.0)
                .beside("a list of all of them", milliseconds(listed)),
            Figure::new(many("idle, of a core"), "%", busy, 1.0),
            Figure::new(many("the agent, resident"), "MB", resident(pid)?, 30.0),
            Figure::new(many("an edited object restored, p50"), "ms", milliseconds(edited), 100.0),
        ])
    }

    fn pid(&self) -> Result<u32> {
        self.cast.spoke("c0")?.pid().context("the agent runs")
    }

    /// From the start of the agent to the end of its first round, which writes nothing.
    fn cold(&mut self) -> Result<Duration> {
        progress("cold start");
        self.seat.forget_events();
        let before = self.seat.own_versions()?;
        self.cast.kill_spoke("c0")?;
        let began = self.seat.now();
        self.cast.run_spoke("c0")?;
        let local = self.cast.spoke("c0")?.local.clone();
        wait::until("the agent has made a round", Duration::from_secs(120), || {
            ensure!(get(&local, "/readyz")?.starts_with("HTTP/1.1 200"), "not yet");
            Ok(())
        })?;
        let took = self.seat.now() - began;
        thread::sleep(Duration::from_secs(1));
        let events = self.seat.forget_events();
        ensure!(events == 0, "a cold start wrote {events} objects");
        ensure!(self.seat.own_versions()? == before, "a cold start wrote the inventory");
        Ok(took)
    }

    /// A new namespace among many.
    fn appearing(&mut self, options: &Options) -> Result<Vec<Figure>> {
        self.grow(options.namespaces)?;
        self.seat.until_namespaces_are_ready()?;
        thread::sleep(Duration::from_secs(3));
        let mut times = Vec::new();
        for _ in 0..options.new {
            progress("a new namespace");
            self.settle();
            self.settle();
            let (place, labels) = (place(self.namespaces), json!({"bench": "spread"}));
            let began = self.seat.now();
            self.seat.namespaces([place.0.clone()], &labels)?;
            times.push(self.seat.until_all_say("wanted", [place])?.saturating_sub(began));
            self.namespaces += 1;
        }
        let control = self.appearing_control(options.new)?;
        let control = milliseconds(median(control));
        let all = options.namespaces;
        let figure = |name: String, value| {
            Figure::new(name, "ms", milliseconds(value), 250.0).beside("namespace and object by a client, p50", control)
        };
        Ok(vec![
            figure(format!("{all} namespaces: a new one has its object, p50"), median(times.clone())),
            figure(format!("{all} namespaces: a new one has its object, worst"), quantile(times, 100)),
            Figure::new(format!("{all} objects: the agent, resident"), "MB", resident(self.pid()?)?, 30.0),
        ])
    }

    fn appearing_control(&self, new: u32) -> Result<Vec<Duration>> {
        let time = |number| {
            self.settle();
            let namespace = format!("control-{number}");
            let began = self.seat.now();
            self.seat.namespaces([namespace.clone()], &json!({}))?;
            self.seat.apply(&[ten::config_map(Some(&namespace), "spread", "wanted")])?;
            Ok(self.seat.until_all_say("wanted", [(namespace, "spread".to_owned())])?.saturating_sub(began))
        };
        (0..new).map(time).collect()
    }

    /// What follows a repair (rows, status, report) is not in the next time.
    fn settle(&self) {
        thread::sleep(Duration::from_millis(100));
        self.seat.forget_events();
    }
}

/// The head of what the agent's local listener answers.
fn get(local: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(local)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {local}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
