//! The list of guards: `e2e/guards.toml`.

use anyhow::{Context, Result};
use serde::Deserialize;
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
    guard: Vec<Guard>,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {:>2}: {} without `{}`", self.invariant, self.test, self.function)
    }
}

/// Reads the list.
pub(crate) fn read(path: &Path) -> Result<Vec<Guard>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let list: List = toml::from_str(&text).with_context(|| format!("{} is not a list of guards", path.display()))?;
    Ok(list.guard)
}
