//! What `apply` of the agent may know: all policy has ended in the plan that it carries out.

use anyhow::Result;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use std::fs;
use std::path::Path;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};
use xtask::tools::root;

/// What `apply` may take from the core.
const OF_POLICY: [&str; 7] = ["canonical", "digest", "name", "object", "outcome", "plan", "seen"];
/// What it may take from the agent, beside its own parts.
const OF_AGENT: [&str; 3] = ["cache", "measures", "target"];
/// Words of policy that have no place in it, wherever they come from.
const POLICY: [&str; 4] = ["Mode", "Brake", "Exception", "Constraint"];

/// Every path that a file names, with the path of each import.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl Paths {
    fn import(&mut self, before: &[String], tree: &UseTree) {
        let longer = |ident: &Ident| before.iter().cloned().chain([ident.to_string()]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.import(&longer(&path.ident), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(before, tree)),
            UseTree::Name(name) => self.0.push(longer(&name.ident)),
            UseTree::Rename(rename) => self.0.push(longer(&rename.ident)),
            UseTree::Glob(_) => self.0.push(before.iter().cloned().chain(["*".to_owned()]).collect()),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.to_token_stream().to_string() == "# [cfg (test)]")
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Every identifier, also inside macros, where there are no paths to see.
fn words(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => found.push(ident.to_string()),
            TokenTree::Group(group) => words(group.stream(), found),
            _ => {}
        }
    }
}

/// What one file names that `apply` may not know.
fn trespasses(source: &str) -> Result<Vec<String>> {
    let mut file = syn::parse_file(source)?;
    file.items.retain(|item| !is_for_tests(attributes(item)));
    let (mut paths, mut all) = (Paths::default(), Vec::new());
    paths.visit_file(&file);
    words(file.to_token_stream(), &mut all);
    let foreign = |path: &&Vec<String>| {
        let part = path.get(1).map(String::as_str).unwrap_or_default();
        match path.first().map(String::as_str) {
            Some("policy") => !OF_POLICY.contains(&part),
            Some("crate") => !OF_AGENT.contains(&part),
            _ => false,
        }
    };
    let mut found: Vec<String> = paths.0.iter().filter(foreign).map(|path| path.join("::")).collect();
    found.extend(all.into_iter().filter(|word| POLICY.contains(&word.as_str())));
    Ok(found)
}

/// Every file below a folder, with its path.
fn sources(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else {
            found.push((path.display().to_string(), fs::read_to_string(path)?));
        }
    }
    Ok(found)
}

#[test]
fn carrying_out_knows_no_policy() {
    let sources = sources(&root().join("spoke-agent/src/apply")).unwrap();
    assert!(sources.len() > 1, "apply is somewhere else now");
    for (path, source) in sources {
        assert_eq!(trespasses(&source).unwrap(), [] as [&str; 0], "{path}");
    }
}

#[test]
fn policy_is_found_however_it_is_written() {
    for (source, found) in [
        ("use policy::{\n    plan::Plan,\n    mode::Mode as M,\n};", vec!["policy::mode::Mode", "Mode"]),
        ("use policy::*;", vec!["policy::*"]),
        ("use policy as core;", vec!["policy"]),
        ("use crate::reconcile::Round;", vec!["crate::reconcile::Round"]),
        ("fn f(want: &policy::resolve::Want) {}", vec!["policy::resolve::Want"]),
        ("fn f() -> bool { matches!(of(), Constraint { .. }) }", vec!["Constraint"]),
        ("#[cfg(test)] mod tests { use policy::mode::Mode; }", vec![]),
        ("// Mode\nuse policy::outcome::{Outcome, OutcomeCode};", vec![]),
    ] {
        assert_eq!(trespasses(source).unwrap(), found, "{source}");
    }
}
