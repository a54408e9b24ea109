//! The ready file: where the listeners are, once all of them are bound.

use crate::atomic::{self, Access};
use crate::fault::FileError;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// `{"<listener>": "ip:port", …}`, there as long as this value lives.
#[derive(Debug)]
pub struct ReadyFile {
    path: PathBuf,
}

impl ReadyFile {
    /// Writes the file atomically: whoever sees it can connect.
    pub fn write(path: &Path, listeners: &BTreeMap<&str, SocketAddr>) -> Result<Self, FileError> {
        let fields = listeners.iter().map(|(name, address)| ((*name).to_owned(), address.to_string().into()));
        let text = serde_json::Value::Object(fields.collect()).to_string();
        atomic::write(path, text.as_bytes(), Access::Everyone)?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        if let Err(error) = atomic::remove(&self.path) {
            tracing::warn!(error = %error, "the ready file stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_while_the_server_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready.json");
        let listeners = BTreeMap::from([("spokes", SocketAddr::from(([127, 0, 0, 1], 7443)))]);
        let ready = ReadyFile::write(&path, &listeners).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), r#"{"spokes":"127.0.0.1:7443"}"#);
        drop(ready);
        assert!(!path.exists());
    }
}
