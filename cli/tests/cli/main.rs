//! `writ` as people run it: the binary, its output, its exit codes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod catalog;
mod online;
mod town;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What one run of `writ` came to.
struct Run {
    code: i32,
    out: String,
    err: String,
}

/// Runs `writ` in `folder`, without anything of the caller's environment that could change what it does.
fn writ(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
    command.current_dir(folder).args(arguments);
    for name in ["WRIT_HUB", "WRIT_IDENTITY", "NO_COLOR"] {
        command.env_remove(name);
    }
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

/// The catalog of the examples.
fn acme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/acme")
}

/// A new catalog, as `writ catalog init` writes it.
fn starter() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let run = writ(folder.path(), &["catalog", "init", "."]);
    assert_eq!(run.code, 0, "{}", run.err);
    folder
}

/// Replaces a text in a file, which must hold it.
fn edit(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(old), "{old}");
    fs::write(file, text.replace(old, new)).unwrap();
}

#[test]
fn wrong_usage_ends_with_2_and_help_with_0() {
    let here = std::env::temp_dir();
    for arguments in [&["nonsense"][..], &["catalog"], &["cluster", "show", "Not-A-Label"], &["hold", "release", "x"]] {
        let run = writ(&here, arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}: {}", run.err);
    }
    assert_eq!(writ(&here, &["catalog", "check", "--help"]).code, 0);
    assert_eq!(writ(&here, &["--version"]).code, 0);
}

#[test]
fn completions_know_the_verbs() {
    for shell in ["bash", "zsh", "fish"] {
        let run = writ(&std::env::temp_dir(), &["completion", shell]);
        assert_eq!(run.code, 0);
        assert!(run.out.contains("invite") && run.out.contains("render"), "{shell}");
    }
}
