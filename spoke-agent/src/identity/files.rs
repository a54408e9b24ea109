//! `identity/`: key, certificate, and as what and through whom the agent joined. The key is 0600 and never leaves.

use super::IdentityProblem;
use crate::files;
use certs::ca::Chain;
use certs::identity::{SpiffeId, TrustDomain};
use certs::key::LeafKey;
use certs::tls::Identity;
use policy::digest::Digest;
use policy::name::ClusterName;
use serde::{Deserialize, Serialize};
use service::atomic::{self, Access};
use service::fault::FileError;
use std::path::{Path, PathBuf};

const LIMIT: usize = 64 * 1024;

/// As what, and through whom, the agent joined. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Joined {
    /// The cluster it is bound to.
    pub cluster: ClusterName,
    /// Where hubs answered then.
    pub hubs: Vec<String>,
    /// The digest of the token, to know the same join string again.
    pub token: Digest,
    /// The digest of the trust document that the join string pinned: what every chain must begin with.
    pub trust: Digest,
}

/// The files of an identity.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The folder under the agent's data.
    #[must_use]
    pub fn under(data: &Path) -> Self {
        Self { folder: data.join("identity") }
    }

    fn key_path(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    fn certificate_path(&self) -> PathBuf {
        self.folder.join("cert.pem")
    }

    fn joined_path(&self) -> PathBuf {
        self.folder.join("joined.json")
    }

    /// The key; made, and on disk, before anybody hears of it.
    ///
    /// # Errors
    /// [`IdentityProblem`] when it cannot be read, made or written.
    pub fn key_or_new(&self) -> Result<LeafKey, IdentityProblem> {
        atomic::create_folder(&self.folder, Access::Owner)?;
        if self.key_path().exists() {
            return self.key();
        }
        let key = LeafKey::generate()?;
        atomic::create_new(&self.key_path(), key.to_pem().as_bytes(), Access::Owner)?;
        Ok(key)
    }

    /// The key.
    ///
    /// # Errors
    /// [`IdentityProblem`] when it cannot be read.
    pub fn key(&self) -> Result<LeafKey, IdentityProblem> {
        Ok(LeafKey::load(&self.key_path())?)
    }

    /// As what the agent joined; none before it did.
    ///
    /// # Errors
    /// [`IdentityProblem`] when the file cannot be read or understood.
    pub fn joined(&self) -> Result<Option<Joined>, IdentityProblem> {
        let path = self.joined_path();
        let Some(bytes) = files::read(&path, LIMIT)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| IdentityProblem::Corrupt(path))
    }

    /// Key and certificate together, for `cluster`.
    ///
    /// # Errors
    /// [`IdentityProblem`] when one is missing, or they are not of this cluster.
    pub fn identity(&self, cluster: &ClusterName, domain: &TrustDomain) -> Result<Identity, IdentityProblem> {
        if !self.certificate_path().exists() {
            return Err(IdentityProblem::NotJoined(self.folder.clone()));
        }
        let identity = Identity::load(&self.certificate_path(), &self.key_path(), domain)?;
        is_ours(identity, cluster)
    }

    /// Checks a chain that a hub gave against our key and name, and puts it in place of the one before.
    ///
    /// # Errors
    /// [`IdentityProblem`] when it is not for us, or cannot be written; the one before stays.
    pub fn renewed(
        &self,
        chain: &Chain,
        cluster: &ClusterName,
        domain: &TrustDomain,
    ) -> Result<Identity, IdentityProblem> {
        let identity = is_ours(Identity::new(chain, &self.key()?, domain)?, cluster)?;
        atomic::write(&self.certificate_path(), chain.to_pem().as_bytes(), Access::Owner)?;
        Ok(identity)
    }

    /// Remembers as what the agent joined.
    ///
    /// # Errors
    /// [`FileError`] when it cannot be written.
    pub fn remember(&self, joined: &Joined) -> Result<(), FileError> {
        let text = serde_json::json!(joined).to_string();
        atomic::write(&self.joined_path(), text.as_bytes(), Access::Owner)
    }
}

/// A certificate counts only for the very cluster that this agent is.
fn is_ours(identity: Identity, cluster: &ClusterName) -> Result<Identity, IdentityProblem> {
    match identity.leaf().id() {
        SpiffeId::Cluster(name) if name == cluster => Ok(identity),
        other => Err(IdentityProblem::Misdirected(other.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn inv15_the_key_is_on_disk_first_and_for_its_owner_alone() {
        let data = tempfile::tempdir().unwrap();
        let files = Files::under(data.path());
        let key = files.key_or_new().unwrap();
        let mode = std::fs::metadata(files.key_path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(files.key_or_new().unwrap().public().der(), key.public().der());
        assert!(matches!(
            files.identity(&"eu-1".parse().unwrap(), &"acme.example".parse().unwrap()),
            Err(IdentityProblem::NotJoined(_))
        ));
    }
}
