//! What stands below every page of help of our programs: an example, and the exit codes.

use crate::exit::Exit;

/// What the codes mean, whatever the command.
pub const EXITS: [(Exit, &str); 4] = [
    (Exit::Fine, "fine"),
    (Exit::Findings, "findings, or refused"),
    (Exit::Usage, "wrong usage or configuration"),
    (Exit::Absent, "something needed is absent"),
];

/// Below the page of one command.
#[must_use]
pub fn below(example: &str, exits: &[(Exit, &str)]) -> String {
    format!("{}\n\n{}", section("Example", [example]), codes(exits))
}

/// A heading, and what stands below it.
#[must_use]
pub fn section<T: AsRef<str>>(heading: &str, lines: impl IntoIterator<Item = T>) -> String {
    lines.into_iter().fold(format!("{heading}:"), |text, line| format!("{text}\n  {}", line.as_ref()))
}

/// What each exit code means.
#[must_use]
pub fn codes(exits: &[(Exit, &str)]) -> String {
    section("Exit codes", exits.iter().map(|(exit, means)| format!("{}  {means}", exit.code())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_and_the_codes() {
        let text = below("writ-hub serve", &[(Exit::Fine, "stopped when asked to"), (Exit::Findings, "failed")]);
        assert_eq!(text, "Example:\n  writ-hub serve\n\nExit codes:\n  0  stopped when asked to\n  1  failed");
    }
}
