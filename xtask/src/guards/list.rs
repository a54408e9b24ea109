//! The list of guards: `e2e/guards.toml`.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// One invariant's guard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guard {
    /// Its number in the list of promises.
    pub(crate) invariant: u32,
    /// The file of the function, from the root.
    pub(crate) file: String,
    /// The function that keeps the promise.
    pub(crate) function: String,
    /// The body that lets everything pass.
    pub(crate) disarmed: String,
    /// The package of the test.
    pub(crate) package: String,
    /// The test's name, as cargo prints it.
    pub(crate) test: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// The invariants that are promised by now. Each needs a guard.
    required: BTreeSet<u32>,
    guard: Vec<Guard>,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {:>2}: {} without `{}`", self.invariant, self.test, self.function)
    }
}

/// Reads the list.
///
/// # Errors
/// It cannot be read, or a required invariant has no guard.
pub(crate) fn read(path: &Path) -> Result<Vec<Guard>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| path.display().to_string())
}

fn parse(text: &str) -> Result<Vec<Guard>> {
    let List { required, guard: guards } = toml::from_str(text).context("this is not a list of guards")?;
    let guarded: BTreeSet<u32> = guards.iter().map(|guard| guard.invariant).collect();
    let without: Vec<String> = required.difference(&guarded).map(u32::to_string).collect();
    if !without.is_empty() {
        bail!("no guard stands for the required invariants {}; give each a [[guard]]", without.join(", "));
    }
    Ok(guards)
}

#[cfg(test)]
mod tests {
    use super::super::disarm;
    use super::*;

    fn list(required: &str) -> String {
        let row = "[[guard]]\ninvariant = 2\nfile = 'a.rs'\nfunction = 'f'\ndisarmed = ''\npackage = 'p'\ntest = 't'\n";
        format!("required = {required}\n{row}")
    }

    #[test]
    fn a_required_invariant_without_a_guard_is_refused() {
        assert_eq!(parse(&list("[2]")).unwrap().len(), 1);
        let refused = parse(&list("[2, 7, 3]")).unwrap_err().to_string();
        assert_eq!(refused, "no guard stands for the required invariants 3, 7; give each a [[guard]]");
    }

    #[test]
    fn a_list_that_requires_nothing_by_name_is_refused() {
        assert!(parse(list("[]").trim_start_matches("required = []")).is_err());
    }

    #[test]
    fn every_invariant_that_is_required_has_its_guard_and_every_guard_its_function() {
        let root = crate::tools::root();
        for guard in read(&root.join("e2e/guards.toml")).unwrap() {
            let text = std::fs::read_to_string(root.join(&guard.file));
            let text = text.unwrap_or_else(|error| panic!("{guard}: {}: {error}", guard.file));
            disarm::body(&text, &guard.function, &guard.disarmed)
                .unwrap_or_else(|error| panic!("{guard}: {}: {error}", guard.file));
        }
    }
}
