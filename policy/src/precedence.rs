//! Who wins, and how a unit leaves: the two tables of docs/precedence.md, walked in full.

use crate::bundle::companion::{Companion, Says, Waiver};
use crate::bundle::fixture::{Parts, at, hour};
use crate::bundle::verify::Bundle;
use crate::canonical;
use crate::catalog::{Catalog, RegionalOverride};
use crate::compile::fixture::{catalog, rule, rule_set};
use crate::compile::{NoMemo, compile};
use crate::digest::Digest;
use crate::document::parse;
use crate::kinds::fixture::facts;
use crate::local::{Brake, Local};
use crate::mode::Mode;
use crate::name::RuleName;
use crate::outcome::{NoteCode, OutcomeCode};
use crate::plan::inventory::State;
use crate::plan::simulation::Cluster;
use crate::resolve::{Memo, Resolved, Settings, Want, resolve};
use crate::seen::{NamespaceSeen, Seen};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const MODES: [Mode; 3] = [Mode::Audit, Mode::Warn, Mode::Enforce];
const RULE: &str = "ResourceGuard/quota";
const QUOTA: &str = r#"
  overridable:
  - {field: "spec.quota[pods]", by: region, bounds: {atMost: "50"}}
  - {field: "spec.quota[pods]", by: cluster, bounds: {atMost: "100"}}
  quota: {pods: "10"}
"#;
const TEAMS: Option<&str> = Some("{matchLabels: {team: web}}");
const OVERRIDE: &str = r#"permit (principal, action == Writ::Action::"override", resource);"#;
const OVERRULE: &str = r#"permit (principal, action == Writ::Action::"overrule", resource is Writ::Constraint) when { resource.ring == "cluster" };"#;
const NO_QUOTA: &str = r#"forbid (principal, action == Writ::Action::"apply", resource is core::v1::ResourceQuota);"#;

/// Everything that has a say, in one combination.
#[derive(Debug, Clone, Copy)]
struct Play {
    rule: Mode,
    set: Option<Mode>,
    cluster: Mode,
    brake: Option<i64>,
    exception: Option<i64>,
    constraint: bool,
    overrule: bool,
    region: Option<&'static str>,
    local: Option<&'static str>,
}

/// Nothing but the rule itself, enforced.
const PLAIN: Play = Play {
    rule: Mode::Enforce,
    set: None,
    cluster: Mode::Enforce,
    brake: None,
    exception: None,
    constraint: false,
    overrule: false,
    region: None,
    local: None,
};

/// What becomes of it, in a word, and the quota that is wanted.
#[derive(Debug, PartialEq)]
enum Won {
    Have(String),
    Show(String, Mode),
    Kept(OutcomeCode, Mode),
    Disowned,
    Waived,
}

impl Play {
    /// The table of docs/precedence.md, said once more in other words.
    fn expected(self) -> Won {
        let brake = self.brake.filter(|until| *until > 10).map(|_| Mode::Warn);
        let mode = [Some(self.rule), self.set, Some(self.cluster), brake].into_iter().flatten().min().unwrap();
        let enforced = mode == Mode::Enforce;
        if self.constraint && !self.overrule {
            return if enforced { Won::Disowned } else { Won::Kept(OutcomeCode::Vetoed, mode) };
        }
        if self.exception.is_some_and(|until| until > 10) {
            return if enforced { Won::Waived } else { Won::Kept(OutcomeCode::Excepted, mode) };
        }
        let value = self.local.or(self.region).unwrap_or("10").to_owned();
        if enforced { Won::Have(value) } else { Won::Show(value, mode) }
    }

    fn catalog(self) -> Catalog {
        let mut quota = rule("ResourceGuard", "quota", TEAMS, QUOTA);
        quota.governance.mode = self.rule;
        let mut catalog = catalog([quota]);
        for cluster in catalog.clusters.values_mut() {
            cluster.declared.mode = self.cluster;
        }
        if let Some(mode) = self.set {
            let set = format!("{{include: [{RULE}], scope: {{clusters: {{}}}}, mode: {mode}}}");
            catalog.rule_sets.insert("all".parse().unwrap(), rule_set(&set));
        }
        let policies = if self.overrule { format!("{OVERRIDE}\n{OVERRULE}") } else { OVERRIDE.to_owned() };
        catalog.authority.insert("authority/all.cedar".to_owned(), policies.into());
        if let Some(value) = self.region {
            catalog.overrides.insert("eu".parse().unwrap(), vec![regional(value)]);
        }
        catalog
    }

