//! A catalog made to do harm is refused by its file, fast and small: the shipped `writ` runs under a limit of memory.

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use writ_e2e::build;
use xtask::lab::{binaries, files};
use xtask::{tools, wait};

/// What a check may need of memory that is its own.
const MEMORY: u64 = 200 * 1000 * 1000;
/// Far more than it takes: on a busy machine, unoptimised. What is measured here is that it ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `writ catalog check` did.
#[derive(Debug)]
struct Checked {
    code: Option<i32>,
    said: String,
}

/// The company's catalog, to be spoilt.
fn catalog() -> Result<TempDir> {
    build();
    let folder = tempfile::tempdir()?;
    files::copy(&tools::root().join("examples/acme"), folder.path())?;
    Ok(folder)
}

/// Runs the check. One that wants more memory than it may have is aborted, and so has another exit code.
fn check(folder: &Path) -> Result<Checked> {
    let said = tempfile::NamedTempFile::new()?;
    let output = File::options().append(true).open(said.path())?;
    let mut command = Command::new(binaries::path("writ")?);
    command.args(["catalog", "check"]).arg(folder);
    let mut child = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn()?;
    let pid = Pid::from_child(&child);
    prlimit(Some(pid), Resource::Data, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) })?;
    let ended = wait::until("the check ends", PATIENCE, || child.try_wait()?.context("it still runs"));
    if ended.is_err() {
        child.kill()?;
        child.wait()?;
    }
    Ok(Checked { code: ended?.code(), said: fs::read_to_string(said.path())? })
}

/// Expects the refusal of `place` (a file, or a file with line and column) with this code, and nothing worse.
fn refused(folder: &Path, code: &str, place: &str) -> Result<()> {
    let checked = check(folder)?;
    let told = checked.said.contains(&format!("error[{code}]")) && checked.said.contains(&format!("--> {place}"));
    ensure!(checked.code == Some(1) && told, "expected {code} at {place}: {checked:?}");
    ensure!(!checked.said.contains("panicked"), "{checked:?}");
    Ok(())
}

/// Expects that this text as an intent is refused at `place` of it.
fn text_refused(text: &str, code: &str, place: &str) -> Result<()> {
    let folder = catalog()?;
    files::write(&intent(folder.path(), "hostile.yaml"), text)?;
    refused(folder.path(), code, &format!("intents/hostile.yaml:{place}"))
}

fn intent(folder: &Path, name: &str) -> PathBuf {
    folder.join("intents").join(name)
}

/// A rule that says `what` in one of its values.
fn rule(what: &str) -> String {
    format!("apiVersion: writ.dev/v1alpha1\nkind: ConfigTemplate\nmetadata: {{name: hostile}}\nspec:\n{what}")
}

#[test]
fn the_catalog_itself_is_sound() -> Result<()> {
    let checked = check(catalog()?.path())?;
    ensure!(checked.code == Some(0), "{checked:?}");
    Ok(())
}

#[test]
fn symbolic_links_are_not_followed() -> Result<()> {
    let folder = catalog()?;
    symlink("/etc/passwd", intent(folder.path(), "file.yaml"))?;
    refused(folder.path(), "PathRefused", "intents/file.yaml")?;
    let folder = catalog()?;
    symlink("/", intent(folder.path(), "folder"))?;
    refused(folder.path(), "PathRefused", "intents/folder")?;
    let folder = catalog()?;
    fs::rename(folder.path().join("writ.yaml"), folder.path().join("elsewhere"))?;
    symlink("elsewhere", folder.path().join("writ.yaml"))?;
    refused(folder.path(), "PathRefused", "writ.yaml")?;
    let folder = catalog()?;
    fs::remove_dir_all(folder.path().join("clusters"))?;
    symlink("/proc", folder.path().join("clusters"))?;
    refused(folder.path(), "PathRefused", "clusters")
}

