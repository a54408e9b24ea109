//! One file per class of fault, laid over a good catalog; what people read is golden.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as they do")]

use std::collections::BTreeMap;
use std::sync::Arc;
use writ_policy::catalog::{self, Sources};
use writ_policy::diagnostic::render::{Counts, render_all};

/// Files as `=== path` lines with the text below each. An empty text takes the file away.
fn files(text: &str, sources: &mut Sources) {
    for part in text.split("=== ").skip(1) {
        let (path, body) = part.split_once('\n').unwrap();
        if body.is_empty() {
            sources.remove(path);
        } else {
            sources.insert(path.to_owned(), Arc::from(body));
        }
    }
}

fn good() -> Sources {
    let mut sources = BTreeMap::new();
    files(include_str!("catalog/good.txt"), &mut sources);
    sources
}

fn report(bad: &str) -> String {
    let mut sources = good();
    files(bad, &mut sources);
    let checked = catalog::check(&sources);
    assert!(!checked.diagnostics.is_empty());
    assert_eq!(checked.catalog.is_none(), checked.refused());
    let text = render_all(&checked.diagnostics, |file| sources.get(file).map(AsRef::as_ref));
    format!("{text}{}\n", Counts::of(&checked.diagnostics))
}

macro_rules! cases {
    ($($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(report(include_str!(concat!("catalog/bad/", stringify!($name), ".txt"))));
            }
        )*
    };
}

cases! {
    access,
    authority,
    overrides,
    override_values,
    constraints,
    authority_faults,
    local_domains,
    cedar_form,
    cedar_syntax,
    cedar_types,
    duplicate_catalog,
    duplicate_key,
    duplicate_names,
    fields,
    merge_key,
    missing_governance,
    no_catalog,
    no_kind,
    no_owner,
    not_yaml,
    not_yaml_and_named,
    null_value,
    overlaps,
    parameter_misplaced,
    parameters,
    paths,
    policy_files,
    region_beyond,
    rule_set,
    rule_set_references,
    segmentation,
    segmentation_shape,
    selector_shape,
    selectors,
    selects_nothing,
    signers,
    terminal,
    unknown_kind,
    unknown_region,
    unknown_team,
    unknown_version,
    unsupported_kind,
    verify,
    wide_characters,
    wrong_place,
}

#[test]
fn the_good_catalog_is_good() {
    let checked = catalog::check(&good());
    assert_eq!(checked.diagnostics, []);
    let catalog = checked.catalog.unwrap();
    assert_eq!(catalog.clusters.len(), 2);
    let rule = &catalog.rules[&"Guardrail/eu-only".parse().unwrap()];
    assert_eq!(rule.governance.owner.team.as_str(), "eu-ops");
    assert_eq!(rule.governance.scope.clusters.regions.as_deref(), Some(&["eu".parse().unwrap()][..]));
    assert!(rule.spec.get("mode").is_none() && rule.spec.get("title").is_some());
    assert_eq!(catalog.parameters.regions[&"eu".parse().unwrap()]["endpoint"], "https://otel.eu.example");
}

#[test]
fn what_is_good_fits_the_schema_that_editors_get() {
    let schema = writ_policy::kinds::editor::schema_of_all();
    let validator = jsonschema::options().build(&schema).unwrap();
    for (file, text) in good().iter().filter(|(file, _)| file.ends_with(".yaml")) {
        let (docs, found) = writ_policy::document::parse(file, text);
        assert!(found.is_empty() && !docs.is_empty(), "{file}: {found:?}");
        assert!(docs.iter().all(|doc| validator.is_valid(&doc.value)), "{file}");
    }
}

#[test]
fn inv26_a_regions_fault_is_told_by_its_path() {
    let mut sources = good();
    sources.insert("regions/eu/parameters/bad.yaml".to_owned(), Arc::from("a: ["));
    let checked = catalog::check(&sources);
    let regions: Vec<_> = checked.diagnostics.iter().map(|d| catalog::region_of(&d.file).unwrap()).collect();
    assert_eq!(regions, ["eu".parse().unwrap()]);
    assert!(checked.catalog.is_none(), "a faulty revision must not come through");
    assert_eq!(catalog::region_of("intents/a.yaml"), None);
}
