//! Splitting a Cedar file into its policies, within limits, before Cedar's parser sees any of it.

use super::lines::Lines;
use crate::diagnostic::{Code, Diagnostic};

/// The longest that one policy may be.
const MAX_POLICY_BYTES: usize = 16 << 10;
/// The most policies in a file.
const MAX_POLICIES: usize = 1_000;
/// The deepest that brackets may nest.
const MAX_DEPTH: usize = 64;

/// The text of one policy, from its first token to its semicolon.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) offset: usize,
    pub(super) text: &'a str,
}

/// A file beyond a limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    offset: usize,
    what: &'static str,
}

impl Refused {
    pub(super) fn diagnostic(&self, file: &str, lines: &Lines<'_>) -> Diagnostic {
        Diagnostic::error(Code::TooLarge, file, lines.span(self.offset, 1), self.what)
            .help(format!("a policy may have {MAX_POLICY_BYTES} bytes and nest {MAX_DEPTH} deep; a file may hold {MAX_POLICIES} policies"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Code,
    Text,
    Escape,
    Comment,
}

/// The policies of `text`.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Refused> {
    let mut found = Vec::new();
    let (mut within, mut start, mut depth) = (Within::Code, None, 0_usize);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        within = step(within, *byte, bytes.get(at + 1).copied());
        if within == Within::Comment || (start.is_none() && byte.is_ascii_whitespace()) {
            continue;
        }
        let begin = *start.get_or_insert(at);
        if within == Within::Code {
            depth = nest(depth, *byte);
        }
        if depth > MAX_DEPTH {
            return Err(Refused { offset: at, what: "this Cedar nests too deeply" });
        }
        if within == Within::Code && *byte == b';' {
            take(&mut found, text, begin, at + 1)?;
            (start, depth) = (None, 0);
        }
    }
    if let Some(begin) = start {
        take(&mut found, text, begin, text.len())?;
    }
    Ok(found)
}

fn take<'a>(found: &mut Vec<Piece<'a>>, text: &'a str, begin: usize, end: usize) -> Result<(), Refused> {
    if end - begin > MAX_POLICY_BYTES {
        return Err(Refused { offset: begin, what: "this Cedar policy is too long" });
    }
    if found.len() >= MAX_POLICIES {
        return Err(Refused { offset: begin, what: "this Cedar file holds too many policies" });
    }
    found.extend(text.get(begin..end).map(|text| Piece { offset: begin, text }));
    Ok(())
}

const fn step(within: Within, byte: u8, next: Option<u8>) -> Within {
    match (within, byte) {
        (Within::Comment, b'\n') | (Within::Text, b'"') => Within::Code,
        (Within::Code, b'"') | (Within::Escape, _) => Within::Text,
        (Within::Text, b'\\') => Within::Escape,
        (Within::Code, b'/') if matches!(next, Some(b'/')) => Within::Comment,
        (within, _) => within,
    }
}

const fn nest(depth: usize, byte: u8) -> usize {
    match byte {
        b'(' | b'[' | b'{' => depth + 1,
        b')' | b']' | b'}' => depth.saturating_sub(1),
        _ => depth,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_texts_and_comments_end_nothing() {
        let text = "// a; b\nforbid(\"x;\\\";\") ; // c;\n permit; // end";
        let found: Vec<_> = pieces(text).unwrap().iter().map(|piece| (piece.offset, piece.text)).collect();
        assert_eq!(found, [(8, "forbid(\"x;\\\";\") ;"), (33, "permit;")]);
    }

    #[test]
    fn what_is_not_ended_is_a_piece_too() {
        assert_eq!(pieces("forbid").unwrap(), [Piece { offset: 0, text: "forbid" }]);
        assert_eq!(pieces(" // only a comment").unwrap(), []);
    }

    #[test]
    fn limits_hold() {
        assert!(pieces(&"(".repeat(65)).is_err());
        assert!(pieces(&"a".repeat(MAX_POLICY_BYTES + 1)).is_err());
        assert!(pieces(&"a;".repeat(MAX_POLICIES + 1)).is_err());
    }
}