#[test]
fn what_is_no_plain_file_is_not_opened() -> Result<()> {
    let folder = catalog()?;
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR);
    rustix::fs::mknodat(rustix::fs::CWD, intent(folder.path(), "pipe.yaml"), kind, mode, 0)?;
    refused(folder.path(), "PathRefused", "intents/pipe.yaml")?;
    let folder = catalog()?;
    let socket = UnixListener::bind(intent(folder.path(), "socket.yaml"))?;
    refused(folder.path(), "PathRefused", "intents/socket.yaml")?;
    drop(socket);
    let folder = catalog()?;
    files::write(&intent(folder.path(), "nul.yaml"), "")?;
    refused(folder.path(), "PathRefused", "intents/nul.yaml")
}

#[test]
fn a_repository_within_the_catalog_is_refused() -> Result<()> {
    let folder = catalog()?;
    files::write(&intent(folder.path(), "sub/.git"), "gitdir: /\n")?;
    refused(folder.path(), "PathRefused", "intents/sub/.git")
}

#[test]
fn a_file_has_at_most_a_mebibyte() -> Result<()> {
    let folder = catalog()?;
    let large = File::create(intent(folder.path(), "large.yaml"))?;
    large.set_len(1024 * 1024 + 1)?;
    refused(folder.path(), "TooLarge", "intents/large.yaml")?;
    large.set_len(1 << 40)?;
    refused(folder.path(), "TooLarge", "intents/large.yaml")
}

#[test]
fn a_catalog_has_at_most_twenty_thousand_files() -> Result<()> {
    let folder = catalog()?;
    for number in 0..20_001 {
        File::create(intent(folder.path(), &format!("{number}.yaml")))?;
    }
    refused(folder.path(), "TooLarge", "writ.yaml")
}

#[test]
fn a_catalog_has_at_most_sixty_four_mebibytes() -> Result<()> {
    let folder = catalog()?;
    for number in 0..65 {
        File::create(intent(folder.path(), &format!("{number}.yaml")))?.set_len(1024 * 1024)?;
    }
    refused(folder.path(), "TooLarge", "writ.yaml")
}

#[test]
fn values_nest_at_most_sixty_four_deep() -> Result<()> {
    let nested = |depth: usize| format!("{}x{}", "[".repeat(depth), "]".repeat(depth));
    text_refused(&nested(65), "TooLarge", "1:65")?;
    text_refused(&nested(100_000), "TooLarge", "1:66")?;
    let block: String = (0..65).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    text_refused(&block, "TooLarge", "65:")
}

#[test]
fn aliases_do_not_multiply() -> Result<()> {
    let mut bomb = "  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let again = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("  a{level}: &a{level} [{again}]\n");
    }
    text_refused(&rule(&bomb), "TooLarge", "")?;
    let long = "x".repeat(500_000);
    let repeated = vec!["*a".to_owned(); 9_000].join(", ");
    text_refused(&rule(&format!("  a: &a {long}\n  b: [{repeated}]\n")), "TooLarge", "")
}

#[test]
fn a_key_stands_once() -> Result<()> {
    text_refused(&rule("  mode: audit\n  mode: enforce\n"), "YamlInvalid", "6:3")?;
    text_refused(&rule("  scope: {clusters: {}, clusters: {}}\n"), "YamlInvalid", "5:25")
}

#[test]
fn what_is_no_text_is_refused() -> Result<()> {
    let folder = catalog()?;
    fs::write(intent(folder.path(), "latin.yaml"), b"a: \xe9\n")?;
    refused(folder.path(), "YamlInvalid", "intents/latin.yaml")
}

#[test]
fn many_files_that_repeat_themselves_are_too_much_together() -> Result<()> {
    let folder = catalog()?;
    let (ones, again) = (vec!["1"; 90].join(", "), vec!["*a"; 90].join(", "));
    for number in 0..2_000 {
        let name = format!("{number:04}");
        let text = rule(&format!("  a: &a [{ones}]\n  b: [{again}]\n")).replace("hostile", &name);
        files::write(&intent(folder.path(), &format!("{name}.yaml")), &text)?;
    }
    refused(folder.path(), "TooLarge", "intents/0")
}
