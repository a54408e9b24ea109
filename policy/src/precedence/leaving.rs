//! The second table: every way to leave.

use super::{Levels, PLAIN, Play, namespaces, refused, seen};
use crate::bundle::fixture::{Parts, hour};
use crate::bundle::verify::Bundle;
use crate::compile::fixture::{catalog, rule};
use crate::compile::{NoMemo, compile};
use crate::kinds::fixture::facts;
use crate::local::Local;
use crate::mode::Mode;
use crate::outcome::OutcomeCode;
use crate::plan::inventory::State;
use crate::plan::simulation::Cluster;
use crate::resolve::{Memo, Settings, resolve};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a unit leaves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause {
    Commit,
    Exception,
    Label,
    Terminating,
    Gone,
    Veto,
    NotServed,
    NotRendered,
    Refused,
    Mode,
    Brake,
    Audit,
}

/// What becomes of it.
pub(super) struct Leaves {
    cause: Cause,
    /// The first cell of its row in docs/precedence.md.
    pub(super) why: &'static str,
    /// How the unit is told.
    pub(super) code: OutcomeCode,
    object_stays: bool,
    state: fn(&State) -> bool,
    /// Whether it is back once the cause is gone.
    back: bool,
}

const OWNED: fn(&State) -> bool = |state| matches!(state, State::Owned { .. });
const REMOVED: fn(&State) -> bool = |state| matches!(state, State::Removed { .. });
const DISOWNED: fn(&State) -> bool = |state| matches!(state, State::Disowned { .. });

const fn goes(cause: Cause, why: &'static str, code: OutcomeCode, back: bool) -> Leaves {
    Leaves { cause, why, code, object_stays: false, state: REMOVED, back }
}

const fn stays(cause: Cause, why: &'static str, code: OutcomeCode) -> Leaves {
    Leaves { cause, why, code, object_stays: true, state: OWNED, back: true }
}

/// The second table of docs/precedence.md.
pub(super) const TABLE: &[Leaves] = &[
    goes(Cause::Commit, "a commit removed the rule or its scope", OutcomeCode::Removed, false),
    goes(Cause::Exception, "an exception waives it", OutcomeCode::Excepted, true),
    stays(Cause::Label, "the namespace's labels no longer match", OutcomeCode::Lingering),
    stays(Cause::Terminating, "the namespace is being deleted", OutcomeCode::Removing),
    goes(Cause::Gone, "the namespace is gone", OutcomeCode::Removed, true),
    Leaves { state: DISOWNED, ..stays(Cause::Veto, "a constraint vetoes it", OutcomeCode::Vetoed) },
    stays(Cause::NotServed, "its API is no longer served", OutcomeCode::Unsupported),
    stays(Cause::NotRendered, "it cannot be rendered", OutcomeCode::Unsupported),
    stays(Cause::Refused, "the server refused its new version", OutcomeCode::RolledBack),
    stays(Cause::Mode, "a lesser mode of the rule or its rule sets", OutcomeCode::Kept),
    stays(Cause::Brake, "a brake", OutcomeCode::Kept),
    stays(Cause::Audit, "a cluster at audit", OutcomeCode::Kept),
];

fn cluster() -> Cluster {
    Cluster { seen: seen(Local::default()), ..Cluster::default() }
}

fn nothing() -> Bundle {
    Parts::of(BTreeMap::new()).bundle()
}

fn round(cluster: &mut Cluster, bundle: &Bundle, hours: i64) -> Vec<OutcomeCode> {
    let wants = resolve(bundle, &cluster.seen, &Settings::default(), hour(hours), &mut Memo::default()).wants;
    let plan = cluster.plan(&wants, hour(hours));
    cluster.carry_out(&plan);
    plan.units.values().map(|unit| unit.outcome.code).collect()
}

/// A rule that is written in an API which a cluster may serve.
fn widget(apis: &[&str]) -> Bundle {
    let spec = "  objects: [{manifest: {apiVersion: example.com/v1, kind: Widget, metadata: {name: a}}}]";
    let of = facts("eu-1", "eu", apis);
    let compiled = compile(&catalog([rule("ConfigTemplate", "widget", super::TEAMS, spec)]), &of, &NoMemo);
    let bytes = compiled.entries.iter().map(|entry| (entry.name.clone(), entry.bytes.clone())).collect();
    let mut parts = Parts::of(bytes);
    parts.head.cluster = of.declared;
    parts.bundle()
}

