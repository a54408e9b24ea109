//! Control characters never reach a terminal or a log: names and reasons come from strangers.

use std::fmt::Write;
use std::io;

/// The text with every control character, and every character that reorders text, in its escaped form.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_safe(character) {
            safe.push(character);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(safe, "{}", character.escape_unicode());
        }
    }
    safe
}

fn is_safe(character: char) -> bool {
    let reorders = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !character.is_control() && !reorders
}

/// Escapes what is written, but for the newline at the end of each event.
pub(super) struct Escaping<W>(pub(super) W);

impl<W: io::Write> io::Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        match text.strip_suffix('\n') {
            Some(line) => writeln!(self.0, "{}", escape(line))?,
            None => write!(self.0, "{}", escape(&text))?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn nothing_reaches_the_terminal() {
        assert_eq!(escape("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}");
    }

    #[test]
    fn an_event_stays_one_line() {
        let mut out = Vec::new();
        Escaping(&mut out).write_all(b"one\ntwo\r\n").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "one\\u{a}two\\u{d}\n");
    }
}
