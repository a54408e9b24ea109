//! Replacing the body of one function in a copy of the workspace.

use crate::tools::root;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Where the copy is built: apart from the workspace's own builds, but kept, so that the next run is quick.
pub(crate) fn target() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot tell where this program stands")?;
    let profiles = own.parent().and_then(|profile| profile.parent()).context("this program stands nowhere")?;
    Ok(profiles.join("guards"))
}

/// A copy of all files that git knows or would know, in a temporary folder.
pub(crate) fn copy_of_workspace() -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("writ-guards-").tempdir()?;
    let mut listed = Command::new("git");
    listed.args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]).current_dir(root());
    for name in crate::tools::stdout(&mut listed)?.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root().join(name), folder.path().join(name));
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent)?;
        }
        // A file removed but not yet committed is listed and not there.
        if from.is_file() {
            std::fs::copy(from, to)?;
        }
    }
    Ok(folder)
}

/// The text with the body of `function` replaced.
pub(crate) fn body(text: &str, function: &str, body: &str) -> Result<String> {
    let starts: Vec<usize> = [format!("fn {function}("), format!("fn {function}<")]
        .iter()
        .flat_map(|start| text.match_indices(start.as_str()).map(|(at, _)| at).collect::<Vec<_>>())
        .collect();
    let [start] = starts.as_slice() else {
        bail!("there are {} functions named `{function}`; one is needed", starts.len());
    };
    let (head, rest) = text.split_at(*start);
    let (open, close) = braces(rest).with_context(|| format!("`{function}` has no body"))?;
    let (signature, tail) = (rest.get(..=open).unwrap_or_default(), rest.get(close..).unwrap_or_default());
    Ok(format!("{head}{signature} {body} {tail}"))
}

/// The first block in `text`: where it opens and closes. Knows strings, characters and comments well enough for
/// formatted Rust.
fn braces(text: &str) -> Option<(usize, usize)> {
    let (mut depth, mut open, mut quoted, mut escaped, mut comment) = (0_usize, None, false, false, false);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '\n' => comment = false,
            _ if comment => {}
            _ if quoted => {
                quoted = c != '"' || escaped;
                escaped = c == '\\' && !escaped;
            }
            '"' if before != '\'' => quoted = true,
            '/' if before == '/' => comment = true,
            '{' if before != '\'' => {
                depth += 1;
                open = open.or(Some(at));
            }
            '}' if before != '\'' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some((open?, at));
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_one_body_only() {
        let text = "fn a() -> u8 { 1 }\nfn guard<T>(x: T) -> Result<(), E> {\n    if x { \"}\" } // }\n    Ok(())\n}\nfn b() {}\n";
        let disarmed = body(text, "guard", "Ok(())").unwrap();
        assert_eq!(disarmed, "fn a() -> u8 { 1 }\nfn guard<T>(x: T) -> Result<(), E> { Ok(()) }\nfn b() {}\n");
    }

    #[test]
    fn refuses_a_name_that_is_not_there() {
        assert!(body("fn a() {}", "b", "").is_err());
        assert!(body("fn a() {} fn a() {}", "a", "").is_err());
    }
}
