//! What stands on a spoke's disk, read as it is: nothing of Writ's own code helps here.

use anyhow::{Context, Result, bail};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below a folder.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// The bundle in force is whole: its head names contents that are there, and those name entries that are there, each
/// with the digest it is named by. Gives the sequence; none before the first bundle.
///
/// # Errors
/// When anything is missing or differs.
pub fn whole_bundle(data: &Path) -> Result<Option<u64>> {
    let bundle = data.join("bundle");
    let Ok(envelope) = fs::read(bundle.join("head.dsse.json")) else { return Ok(None) };
    let envelope: Value = serde_json::from_slice(&envelope).context("the head is no JSON")?;
    let payload = envelope.get("payload").and_then(Value::as_str).context("the head has no payload")?;
    let head: Value = serde_json::from_slice(&BASE64_STANDARD.decode(payload)?)?;
    let contents: Value = serde_json::from_slice(&blob(&bundle.join("contents"), digest(&head, "contents")?)?)?;
    for line in contents.get("entries").and_then(Value::as_array).context("contents list entries")? {
        blob(&bundle.join("entries"), digest(line, "digest")?)?;
    }
    Ok(head.get("sequence").and_then(Value::as_u64))
}

fn digest<'a>(of: &'a Value, field: &str) -> Result<&'a str> {
    of.get(field).and_then(Value::as_str).and_then(|text| text.strip_prefix("sha256:")).context("no digest")
}

fn blob(folder: &Path, hex: &str) -> Result<Vec<u8>> {
    let path = folder.join("sha256").join(hex);
    let bytes = fs::read(&path).with_context(|| format!("{} is missing", path.display()))?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found != hex {
        bail!("{} has another digest: {found}", path.display());
    }
    Ok(bytes)
}

/// Every object is whole, and one that carries Writ's label has a row in the inventory.
///
/// # Errors
/// When a file holds no object, or one without a row: that would be an orphan that nothing ever removes.
pub fn no_orphans(directory: &Path) -> Result<()> {
    let rows = inventoried(directory)?;
    for path in files(&directory.join("objects"))? {
        if is_unfinished(&path) {
            continue;
        }
        let torn = || format!("{} holds no object", path.display());
        let object: Value = serde_yaml::from_str(&fs::read_to_string(&path)?).with_context(torn)?;
        object.get("kind").with_context(torn)?;
        if object.pointer("/metadata/labels/writ.dev~1owned").is_none() {
            continue;
        }
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = (text("/kind"), text("/metadata/namespace"), text("/metadata/name"));
        if !rows.contains(&key) {
            bail!("{} is Writ's, and the inventory does not know it", path.display());
        }
    }
    Ok(())
}

/// A file that a killed writer left under a name that no reader takes up.
fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with(".writ-") && name.ends_with(".tmp")
}

fn inventoried(directory: &Path) -> Result<BTreeSet<(String, String, String)>> {
    let path = directory.join("status/inventory.yaml");
    let Ok(text) = fs::read_to_string(&path) else { return Ok(BTreeSet::new()) };
    let inventory: Value = serde_yaml::from_str(&text).with_context(|| format!("{} is torn", path.display()))?;
    let rows = inventory.pointer("/spec/rows").or_else(|| inventory.get("rows")).and_then(Value::as_array);
    let text = |row: &Value, pointer: &str| row.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let key = |row: &Value| (text(row, "/id/kind"), text(row, "/id/namespace"), text(row, "/id/name"));
    Ok(rows.context("an inventory has rows")?.iter().map(key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask::lab::files::write;

    fn cluster(name: &str, text: &str) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let row = "rows: [{id: {kind: ConfigMap, namespace: shop, name: one}}]";
        write(&folder.path().join("status/inventory.yaml"), row)?;
        write(&folder.path().join("objects/shop").join(name), text)?;
        no_orphans(folder.path())
    }

    fn ours(name: &str) -> String {
        format!("kind: ConfigMap\nmetadata: {{name: {name}, namespace: shop, labels: {{writ.dev/owned: 'true'}}}}\n")
    }

    #[test]
    fn an_orphan_is_found() {
        cluster("ConfigMap..one.yaml", &ours("one")).unwrap();
        let error = cluster("ConfigMap..two.yaml", &ours("two")).unwrap_err().to_string();
        assert!(error.ends_with("ConfigMap..two.yaml is Writ's, and the inventory does not know it"), "{error}");
    }

    #[test]
    fn a_file_without_an_object_is_no_cluster() {
        for text in ["kind: [", "", "- 1", "metadata: {}"] {
            let error = cluster("ConfigMap..one.yaml", text).unwrap_err().to_string();
            assert!(error.ends_with("ConfigMap..one.yaml holds no object"), "{text:?}: {error}");
        }
        cluster(".writ-x1.tmp", "kind: [").expect("what was never renamed counts for nobody");
    }
}
