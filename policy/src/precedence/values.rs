//! Which value counts, and for how long what waives a rule does.

use super::{Levels, OVERRIDE, OVERRULE, PLAIN, Play, RULE, Won, document, each, overridden, seen, waiver, won};
use crate::bundle::companion::Waiver;
use crate::bundle::fixture::{Parts, at, hour};
use crate::compile::{NoMemo, compile};
use crate::kinds::fixture::facts;
use crate::local::Local;
use crate::mode::Mode;
use crate::name::RuleName;
use crate::outcome::{NoteCode, NoteReason};
use crate::resolve::{Memo, Settings, resolve};
use serde_json::json;

#[test]
fn the_nearest_who_says_a_value_gives_it() {
    let mut plays = vec![Play { set: Some(Mode::Enforce), levels: Some(Levels::default()), ..PLAIN }];
    let level = |play: &mut Play, put: &dyn Fn(&mut Levels)| put(play.levels.as_mut().unwrap());
    plays = each(plays, &[None, Some("11")], |play, value| level(play, &|levels| levels.global = value));
    plays = each(plays, &[None, Some("12")], |play, value| level(play, &|levels| levels.set = value));
    plays = each(plays, &[None, Some("13")], |play, value| level(play, &|levels| levels.region = value));
    plays = each(plays, &[None, Some("14")], |play, value| level(play, &|levels| levels.cluster = value));
    plays = each(plays, &[None, Some("20")], |play, value| play.region = value);
    plays = each(plays, &[None, Some("30")], |play, value| play.local = value);
    assert_eq!(plays.len(), 64);
    for play in plays {
        assert_eq!(won(&play.resolved()), play.expected(), "{play:?}");
    }
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
        let told: Vec<&str> = resolved.notes.iter().map(|note| note.reason.as_str()).collect();
        assert_eq!((&told[..], won(&resolved)), (refused, Won::Have(value.to_owned())), "{documents:?}");
        assert!(resolved.notes.iter().all(|note| note.code == NoteCode::OverrideRefused));
    }
}

#[test]
fn an_override_of_what_cannot_be_rendered_is_told() {
    let play = Play { levels: Some(Levels::default()), local: Some("30"), ..PLAIN };
    let notes: Vec<_> = play.resolved().notes.into_iter().map(|note| (note.code, note.reason)).collect();
    assert_eq!(notes, [(NoteCode::OverrideRefused, NoteReason::Unsupported)]);
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
    // A brake ends the same way.
    let of = |until| won(&Play { brake: Some(until), ..PLAIN }.resolved());
    assert_eq!((of(11), of(10)), (Won::Show(Some("10".to_owned()), Mode::Warn), Won::Have("10".to_owned())));
}
