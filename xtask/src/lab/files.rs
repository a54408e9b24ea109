//! The lab's files: its folder, the catalog's repository, the servers' configuration.

use crate::tools;
use anyhow::{Context, Result};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// Copies a folder, files and folders only.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?
        } else {
            match fs::copy(entry.path(), target) {
                // An agent replaces files while we copy: one that is gone by now was on its way to another name.
                Err(error) if error.kind() == ErrorKind::NotFound && !entry.path().exists() => {}
                copied => copied.map(drop)?,
            }
        }
    }
    Ok(())
}

/// Writes a text, making its folder first.
pub fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a text so that a reader sees all of it or none.
pub fn write_atomically(path: &Path, text: &str) -> Result<()> {
    let temporary = path.with_extension("tmp");
    write(&temporary, text)?;
    fs::rename(&temporary, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Removes a file that may not be there.
pub fn forget(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The last lines of a log.
pub fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(15)).map(|line| format!("    {line}\n")).collect()
}

/// A git call in a repository, untouched by the person's own configuration.
pub fn git(repository: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(repository).args(["-c", "commit.gpgsign=false", "-c", "core.autocrlf=false"]).args(arguments);
    for (name, value) in [("NAME", "Ada Platform"), ("EMAIL", "ada@acme.example")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    tools::stdout(&mut command).map(|text| text.trim().to_owned())
}

/// Makes a repository of a folder's files, with one commit on `main`.
pub fn commit_folder(from: &Path, repository: &Path) -> Result<()> {
    copy(from, repository)?;
    git(repository, &["init", "--quiet", "--initial-branch=main"])?;
    git(repository, &["add", "--all"])?;
    git(repository, &["commit", "--quiet", "--message", "The catalog"])?;
    Ok(())
}