    fn bundle(self) -> Bundle {
        let mut of = facts("eu-1", "eu", &[]);
        of.declared.mode = self.cluster;
        let compiled = compile(&self.catalog(), &of, &NoMemo);
        let mut bytes: BTreeMap<RuleName, Vec<u8>> =
            compiled.entries.iter().map(|entry| (entry.name.clone(), entry.bytes.clone())).collect();
        if let Some(until) = self.exception {
            let name: RuleName = "ExceptionRequest/one".parse().unwrap();
            let companion = Companion { name: name.clone(), says: Says::Exception(waiver(RULE, until)) };
            bytes.insert(name, canonical::to_vec(&companion).unwrap());
        }
        let mut parts = Parts::of(bytes);
        parts.head.cluster = of.declared;
        parts.bundle()
    }

    fn local(self) -> Local {
        let mut local = Local::default();
        if self.constraint {
            local.take(&document("LocalConstraint", "no-quota", &json!({"policy": NO_QUOTA}))).unwrap();
        }
        if let Some(value) = self.local {
            local.take(&overridden("pods", "spec.quota[pods]", value)).unwrap();
        }
        local.brakes.all =
            self.brake.map(|until| Brake { until: at(until), asked: None, reason: "an incident".to_owned() });
        local
    }

    fn resolved(self) -> Resolved {
        resolve(&self.bundle(), &seen(self.local()), &Settings::default(), hour(10), &mut Memo::default())
    }
}

fn waiver(rule: &str, until: i64) -> Waiver {
    Waiver {
        rule: rule.parse().unwrap(),
        namespaces: None,
        requested_by: "ada".to_owned(),
        reason: "a migration".to_owned(),
        from: None,
        until: at(until),
    }
}

fn regional(value: &str) -> RegionalOverride {
    let text = format!(
        "apiVersion: writ.dev/v1alpha1\nkind: Override\nmetadata: {{name: pods}}\nspec: {{rule: {RULE}, field: \"spec.quota[pods]\", \
         value: \"{value}\", reason: because}}\n"
    );
    let doc = parse("regions/eu/overrides/pods.yaml", &text).0.remove(0);
    let spec = serde_json::from_value(doc.value["spec"].clone()).unwrap();
    RegionalOverride { spec, digest: Digest::of(value.as_bytes()), doc: Arc::new(doc) }
}

fn document(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "writ.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn overridden(name: &str, field: &str, value: &str) -> Value {
    document("Override", name, &json!({"rule": RULE, "field": field, "value": value, "reason": "because"}))
}

fn namespaces(team: &str) -> BTreeMap<crate::name::Namespace, NamespaceSeen> {
    let labels = BTreeMap::from([("team".to_owned(), team.to_owned())]);
    BTreeMap::from([("shop".parse().unwrap(), NamespaceSeen { labels, terminating: false })])
}

fn seen(local: Local) -> Seen {
    Seen { namespaces: Arc::new(namespaces("web")), local: Arc::new(local), ..Seen::default() }
}

fn pods(want: &Want) -> String {
    want.desired()[0].object.tree()["spec"]["hard"]["pods"].as_str().unwrap().to_owned()
}

fn won(resolved: &Resolved) -> Won {
    assert_eq!(resolved.wants.len(), 1, "{resolved:?}");
    let want = resolved.wants.values().next().unwrap();
    match want {
        Want::Have(_) => Won::Have(pods(want)),
        Want::Show(_, mode) => Won::Show(pods(want), *mode),
        Want::Keep { outcome, mode } => Won::Kept(outcome.code, *mode),
        Want::Disown(_) => Won::Disowned,
        Want::Waive(_) => Won::Waived,
        Want::Gone { .. } => panic!("{want:?}"),
    }
}

/// Each of `all` with each of these.
fn each<T: Copy>(all: Vec<Play>, values: &[T], set: impl Fn(&mut Play, T)) -> Vec<Play> {
    let with = |play: Play| {
        let set = &set;
        values.iter().map(move |value| {
            let mut play = play;
            set(&mut play, *value);
            play
        })
    };
    all.into_iter().flat_map(with).collect()
}

