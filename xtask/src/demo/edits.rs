//! What people commit in the demo.

use crate::lab::Cast;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// Replaces a text in a file of the catalog, which must hold it once.
pub fn replace(cast: &Cast, file: &str, old: &str, new: &str) -> Result<()> {
    let path = cast.repository.join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))?;
    if text.matches(old).count() != 1 {
        bail!("{file} holds {old:?} {} times, not once", text.matches(old).count());
    }
    fs::write(&path, text.replace(old, new)).with_context(|| format!("cannot write {file}"))
}

/// Removes every rule; the catalog's own document, its clusters and parameters stay.
pub(crate) fn remove_all_rules(cast: &Cast) -> Result<()> {
    for folder in ["intents", "guardrails", "rulesets", "regions"] {
        remove_folder(&cast.repository.join(folder))?;
    }
    Ok(())
}

fn remove_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
