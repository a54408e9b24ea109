//! What stands below every page of help: an example, and the exit codes.

/// Below `writ --help`.
pub(crate) const ROOT: &str = "\
Examples:
  writ catalog check
  writ --hub https://hub.acme.example:7444 --identity ~/operator status

Environment:
  WRIT_HUB, WRIT_IDENTITY  as --hub and --identity
  NO_COLOR                 no colours

Exit codes:
  0  fine
  1  findings, or refused
  2  wrong usage or configuration
  3  something needed is absent";

/// For a command that needs no hub; `findings` says when it exits with 1.
pub(crate) fn offline(example: &str, findings: &str) -> String {
    format!(
        "Example:\n  {example}\n\nExit codes:\n  0  fine\n  1  {findings}\n  2  wrong usage, or a file or folder that cannot be used"
    )
}

/// For a command that asks a hub; `refused` says when it exits with 1.
pub(crate) fn online(example: &str, refused: &str) -> String {
    format!(
        "Example:\n  {example}\n\nExit codes:\n  0  fine\n  1  {refused}\n  2  wrong usage, or an identity that cannot be used\n  \
         3  the hub does not answer"
    )
}

#[cfg(test)]
mod tests;
