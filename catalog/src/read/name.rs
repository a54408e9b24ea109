//! Names of files and folders: only those that mean the same file on every system.

use std::borrow::Cow;

/// Bytes of one name, the limit of most file systems.
const LONGEST: usize = 255;

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadName {
    NotUtf8,
    Control,
    Special,
    Traversal,
    GitFolder,
    Device,
    TooLong,
    Trailing,
}

impl BadName {
    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::NotUtf8 => "the name is not UTF-8",
            Self::Control => "the name holds a control character",
            Self::Special => r#"the name holds one of `/ \ : * ? " < > |`, which not every system allows"#,
            Self::Traversal => "the name leads out of the catalog",
            Self::GitFolder => "the name is git's own",
            Self::Device => "the name is a device on some systems",
            Self::TooLong => "the name is longer than 255 bytes",
            Self::Trailing => "the name ends with a dot or a space, which some systems drop",
        }
    }
}

/// The name as text, if it is the same name everywhere.
pub(super) fn check(name: &[u8]) -> Result<&str, BadName> {
    let text = std::str::from_utf8(name).map_err(|_| BadName::NotUtf8)?;
    let bare = text.trim_end_matches(['.', ' ']);
    let faults = [
        (bare.is_empty(), BadName::Traversal),
        (text.chars().any(is_hidden), BadName::Control),
        (text.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']), BadName::Special),
        (is_git(bare), BadName::GitFolder),
        (is_device(bare), BadName::Device),
        (text.len() > LONGEST, BadName::TooLong),
        (bare.len() != text.len(), BadName::Trailing),
    ];
    faults.into_iter().find(|(at_fault, _)| *at_fault).map_or(Ok(text), |(_, fault)| Err(fault))
}

/// Two names with one key are one file on a system that ignores case.
pub(super) fn case_key(name: &str) -> String {
    name.to_lowercase()
}

/// A name of any kind as text that may be printed.
pub(super) fn printable(name: &[u8]) -> String {
    let text: Cow<'_, str> = String::from_utf8_lossy(name);
    text.chars().map(|c| if is_hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// Control characters, and those that are not seen or reorder what is.
fn is_hidden(c: char) -> bool {
    let unseen = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    c.is_control() || unseen
}

fn is_git(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower == ".git" || lower == "git~1"
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = |prefix: &str| stem.strip_prefix(prefix).is_some_and(|n| n.len() == 1 && n.as_bytes() != b"0");
    let port = |prefix: &str| numbered(prefix) && stem.ends_with(|c: char| c.is_ascii_digit());
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$") || port("com") || port("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_pass() {
        for name in ["team-quota.yaml", "é.yaml", "com.yaml", "com10.yaml", "console.yaml", ".github", "lpt.cedar"] {
            assert_eq!(check(name.as_bytes()), Ok(name));
        }
    }

    #[test]
    fn names_that_mean_another_file_somewhere_are_refused() {
        for (name, fault) in [
            (&b".."[..], BadName::Traversal),
            (b".", BadName::Traversal),
            (b"", BadName::Traversal),
            (b"../x", BadName::Special),
            (b"a\\b", BadName::Special),
            (b"a:b", BadName::Special),
            (b"a\nb", BadName::Control),
            ("a\u{202e}b".as_bytes(), BadName::Control),
            (b"\xff", BadName::NotUtf8),
            (b".GIT", BadName::GitFolder),
            (b"git~1", BadName::GitFolder),
            (b"NUL.yaml", BadName::Device),
            (b"com1", BadName::Device),
            (b"aux .yaml", BadName::Device),
            (b"x.", BadName::Trailing),
        ] {
            assert_eq!(check(name), Err(fault), "{}", printable(name));
        }
        assert_eq!(check(&[b'x'; 256]), Err(BadName::TooLong));
    }

    #[test]
    fn what_is_printed_cannot_write_to_a_terminal() {
        assert_eq!(printable(b"a\x1b[2J\xff"), "a\\u{1b}[2J\u{fffd}");
    }
}
