//! A page for people: lines, pairs and tables. Whatever comes from outside is escaped here, once.

use super::table::Table;
use jiff::Timestamp;
use service::age;
use service::telemetry::escape;

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Fine.
    Good,
    /// Worth a look.
    Warning,
    /// Wrong.
    Bad,
    /// Less important than the rest.
    Quiet,
}

impl Tone {
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "31",
            Self::Quiet => "2",
        }
    }
}

/// Text for people, being laid out.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    colours: bool,
    now: Timestamp,
}

impl Page {
    /// An empty page, read at `now`.
    pub(crate) const fn new(colours: bool, now: Timestamp) -> Self {
        Self { text: String::new(), colours, now }
    }

    /// How long ago, or how soon, seen from the reader.
    pub(crate) fn age(&self, time: Timestamp) -> String {
        age::relative(time, self.now)
    }

    /// One line.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(&escape(line));
        self.text.push('\n');
    }

    /// One line in a colour.
    pub(crate) fn toned(&mut self, tone: Tone, line: &str) {
        let line = self.painted(tone, &escape(line));
        self.text.push_str(&line);
        self.text.push('\n');
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A name and what it stands for, aligned with its neighbours; nothing reads `-`.
    pub(crate) fn pair(&mut self, name: &str, value: &str) {
        let value = if value.is_empty() { "-" } else { value };
        self.line(&format!("{name:<12}{value}"));
    }

    /// A table; where it has no rows, `otherwise`.
    pub(crate) fn table(&mut self, table: &Table, otherwise: &str) {
        if table.is_empty() {
            return self.line(otherwise);
        }
        let mut lines = table.lines();
        if let Some(heading) = lines.next() {
            self.toned(Tone::Quiet, &heading);
        }
        lines.for_each(|line| self.line(&line));
    }

    /// Several lines that are laid out already; the first in a colour.
    pub(crate) fn block(&mut self, tone: Tone, block: &str) {
        for (number, line) in block.lines().enumerate() {
            if number == 0 { self.toned(tone, line) } else { self.line(line) }
        }
    }

    /// The page as text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn painted(&self, tone: Tone, text: &str) -> String {
        if self.colours { format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code()) } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_cannot_colour_the_terminal() {
        for colours in [false, true] {
            let mut page = Page::new(colours, Timestamp::UNIX_EPOCH);
            page.line("a\u{1b}[31mb\nc");
            assert_eq!(page.finish(), "a\\u{1b}[31mb\\u{a}c\n");
        }
    }

    #[test]
    fn colours_are_for_terminals_only() {
        let text = |colours| {
            let mut page = Page::new(colours, Timestamp::UNIX_EPOCH);
            page.toned(Tone::Bad, "error");
            page.finish()
        };
        assert_eq!(text(false), "error\n");
        assert_eq!(text(true), "\u{1b}[31merror\u{1b}[0m\n");
    }
}
