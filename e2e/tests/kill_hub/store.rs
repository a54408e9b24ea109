//! What stands in a hub's store, read as it is: nothing of Writ's own code helps here.

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use tempfile::TempDir;
use xtask::lab::Cast;

/// A copy of the store, so that looking at it does not change what the hub finds when it starts again.
pub(crate) struct Store {
    connection: Connection,
    _folder: TempDir,
}

impl Store {
    pub(crate) fn copied(cast: &Cast) -> Result<Self> {
        let (data, folder) = (cast.hub_home().join("data"), tempfile::tempdir()?);
        for name in ["writ.db", "writ.db-wal"].map(std::path::PathBuf::from) {
            if data.join(&name).is_file() {
                fs::copy(data.join(&name), folder.path().join(&name))?;
            }
        }
        Ok(Self { connection: Connection::open(folder.path().join("writ.db"))?, _folder: folder })
    }

    /// The actions of the audit log with what they were done to, oldest first.
    pub(crate) fn audited(&self) -> Result<Vec<(String, String)>> {
        self.entries()?.iter().map(|entry| Ok((text(entry, "action")?, text(entry, "subject")?))).collect()
    }

    fn entries(&self) -> Result<Vec<Value>> {
        let mut read = self.connection.prepare("SELECT entry FROM audit ORDER BY revision")?;
        let entries = read.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        entries.map(|entry| Ok(serde_json::from_slice(&entry?)?)).collect()
    }

    /// The revision that is published: whole, the same for every cluster, and the last in the audit log.
    pub(crate) fn published(&self) -> Result<String> {
        let pointer = self.record("published/only")?;
        let accepted = pointer.get("accepted").context("no commits")?;
        let revision = text(accepted, "revision")?;
        let fleet: Value = serde_json::from_slice(&self.content(&text(&pointer, "fleet")?)?)?;
        for (name, issued) in fleet.get("clusters").and_then(Value::as_object).context("no clusters")? {
            let at = text(issued, "revision")?;
            ensure!(at == revision, "{name} is at {at}, the fleet at {revision}");
            self.contents(&text(issued, "contents")?).with_context(|| format!("the contents of {name}"))?;
        }
        let entries = self.entries()?;
        let last = entries.iter().rfind(|entry| entry.get("action") == Some(&"publish".into()));
        ensure!(last.and_then(|entry| entry.get("detail")) == Some(&pointer), "the last audit entry tells of another");
        ensure!(self.record("accepted/only")? == *accepted, "another revision is accepted than is published");
        Ok(revision)
    }

    fn contents(&self, digest: &str) -> Result<()> {
        let contents: Value = serde_json::from_slice(&self.content(digest)?)?;
        for line in contents.get("entries").and_then(Value::as_array).context("contents list entries")? {
            self.content(&text(line, "digest")?)?;
        }
        Ok(())
    }

    fn record(&self, key: &str) -> Result<Value> {
        let sql = "SELECT value FROM record WHERE key = ?1 AND value IS NOT NULL";
        let value: Vec<u8> = self.connection.query_row(sql, [key], |row| row.get(0)).context(key.to_owned())?;
        let kept: Value = serde_json::from_slice(&value)?;
        kept.get("record").cloned().context("a record")
    }

    fn content(&self, digest: &str) -> Result<Vec<u8>> {
        let hex = digest.strip_prefix("sha256:").context("no digest")?;
        let sql = "SELECT bytes FROM content WHERE lower(hex(digest)) = ?1";
        let bytes: Option<Vec<u8>> = self.connection.query_row(sql, [hex], |row| row.get(0)).optional()?;
        let bytes = bytes.with_context(|| format!("{digest} is missing"))?;
        let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        ensure!(found == hex, "{digest} has another digest: {found}");
        Ok(bytes)
    }
}

fn text(of: &Value, field: &str) -> Result<String> {
    of.get(field).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("no {field} in {of}"))
}
