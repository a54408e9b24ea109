//! A cluster as a directory: reading what stands in it.

use crate::lab::Cast;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every object of a cluster: path below `objects/`, and text.
pub fn objects(cast: &Cast, cluster: &str) -> Result<BTreeMap<PathBuf, String>> {
    let root = cast.spoke(cluster)?.directory.join("objects");
    let mut found = BTreeMap::new();
    for folder in std::fs::read_dir(&root)? {
        let folder = folder?.path();
        for file in std::fs::read_dir(&folder)? {
            let path = file?.path();
            // The agent replaces files while we look: one that is gone by now is simply not there.
            if let Ok(text) = std::fs::read_to_string(&path) {
                found.insert(path.strip_prefix(&root)?.to_owned(), text);
            }
        }
    }
    Ok(found)
}

/// One object, parsed.
pub fn object(cast: &Cast, cluster: &str, path: &str) -> Result<Value> {
    parse(&file(cast, cluster, path)?)
}

/// Where one object stands.
pub fn file(cast: &Cast, cluster: &str, path: &str) -> Result<PathBuf> {
    Ok(cast.spoke(cluster)?.directory.join("objects").join(path))
}

fn parse(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} is not there", path.display()))?;
    serde_yaml::from_str(&text).with_context(|| format!("{} is not YAML", path.display()))
}

/// The text at a JSON pointer of one object.
pub fn text(cast: &Cast, cluster: &str, path: &str, pointer: &str) -> Result<String> {
    let object = object(cast, cluster, path)?;
    let value = object.pointer(pointer).with_context(|| format!("{path} of {cluster} has no {pointer}"))?;
    Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Fails unless one object says what it should.
pub fn expect(cast: &Cast, cluster: &str, path: &str, pointer: &str, wanted: &str) -> Result<()> {
    let found = text(cast, cluster, path, pointer)?;
    if found != wanted {
        bail!("{path} of {cluster} says {found:?} at {pointer}, not {wanted:?}");
    }
    Ok(())
}
