//! How a command ends.

use std::error::Error;
use std::io::Write;
use std::process::{ExitCode, Termination};

/// What the caller's shell is told. One meaning each, for every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: fine.
    Fine,
    /// 1: findings, or refused.
    Findings,
    /// 2: wrong usage or configuration.
    Usage,
    /// 3: something needed is absent (the other side, a program).
    Absent,
}

impl Exit {
    /// The number itself.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Absent => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.into()
    }
}

/// An error with all its causes, outermost first, as one text: `cannot start: no such key`.
/// Control characters other than the newline are escaped, so that no name or file can write to the terminal.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text.lines().map(crate::telemetry::escape).collect::<Vec<_>>().join("\n")
}

/// Prints an error with its causes to stderr, once, at the edge of the process (for anyhow: `error.as_ref()`).
pub fn print(error: &(dyn Error + 'static)) {
    // Nobody is left to tell when stderr itself is closed.
    let _ = writeln!(std::io::stderr(), "error: {}", chain(error));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Act, FileError};
    use std::path::Path;

    #[test]
    fn every_cause_is_told_once() {
        let error = FileError::new(Act::Read, Path::new("a\u{1b}[31m"), std::io::Error::other("odd"));
        assert_eq!(chain(&error), "cannot read `a\\u{1b}[31m`: the system refused: odd");
    }
}
