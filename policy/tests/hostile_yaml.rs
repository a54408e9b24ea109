//! YAML that wants to exhaust whoever reads it: each refused in its place, quickly.

#![expect(clippy::indexing_slicing, reason = "a helper of tests may fail as they do")]

use std::fmt::Write as _;
use writ_policy::diagnostic::{Code, Diagnostic};
use writ_policy::document;

fn refused(text: &str) -> Diagnostic {
    let (docs, found) = document::parse("hostile.yaml", text);
    assert_eq!((docs.len(), found.len()), (0, 1), "{found:?}");
    found[0].clone()
}

#[test]
fn a_bomb_of_aliases() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{items}]");
    }
    assert_eq!(refused(&text).code, Code::TooLarge);
}

#[test]
fn one_long_text_repeated() {
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), vec!["*a"; 9_000].join(", "));
    assert_eq!(refused(&text).code, Code::TooLarge);
}

#[test]
fn an_alias_within_itself() {
    assert_ne!(refused("a: &a [*a]\n").line, 0);
}

#[test]
fn deep_nesting_in_every_style() {
    let flow = "[".repeat(100_000);
    let sequence = "- ".repeat(10_000);
    let mut mapping = String::new();
    for level in 0..200 {
        let _ = writeln!(mapping, "{}a:", " ".repeat(level));
    }
    for text in [flow, sequence, mapping, format!("{}1{}", "{a: ".repeat(70), "}".repeat(70))] {
        let found = refused(&text);
        assert_eq!((found.code, found.message.as_str()), (Code::TooLarge, "values nest more than 64 deep"));
        assert!(found.column < 1_000, "{found:?}");
    }
}

#[test]
fn sixty_levels_are_fine() {
    let text = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    assert_eq!(document::parse("deep.yaml", &text).0.len(), 1);
}

#[test]
fn a_key_twice() {
    let found = refused("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n");
    assert_eq!((found.code, found.line, found.column), (Code::YamlInvalid, 5, 3));
}

#[test]
fn too_many_values() {
    assert_eq!(refused(&format!("[{}]", "1,".repeat(200_000))).code, Code::TooLarge);
    assert_eq!(refused(&"---\na\n".repeat(150_000)).code, Code::TooLarge);
}

#[test]
fn too_long_a_file() {
    let found = refused(&"#".repeat(document::MAX_FILE_BYTES + 1));
    assert_eq!((found.code, found.line), (Code::TooLarge, 1));
}

#[test]
fn long_keys_above_many_values_cost_no_more_than_their_text() {
    let mut text = String::new();
    for level in 0..40 {
        let _ = writeln!(text, "{}? {}{level}\n{}:", " ".repeat(level), "k".repeat(10_000), " ".repeat(level));
    }
    let _ = writeln!(text, "{}[{}]", " ".repeat(41), "1,".repeat(50_000));
    let _ = document::parse("wide.yaml", &text);
}

#[test]
fn kubernetes_words_mean_what_yaml_1_2_says() {
    let (docs, found) =
        document::parse("a.yaml", "{a: yes, b: on, c: true, d: 1.36, e: \"1\", f: 0x10, g: ~, h: 1e3, i: 012}\n");
    assert_eq!(found, []);
    insta::assert_json_snapshot!(docs[0].value);
}

#[test]
fn aliases_within_limits_are_values() {
    let (docs, found) = document::parse("a.yaml", "a: &x {b: [1, 2]}\nc: *x\n");
    assert_eq!(found, []);
    assert_eq!(docs[0].value["c"], docs[0].value["a"]);
    assert_eq!((docs[0].span("/c").line, docs[0].span("/a/b/1").column), (2, 15));
}
