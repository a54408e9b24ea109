//! What stands below every page of help: an example, and the exit codes.

use service::exit::Exit;
use service::help::{EXITS, below, codes, section};

/// Below `writ --help`.
pub(crate) fn root() -> String {
    let examples = ["writ catalog check", "writ --hub https://hub.acme.example:7444 --identity ~/operator status"];
    let environment = ["WRIT_HUB, WRIT_IDENTITY  as --hub and --identity", "NO_COLOR                 no colours"];
    let sections = [section("Examples", examples), section("Environment", environment), codes(&EXITS)];
    sections.join("\n\n")
}

/// For a command that needs no hub; `findings` says when it exits with 1.
pub(crate) fn offline(example: &str, findings: &str) -> String {
    let usage = "wrong usage, or a file or folder that cannot be used";
    below(example, &[(Exit::Fine, "fine"), (Exit::Findings, findings), (Exit::Usage, usage)])
}

/// For a command that asks a hub; `refused` says when it exits with 1.
pub(crate) fn online(example: &str, refused: &str) -> String {
    let usage = "wrong usage, or an identity that cannot be used";
    let absent = "the hub does not answer, or something that it needs for this does not";
    let exits = [(Exit::Fine, "fine"), (Exit::Findings, refused), (Exit::Usage, usage), (Exit::Absent, absent)];
    below(example, &exits)
}

#[cfg(test)]
mod tests;