#[test]
fn every_combination_comes_out_as_the_table_says() {
    let mut plays = each(vec![PLAIN], &MODES, |play, mode| play.rule = mode);
    plays =
        each(plays, &[None, Some(Mode::Audit), Some(Mode::Warn), Some(Mode::Enforce)], |play, mode| play.set = mode);
    plays = each(plays, &MODES, |play, mode| play.cluster = mode);
    // An exception and a brake whose end is this very moment are over.
    plays = each(plays, &[None, Some(10), Some(11)], |play, until| play.exception = until);
    plays = each(plays, &[false, true], |play, is| play.overrule = is);
    plays = each(plays, &[None, Some("20")], |play, value| play.region = value);
    let central = plays.len();
    let mut memo = Memo::default();
    let mut walked = 0;
    for play in plays {
        let bundle = play.bundle();
        let mut local = each(vec![play], &[false, true], |play, is| play.constraint = is);
        local = each(local, &[None, Some("30")], |play, value| play.local = value);
        local = each(local, &[None, Some(10), Some(11)], |play, until| play.brake = until);
        for play in local {
            let resolved = resolve(&bundle, &seen(play.local()), &Settings::default(), hour(10), &mut memo);
            assert_eq!(won(&resolved), play.expected(), "{play:?}");
            walked += 1;
        }
    }
    assert_eq!((central, walked), (3 * 4 * 3 * 3 * 2 * 2, central * 2 * 2 * 3));
}

#[test]
fn inv26_an_override_that_is_refused_leaves_the_value_below_it() {
    let none: &[&str] = &[];
    for (documents, authority, refused, value) in [
        (vec![overridden("a", "spec.quota[pods]", "30")], OVERRIDE, none, "30"),
        (vec![overridden("a", "spec.quota[pods]", "101")], OVERRIDE, &["OutOfBounds"], "20"),
        (vec![overridden("a", "spec.quota[pods]", "many")], OVERRIDE, &["OutOfBounds"], "20"),
        (vec![overridden("a", "spec.quota[cpu]", "1")], OVERRIDE, &["Undeclared"], "20"),
        (vec![overridden("a", "spec.quota[pods]", "30")], OVERRULE, &["NotPermitted"], "20"),
        (
            vec![overridden("a", "spec.quota[pods]", "30"), overridden("b", "spec.quota[pods]", "31")],
            OVERRIDE,
            &["Ambiguous", "Ambiguous"],
            "20",
        ),
        (vec![document("Override", "a", &json!({"rule": RULE}))], OVERRIDE, &["Malformed"], "20"),
        (
            vec![document(
                "Override",
                "a",
                &json!({"rule": "ResourceGuard/none", "field": "spec.x", "value": 1, "reason": "r"}),
            )],
            OVERRIDE,
            &["Undeclared"],
            "20",
        ),
    ] {
        let mut local = Local::default();
        documents.iter().for_each(|document| local.take(document).unwrap());
        let play = Play { region: Some("20"), ..PLAIN };
        let mut catalog = play.catalog();
        catalog.authority.insert("authority/all.cedar".to_owned(), authority.into());
        let compiled = compile(&catalog, &facts("eu-1", "eu", &[]), &NoMemo);
        let bytes = compiled.entries.iter().map(|entry| (entry.name.clone(), entry.bytes.clone())).collect();
        let mut parts = Parts::of(bytes);
        parts.head.cluster = facts("eu-1", "eu", &[]).declared;
        let resolved = resolve(&parts.bundle(), &seen(local), &Settings::default(), hour(10), &mut Memo::default());
        let told: Vec<&str> = resolved.notes.iter().map(|note| note.reason).collect();
        assert_eq!((&told[..], won(&resolved)), (refused, Won::Have(value.to_owned())), "{documents:?}");
        assert!(resolved.notes.iter().all(|note| note.code == NoteCode::OverrideRefused));
    }
}

#[test]
fn inv07_inv08_an_exception_waives_what_it_names_while_it_holds() {
    let exception = waiver(RULE, 11);
    let rule: RuleName = RULE.parse().unwrap();
    let (shop, bank) = ("shop".parse().unwrap(), "bank".parse().unwrap());
    let only = Waiver { namespaces: Some(vec![shop]), ..exception.clone() };
    let shop = only.namespaces.as_ref().unwrap().first();
    assert!(exception.names(&rule, shop) && exception.names(&rule, None) && only.names(&rule, shop));
    assert!(!only.names(&rule, Some(&bank)) && !only.names(&rule, None));
    assert!(!exception.names(&"ResourceGuard/other".parse().unwrap(), shop));
    let later = Waiver { from: Some(at(9)), ..exception };
    let holds: Vec<bool> = (8..13).map(|hours| later.holds(at(hours))).collect();
    assert_eq!(holds, [false, true, true, false, false]);
    // Two together open no more than each of them does.
    let of = |until| Play { exception: Some(until), ..PLAIN }.resolved();
    assert_eq!((won(&of(11)), won(&of(10))), (Won::Waived, Won::Have("10".to_owned())));
    assert_eq!((of(11).again, of(10).again), (Some(at(11)), None));
}

