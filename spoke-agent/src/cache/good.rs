//! `good/`: the last good objects, by digest. What is enforced can be repaired from here without any bundle.

use crate::blocking;
use crate::files;
use policy::canonical::{self, NotCanonical};
use policy::digest::Digest;
use policy::object::Object;
use service::atomic::{self, Access};
use service::fault::FileError;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// An object is never larger than this in canonical form.
const LIMIT: usize = 4 << 20;

/// The folder of last good objects.
#[derive(Debug, Clone)]
pub struct Good {
    folder: PathBuf,
}

/// Why a last good object cannot be used or kept.
#[derive(Debug, thiserror::Error)]
pub enum GoodError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not what its name says.
    #[error("{0} does not have the digest that it is named by, and is not used")]
    Corrupt(PathBuf),
    /// It is not there.
    #[error("{0} is missing")]
    Missing(PathBuf),
    /// It has no byte form.
    #[error("an object cannot be kept")]
    Unkept(#[from] NotCanonical),
}

impl Good {
    /// The folder under the agent's data.
    #[must_use]
    pub fn under(data: &Path) -> Self {
        Self { folder: data.join("good/sha256") }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }

    /// Keeps `object`; what is there already is not written again.
    ///
    /// # Errors
    /// [`GoodError`] when it cannot be written.
    pub fn put(&self, object: &Object) -> Result<Digest, GoodError> {
        let bytes = canonical::to_vec(object.tree())?;
        let digest = Digest::of(&bytes);
        if self.get(&digest).is_err() {
            files::folder(&self.folder, Access::Owner)?;
            atomic::write(&self.path(&digest), &bytes, Access::Owner)?;
        }
        Ok(digest)
    }

    /// The same, on a thread that may block: many at once are durable in little more time than one.
    ///
    /// # Errors
    /// As [`Good::put`].
    pub async fn keep(&self, object: &Object) -> Result<Digest, GoodError> {
        let (good, object) = (self.clone(), object.clone());
        blocking::run(move || good.put(&object)).await
    }

    /// Whether there is no such copy; one that is not what its name says is there.
    #[must_use]
    pub fn is_missing(&self, digest: &Digest) -> bool {
        !self.path(digest).exists()
    }

    /// The object of that digest, checked against it.
    ///
    /// # Errors
    /// [`GoodError`] when it is missing, unreadable or not what its name says.
    pub fn get(&self, digest: &Digest) -> Result<Object, GoodError> {
        let path = self.path(digest);
        let bytes = files::read(&path, LIMIT)?.ok_or_else(|| GoodError::Missing(path.clone()))?;
        if !is_named_by(&bytes, digest) {
            return Err(GoodError::Corrupt(path));
        }
        serde_json::from_slice(&bytes).map_err(|_| GoodError::Corrupt(path))
    }

    /// Removes what is not `named`.
    ///
    /// # Errors
    /// [`FileError`] when the folder cannot be read or a file not removed.
    pub fn collect(&self, named: &BTreeSet<Digest>) -> Result<(), FileError> {
        super::collect(&self.folder, named)
    }
}

/// Invariant 4: bytes count only under their own digest.
pub(super) fn is_named_by(bytes: &[u8], digest: &Digest) -> bool {
    Digest::of(bytes) == *digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: &str) -> Object {
        let tree = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "b"}, "data": {"k": value}});
        Object::try_from(tree).unwrap()
    }

    #[test]
    fn inv04_a_changed_copy_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let good = Good::under(dir.path());
        let digest = good.put(&object("v")).unwrap();
        assert_eq!(good.get(&digest).unwrap(), object("v"));
        let bytes = std::fs::read(good.path(&digest)).unwrap();
        std::fs::write(good.path(&digest), String::from_utf8(bytes).unwrap().replace("\"v\"", "\"w\"")).unwrap();
        assert!(matches!(good.get(&digest), Err(GoodError::Corrupt(_))));
        assert_eq!(good.put(&object("v")).unwrap(), digest);
        assert_eq!(good.get(&digest).unwrap(), object("v"));
    }

    #[test]
    fn collects_what_nobody_names() {
        let dir = tempfile::tempdir().unwrap();
        let good = Good::under(dir.path());
        let (kept, gone) = (good.put(&object("v")).unwrap(), good.put(&object("w")).unwrap());
        good.collect(&BTreeSet::from([kept])).unwrap();
        assert!(good.get(&kept).is_ok());
        assert!(matches!(good.get(&gone), Err(GoodError::Missing(_))));
    }
}