impl Cause {
    /// What was there before.
    fn before(self) -> Bundle {
        if matches!(self, Self::NotServed) { widget(&["example.com/v1"]) } else { PLAIN.bundle() }
    }

    fn play(self) -> Play {
        match self {
            Self::Exception => Play { exception: Some(30), ..PLAIN },
            Self::Audit => Play { cluster: Mode::Audit, ..PLAIN },
            Self::Mode => Play { rule: Mode::Warn, ..PLAIN },
            Self::Veto => Play { constraint: true, ..PLAIN },
            Self::Brake => Play { brake: Some(30), ..PLAIN },
            Self::NotRendered => Play { levels: Some(Levels::default()), ..PLAIN },
            Self::Refused => Play { region: Some("20"), ..PLAIN },
            Self::Commit | Self::Label | Self::Terminating | Self::Gone | Self::NotServed => PLAIN,
        }
    }

    fn bundle(self) -> Bundle {
        match self {
            Self::Commit => nothing(),
            Self::NotServed => widget(&[]),
            _ => self.play().bundle(),
        }
    }

    /// What the cluster sees of it.
    fn seen_by(self, cluster: &mut Cluster) {
        cluster.seen.namespaces = Arc::new(namespaces(if matches!(self, Self::Label) { "other" } else { "web" }));
        cluster.seen.local = Arc::new(self.play().local());
        match self {
            Self::Terminating => {
                let namespaces = Arc::make_mut(&mut cluster.seen.namespaces);
                namespaces.values_mut().for_each(|namespace| namespace.terminating = true);
            }
            Self::Gone => {
                cluster.seen.namespaces = Arc::default();
                cluster.seen.objects.clear();
            }
            Self::Refused => cluster.seen.refused = refused(&["20"]),
            _ => {}
        }
    }
}

#[test]
fn every_way_to_leave_comes_out_as_the_table_says() {
    for Leaves { cause, why, code, object_stays, state, back } in TABLE {
        let (mut cluster, before) = (cluster(), cause.before());
        assert_eq!(round(&mut cluster, &before, 0), [OutcomeCode::Applied]);
        cause.seen_by(&mut cluster);
        let bundle = cause.bundle();
        assert_eq!(round(&mut cluster, &bundle, 1), [*code], "{why}");
        assert_eq!(!cluster.names().is_empty(), *object_stays, "{why}");
        let rows: Vec<_> = cluster.inventory().values().map(|row| row.state.clone()).collect();
        assert!(rows.iter().all(state), "{why}: {rows:?}");
        // Once more changes nothing, also when the day of the row is over.
        let still = cluster.clone();
        round(&mut cluster, &bundle, 2);
        assert_eq!(cluster.seen, still.seen, "{why}");
        if *back {
            cluster.seen.namespaces = Arc::new(namespaces("web"));
            cluster.seen.local = Arc::default();
            assert_eq!(round(&mut cluster, &before, 40), [OutcomeCode::Applied], "after {why}");
            assert_eq!(cluster.names().len(), 1);
        }
    }
}

#[test]
fn inv29_what_was_disowned_is_not_deleted_when_its_rule_goes_nor_taken_when_it_is_made_anew() {
    let vetoed = Play { constraint: true, ..PLAIN };
    let mut cluster = cluster();
    round(&mut cluster, &PLAIN.bundle(), 0);
    cluster.seen.local = Arc::new(vetoed.local());
    round(&mut cluster, &vetoed.bundle(), 1);
    let mut gone = cluster.clone();
    assert_eq!(round(&mut gone, &nothing(), 2), []);
    assert_eq!(gone.names().len(), 1, "nobody deletes what is not ours");
    round(&mut gone, &nothing(), 30);
    assert!(gone.inventory().is_empty(), "nor remembers it for longer than a day");
    let manifest = cluster.seen.objects.values().next().unwrap().object.tree().clone();
    cluster.seen.objects.clear();
    cluster.put(manifest);
    cluster.seen.local = Arc::default();
    assert_eq!(round(&mut cluster, &PLAIN.bundle(), 3), [OutcomeCode::NameTaken]);
}
