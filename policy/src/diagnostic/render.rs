//! Diagnostics as text for people: the source line, a caret below the fault, and the remedy.

use super::{Diagnostic, Severity};
use std::fmt::Write as _;

/// The longest part of a source line that is shown.
const WINDOW: usize = 140;

/// How many of each severity there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
}

impl Counts {
    /// Counts `diagnostics`.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let warnings = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Warning).count();
        Self { errors: diagnostics.len() - warnings, warnings }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |count| if count == 1 { "" } else { "s" };
        let Self { errors, warnings } = *self;
        write!(f, "{errors} error{}, {warnings} warning{}", plural(errors), plural(warnings))
    }
}

/// All of `diagnostics`, a blank line after each; `source` gives the text of a file where it is at hand.
#[must_use]
pub fn render_all<'a>(diagnostics: &[Diagnostic], source: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&render(diagnostic, source(&diagnostic.file)));
        text.push('\n');
    }
    text
}

/// One diagnostic, ending in a line break.
#[must_use]
pub fn render(diagnostic: &Diagnostic, source: Option<&str>) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!("{severity}[{}]: {}\n", diagnostic.code, escape(&diagnostic.message));
    let gutter = " ".repeat(diagnostic.line.to_string().len());
    let _ = writeln!(text, "{gutter}--> {}:{}:{}", escape(&diagnostic.file), diagnostic.line, diagnostic.column);
    if let Some(line) = source.and_then(|source| line_of(source, diagnostic.line)) {
        let (shown, caret) = excerpt(line, diagnostic);
        let _ = writeln!(text, "{gutter} |\n{} | {shown}\n{gutter} | {caret}", diagnostic.line);
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(text, "{gutter} = help: {}", escape(help));
    }
    text
}

fn line_of(source: &str, line: u32) -> Option<&str> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    source.split('\n').nth(index).map(|line| line.trim_end_matches('\r'))
}

/// The part of the line around the fault, and the carets below it.
fn excerpt(line: &str, diagnostic: &Diagnostic) -> (String, String) {
    let wide = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let from = wide(diagnostic.column).saturating_sub(1);
    let cropped = from > WINDOW / 2 && line.chars().nth(WINDOW).is_some();
    let first = if cropped { from - WINDOW / 4 } else { 0 };
    let within = wide(diagnostic.end_column).saturating_sub(wide(diagnostic.column)).max(1);
    let marked = if diagnostic.end_line > diagnostic.line { usize::MAX } else { within };
    let (mut shown, mut blank, mut carets) = (String::new(), 0, 0);
    for (index, character) in line.chars().enumerate().skip(first).take(WINDOW) {
        let piece = escaped(character);
        let width = piece.chars().count();
        shown.push_str(&piece);
        if index < from {
            blank += width;
        } else if index - from < marked {
            carets += width;
        }
    }
    (shown.trim_end().to_owned(), format!("{}{}", " ".repeat(blank), "^".repeat(carets.max(1))))
}

/// Text from outside, safe to show on a terminal: nothing in it moves the cursor, hides, or reorders what stands
/// around it.
#[must_use]
pub fn escape(text: &str) -> String {
    text.chars().map(|character| if character == '\n' { " ".to_owned() } else { escaped(character) }).collect()
}

fn escaped(character: char) -> String {
    match character {
        '\t' => " ".to_owned(),
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}' => character.escape_unicode().to_string(),
        character if character.is_control() => character.escape_unicode().to_string(),
        character => character.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Span};

    fn sample(column: u32, end_column: u32) -> Diagnostic {
        Diagnostic::error(
            Code::UnknownField,
            "a.yaml",
            Span { line: 2, column, end_line: 2, end_column },
            "unknown field `modes`",
        )
        .help("did you mean `mode`?")
    }

    #[test]
    fn shows_line_caret_and_remedy() {
        let text = render(&sample(3, 8), Some("spec:\n  modes: x\n"));
        assert_eq!(
            text,
            "error[UnknownField]: unknown field `modes`\n --> a.yaml:2:3\n  |\n2 |   modes: x\n  |   ^^^^^\n  = help: did you mean `mode`?\n"
        );
    }

    #[test]
    fn nothing_from_outside_drives_the_terminal() {
        let mut diagnostic = sample(7, 8);
        diagnostic.message = "bad \u{1b}[31mname\u{202e}\n".to_owned();
        let text = render(&diagnostic, Some("x\nab\u{1b}[2J\u{7}z\n"));
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text}");
        assert!(text.contains("bad \\u{1b}[31mname\\u{202e}"));
        let caret = text.lines().nth(4).unwrap().find('^').unwrap();
        assert_eq!(text.lines().nth(3).unwrap().find("\\u{7}"), Some(caret));
    }

    #[test]
    fn long_lines_are_cropped_around_the_fault() {
        let line = format!("x\n{}FAULT{}", "a".repeat(5_000), "b".repeat(5_000));
        let text = render(&sample(5_001, 5_006), Some(&line));
        assert!(text.len() < 600 && text.contains("FAULT"), "{text}");
        let carets = text.lines().nth(4).unwrap();
        assert_eq!(carets.find('^'), text.lines().nth(3).unwrap().find("FAULT"));
    }

    #[test]
    fn counts() {
        let warning = Diagnostic::warning(Code::SelectsNothing, "a", Span::START, "m");
        assert_eq!(Counts::of(&[sample(1, 2), warning]).to_string(), "1 error, 1 warning");
    }
}
