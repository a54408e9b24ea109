//! Every word that Writ gives out has its page in docs/runbooks, and every page its word. The words are read from the
//! sources, so that a new one cannot be forgotten.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::fs;
use xtask::tools;

const FOLDER: &str = "docs/runbooks";
/// What a page must say, unless its word comes with a later version.
const PARTS: [&str; 4] = ["## How you notice", "## Why it happens", "## What to do", "## What Writ does meanwhile"];
const LATER: &str = "not given out by this version";

/// Where words are given out: the variants of an enum, or the texts that a function answers.
const SOURCES: [(&str, &str); 6] = [
    ("policy/src/outcome/mod.rs", "pub enum OutcomeCode {"),
    ("policy/src/outcome/note.rs", "pub enum NoteCode {"),
    ("policy/src/diagnostic/mod.rs", "pub enum Code {"),
    ("policy/src/report/condition.rs", "pub enum ConditionKind {"),
    ("policy/src/bundle/verify/error.rs", "pub const fn reason("),
    ("spoke-agent/src/accept.rs", "pub const fn reason("),
];

fn read(path: &str) -> Result<String> {
    fs::read_to_string(tools::root().join(path)).with_context(|| format!("cannot read {path}"))
}

/// The words of one source: `Word,` in an enum, `"Word"` in a function.
fn words(path: &str, item: &str) -> Result<BTreeSet<String>> {
    let text = read(path)?;
    let (before, rest) = text.split_once(item).with_context(|| format!("{path} has no `{item}`"))?;
    let indent = before.len() - before.trim_end_matches(' ').len();
    let end = format!("\n{}}}\n", " ".repeat(indent));
    let (body, _) = rest.split_once(&end).with_context(|| format!("`{item}` of {path} has no end"))?;
    let parts: Vec<&str> = if item.starts_with("pub enum") {
        body.lines().filter_map(|line| line.trim().strip_suffix(',')).collect()
    } else {
        body.split('"').skip(1).step_by(2).collect()
    };
    let plain = |word: &&str| word.starts_with(char::is_uppercase) && word.chars().all(char::is_alphanumeric);
    let found: BTreeSet<String> = parts.into_iter().filter(plain).map(str::to_owned).collect();
    ensure!(!found.is_empty(), "no word found in `{item}` of {path}");
    Ok(found)
}

fn all_words() -> Result<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for (path, item) in SOURCES {
        all.append(&mut words(path, item)?);
    }
    Ok(all)
}

fn pages() -> Result<BTreeSet<String>> {
    let names = fs::read_dir(tools::root().join(FOLDER))?.map(|entry| Ok(entry?.file_name()));
    let names = names.collect::<Result<Vec<_>>>()?;
    let page = |name: &str| name.strip_suffix(".md").filter(|page| *page != "README").map(str::to_owned);
    Ok(names.iter().filter_map(|name| page(name.to_str()?)).collect())
}

#[test]
fn every_word_has_its_page_and_every_page_its_word() -> Result<()> {
    let (words, pages) = (all_words()?, pages()?);
    let missing: Vec<_> = words.difference(&pages).collect();
    ensure!(missing.is_empty(), "write {FOLDER}/WORD.md for {missing:?}");
    let stale: Vec<_> = pages.difference(&words).collect();
    ensure!(stale.is_empty(), "nothing gives out {stale:?} any more: remove their pages");
    Ok(())
}

#[test]
fn every_page_says_what_a_page_must() -> Result<()> {
    for page in pages()? {
        let text = read(&format!("{FOLDER}/{page}.md"))?;
        ensure!(text.starts_with(&format!("# {page}\n")), "{page}.md has another title");
        let missing: Vec<_> = PARTS.iter().filter(|part| !text.contains(&format!("{part}\n"))).collect();
        ensure!(missing.is_empty() || text.contains(LATER), "{page}.md lacks {missing:?}");
    }
    Ok(())
}

#[test]
fn the_index_lists_every_page() -> Result<()> {
    let index = read(&format!("{FOLDER}/README.md"))?;
    let unlisted: Vec<_> = pages()?.into_iter().filter(|page| !index.contains(&format!("]({page}.md): "))).collect();
    ensure!(unlisted.is_empty(), "{FOLDER}/README.md does not list {unlisted:?}");
    Ok(())
}
