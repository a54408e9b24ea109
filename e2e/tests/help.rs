//! The pages of help of all three programs: `help COMMAND` says what `COMMAND --help` does, and every command shows an
//! example and its exit codes.

use anyhow::{Result, ensure};
use std::process::Command;
use writ_e2e::build;
use xtask::lab::binaries;
use xtask::tools;

/// One page: the words before `--help`, and what is printed.
struct Page {
    path: Vec<String>,
    text: String,
}

fn printed(program: &str, words: &[&str]) -> Result<String> {
    tools::stdout(Command::new(binaries::path(program)?).args(words))
}

fn page(program: &str, path: Vec<String>) -> Result<Page> {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    let text = printed(program, &[&words[..], &["--help"]].concat())?;
    ensure!(
        text == printed(program, &[&["help"], &words[..]].concat())?,
        "{program} help {words:?} says something else"
    );
    Ok(Page { path, text })
}

/// The commands that a page lists, but `help` itself.
fn commands(page: &str) -> impl Iterator<Item = &str> {
    let listed = page.split("\nCommands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let names =
        listed.lines().filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help")
}

fn pages(program: &str) -> Result<Vec<Page>> {
    let (mut open, mut all) = (vec![Vec::new()], Vec::new());
    while let Some(path) = open.pop() {
        let page = page(program, path)?;
        open.extend(commands(&page.text).map(|name| [&page.path[..], &[name.to_owned()]].concat()));
        all.push(page);
    }
    all.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(all)
}

fn check(program: &str) -> Result<String> {
    let mut text = String::new();
    for Page { path, text: page } in pages(program)? {
        let lists = commands(&page).next().is_some();
        let shown = page.contains(&format!("Example:\n  {program}")) && page.contains("\nExit codes:\n  0  ");
        ensure!(lists || shown, "{program} {path:?} shows no example or no exit codes");
        text +=
            &format!("$ {program} {}--help\n{page}\n", path.iter().map(|word| format!("{word} ")).collect::<String>());
    }
    Ok(text)
}

#[test]
fn the_hub_explains_itself() -> Result<()> {
    build();
    insta::assert_snapshot!("hub", check("writ-hub")?);
    Ok(())
}

#[test]
fn the_spoke_explains_itself() -> Result<()> {
    build();
    insta::assert_snapshot!("spoke", check("writ-spoke")?);
    Ok(())
}

/// Its pages are golden beside its code.
#[test]
fn the_command_for_people_explains_itself() -> Result<()> {
    build();
    ensure!(check("writ")?.contains("$ writ catalog check --help\n"), "no page of `writ catalog check`");
    Ok(())
}
