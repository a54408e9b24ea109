//! `bundle/`: the head in force with its contents and entries. The rename of `head.dsse.json`, last, is the only commit
//! point, so a crash at any step leaves the old bundle or the new one.

use super::good::is_named_by;
use crate::files;
use policy::bundle::chain::Chain;
use policy::bundle::contents::Contents;
use policy::bundle::dsse::{Envelope, MAX_ENVELOPE};
use policy::bundle::head::Head;
use policy::bundle::verify::{self, Bundle, MAX_CONTENTS, MAX_ENTRY, VerifyError};
use policy::digest::Digest;
use policy::name::{ClusterName, RuleName};
use service::atomic::{self, Access};
use service::fault::FileError;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Why a cached bundle is not used. Always names the file.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that the head needs is not there.
    #[error("{0} is missing from the cache")]
    Missing(PathBuf),
    /// A file is not what its name says.
    #[error("{0} is corrupt: it does not have the digest that it is named by")]
    Corrupt(PathBuf),
    /// A file is not believed.
    #[error("{path} is refused")]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: VerifyError,
    },
}

/// The folder of the bundle in force.
#[derive(Debug, Clone)]
pub struct Bundles {
    head: PathBuf,
    contents: PathBuf,
    entries: PathBuf,
}

impl Bundles {
    /// The folder under the agent's data.
    #[must_use]
    pub fn under(data: &Path) -> Self {
        let folder = data.join("bundle");
        Self {
            head: folder.join("head.dsse.json"),
            contents: folder.join("contents/sha256"),
            entries: folder.join("entries/sha256"),
        }
    }

    /// The bytes of the stored head, unverified; none before the first.
    ///
    /// # Errors
    /// [`FileError`] when they cannot be read.
    pub fn head(&self) -> Result<Option<Vec<u8>>, FileError> {
        files::read(&self.head, MAX_ENVELOPE)
    }

    /// The names that the stored bundle lists, unverified: for hints to people, and for nothing else. None where there is no
    /// such bundle, or the caller may not read it.
    #[must_use]
    pub fn names(&self) -> Option<BTreeSet<RuleName>> {
        #[derive(serde::Deserialize)]
        struct Named {
            contents: Digest,
        }
        let payload = Envelope::parse(&self.head().ok()??).ok()?.payload().ok()?;
        let Named { contents } = serde_json::from_slice(&payload).ok()?;
        let listed = named(&self.contents.join(contents.hex()), &contents, MAX_CONTENTS).ok()?;
        let listed: Contents = serde_json::from_slice(&listed).ok()?;
        Some(listed.entries.into_iter().map(|line| line.name).collect())
    }

    /// An entry by digest, if it is here and whole.
    #[must_use]
    pub fn entry(&self, digest: &Digest) -> Option<Vec<u8>> {
        let bytes = files::read(&self.entries.join(digest.hex()), MAX_ENTRY).ok().flatten();
        bytes.filter(|bytes| is_named_by(bytes, digest))
    }

    /// Verifies everything again and gives the bundle; none before the first.
    ///
    /// # Errors
    /// [`CacheError`] names the file that is not believed.
    pub fn load(
        &self,
        trust: &Chain,
        audience: &ClusterName,
        watermark: Option<&Head>,
    ) -> Result<Option<Bundle>, CacheError> {
        let Some(head) = self.head()? else { return Ok(None) };
        let refused = |path: PathBuf| move |source| CacheError::Refused { path, source };
        let verified = verify::verify_head(trust, audience, watermark, &head).map_err(refused(self.head.clone()))?;
        let path = self.contents.join(verified.contents.hex());
        let contents = named(&path, &verified.contents, MAX_CONTENTS)?;
        let listed = verify::verify_contents(&verified, &contents).map_err(refused(path))?;
        let entries = self.listed(&listed)?;
        let bundle = verify::verify(trust, audience, watermark, &head, &contents, &entries);
        bundle.map(Some).map_err(refused(self.entries.clone()))
    }

    fn listed(&self, contents: &Contents) -> Result<BTreeMap<Digest, Vec<u8>>, CacheError> {
        let read = |digest: &Digest| Ok((*digest, named(&self.entries.join(digest.hex()), digest, MAX_ENTRY)?));
        contents.entries.iter().map(|line| read(&line.digest)).collect()
    }

    /// Takes up a verified bundle: entries, contents, and last the head.
    ///
    /// # Errors
    /// [`FileError`] when something cannot be written, such as on a full disk; the old bundle stays in force.
    pub fn store(
        &self,
        head: &[u8],
        contents: (Digest, &[u8]),
        entries: &BTreeMap<Digest, Vec<u8>>,
    ) -> Result<(), FileError> {
        files::folder(&self.contents, Access::Owner)?;
        files::folder(&self.entries, Access::Owner)?;
        for (digest, bytes) in entries {
            keep(&self.entries.join(digest.hex()), digest, bytes)?;
        }
        keep(&self.contents.join(contents.0.hex()), &contents.0, contents.1)?;
        atomic::write(&self.head, head, Access::Owner)
    }

    /// Replaces the head alone: same contents, issued anew.
    ///
    /// # Errors
    /// [`FileError`] when it cannot be written; the old head stays.
    pub fn store_head(&self, head: &[u8]) -> Result<(), FileError> {
        atomic::write(&self.head, head, Access::Owner)
    }

    /// Removes what `bundle` does not name, and what a crash left half written.
    ///
    /// # Errors
    /// [`FileError`] when a folder cannot be read or a file not removed.
    pub fn collect(&self, bundle: &Bundle) -> Result<(), FileError> {
        super::collect(&self.contents, &BTreeSet::from([bundle.head().contents]))?;
        let entries = bundle.contents().entries.iter().map(|line| line.digest).collect();
        super::collect(&self.entries, &entries)?;
        self.head.parent().filter(|folder| folder.is_dir()).map_or(Ok(()), atomic::sweep)
    }
}

/// The bytes at `path`, which is named by `digest`.
fn named(path: &Path, digest: &Digest, limit: usize) -> Result<Vec<u8>, CacheError> {
    let bytes = files::read(path, limit)?.ok_or_else(|| CacheError::Missing(path.to_owned()))?;
    if is_named_by(&bytes, digest) { Ok(bytes) } else { Err(CacheError::Corrupt(path.to_owned())) }
}

/// Writes a file that is named by its digest, unless it is there and whole.
fn keep(path: &Path, digest: &Digest, bytes: &[u8]) -> Result<(), FileError> {
    let there = files::read(path, bytes.len()).ok().flatten();
    if there.is_some_and(|there| is_named_by(&there, digest)) {
        return Ok(());
    }
    atomic::write(path, bytes, Access::Owner)
}