/// Why a unit leaves, and what becomes of its object, of its row, and of the unit: rows of the second table.
#[test]
fn every_way_to_leave_comes_out_as_the_table_says() {
    enum Cause {
        Commit,
        Exception,
        Label,
        Veto,
        Brake,
        Audit,
    }
    for (cause, object_stays, code, back) in [
        (Cause::Commit, false, OutcomeCode::Removed, false),
        (Cause::Exception, false, OutcomeCode::Excepted, true),
        (Cause::Label, true, OutcomeCode::Lingering, true),
        (Cause::Veto, true, OutcomeCode::Vetoed, true),
        (Cause::Brake, true, OutcomeCode::Kept, true),
        (Cause::Audit, true, OutcomeCode::Kept, true),
    ] {
        let mut cluster = Cluster { seen: seen(Local::default()), ..Cluster::default() };
        let round = |cluster: &mut Cluster, bundle: &Bundle, hours| {
            let wants = resolve(bundle, &cluster.seen, &Settings::default(), hour(hours), &mut Memo::default()).wants;
            let plan = cluster.plan(&wants, hour(hours));
            cluster.carry_out(&plan);
            plan.units.values().map(|unit| unit.outcome.code).collect::<Vec<_>>()
        };
        let plain = PLAIN.bundle();
        assert_eq!(round(&mut cluster, &plain, 0), [OutcomeCode::Applied]);
        let play = match cause {
            Cause::Exception => Play { exception: Some(30), ..PLAIN },
            Cause::Audit => Play { cluster: Mode::Audit, ..PLAIN },
            Cause::Veto => Play { constraint: true, ..PLAIN },
            Cause::Brake => Play { brake: Some(30), ..PLAIN },
            Cause::Commit | Cause::Label => PLAIN,
        };
        let team = if matches!(cause, Cause::Label) { "other" } else { "web" };
        cluster.seen.namespaces = Arc::new(namespaces(team));
        cluster.seen.local = Arc::new(play.local());
        let bundle = if matches!(cause, Cause::Commit) { Parts::of(BTreeMap::new()).bundle() } else { play.bundle() };
        assert_eq!(round(&mut cluster, &bundle, 1), [code]);
        assert_eq!(!cluster.names().is_empty(), object_stays, "{code}");
        let state = cluster.inventory().values().next().map(|row| row.state.clone());
        match cause {
            Cause::Commit | Cause::Exception => assert!(matches!(state, Some(State::Removed { .. }))),
            Cause::Veto => assert!(matches!(state, Some(State::Disowned { .. }))),
            Cause::Label | Cause::Brake | Cause::Audit => assert!(matches!(state, Some(State::Owned { .. }))),
        }
        // Once more changes nothing, also when the day of the row is over.
        let before = cluster.clone();
        round(&mut cluster, &bundle, 2);
        assert_eq!(cluster.seen, before.seen, "{code}");
        if back {
            cluster.seen.namespaces = Arc::new(namespaces("web"));
            cluster.seen.local = Arc::default();
            assert_eq!(round(&mut cluster, &plain, 40), [OutcomeCode::Applied], "after {code}");
            assert_eq!(cluster.names().len(), 1);
        }
    }
}

#[test]
fn inv29_what_was_disowned_is_not_deleted_when_its_rule_goes_nor_taken_when_it_is_made_anew() {
    let vetoed = Play { constraint: true, ..PLAIN };
    let mut cluster = Cluster { seen: seen(Local::default()), ..Cluster::default() };
    let round = |cluster: &mut Cluster, bundle: &Bundle, hours| {
        let wants = resolve(bundle, &cluster.seen, &Settings::default(), hour(hours), &mut Memo::default()).wants;
        let plan = cluster.plan(&wants, hour(hours));
        cluster.carry_out(&plan);
        plan.units.values().map(|unit| unit.outcome.code).collect::<Vec<_>>()
    };
    round(&mut cluster, &PLAIN.bundle(), 0);
    cluster.seen.local = Arc::new(vetoed.local());
    round(&mut cluster, &vetoed.bundle(), 1);
    let mut gone = cluster.clone();
    assert_eq!(round(&mut gone, &Parts::of(BTreeMap::new()).bundle(), 2), []);
    assert_eq!(gone.names().len(), 1, "nobody deletes what is not ours");
    round(&mut gone, &Parts::of(BTreeMap::new()).bundle(), 30);
    assert!(gone.inventory().is_empty(), "nor remembers it for longer than a day");
    let manifest = cluster.seen.objects.values().next().unwrap().object.tree().clone();
    cluster.seen.objects.clear();
    cluster.put(manifest);
    cluster.seen.local = Arc::default();
    assert_eq!(round(&mut cluster, &PLAIN.bundle(), 3), [OutcomeCode::NameTaken]);
}
