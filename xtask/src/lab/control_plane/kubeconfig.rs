//! Kubeconfig files: whom a client trusts, and who it is.

use super::authority::{Authority, Identity};
use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine};
use std::fs::File;
use std::io::Write;
use std::net::SocketAddrV4;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// One person's way to one cluster.
pub(crate) struct Kubeconfig<'a> {
    /// Where kube-apiserver listens.
    pub(crate) server: SocketAddrV4,
    /// The certificate authority of the cluster.
    pub(crate) authority: &'a Authority,
    /// The person's name.
    pub(crate) user: &'a str,
    /// The person's certificate and key.
    pub(crate) identity: &'a Identity,
}

/// Where the kubeconfig of a user stands. A name such as `system:node:a` is no good file name everywhere.
pub(crate) fn path(folder: &Path, user: &str) -> PathBuf {
    folder.join(format!("{}.kubeconfig", user.replace([':', '/'], "-")))
}

impl Kubeconfig<'_> {
    /// Writes it into `folder`, readable for its owner alone.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        private(&path(folder, self.user), &self.text())
    }

    fn text(&self) -> String {
        let Self { server, authority, user, identity } = self;
        let [authority, certificate, key] =
            [authority.certificate().pem(), identity.certificate.pem(), identity.key.serialize_pem()]
                .map(|pem| BASE64_STANDARD.encode(pem));
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: lab\ncontexts:\n- name: lab\n  \
             context: {{cluster: lab, user: '{user}'}}\nclusters:\n- name: lab\n  cluster:\n    \
             server: https://{server}\n    certificate-authority-data: {authority}\nusers:\n- name: '{user}'\n  \
             user:\n    client-certificate-data: {certificate}\n    client-key-data: {key}\n"
        )
    }
}

/// Writes a text that only its owner may read, in place of one that may stand there.
pub(crate) fn private(path: &Path, text: &str) -> Result<()> {
    let write = || {
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn is_yaml_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new().unwrap();
        let (server, user) = ("127.0.0.1:6443".parse().unwrap(), "system:node:a");
        let identity = authority.client(user, None).unwrap();
        Kubeconfig { server, authority: &authority, user, identity: &identity }.write(folder.path()).unwrap();
        let path = folder.path().join("system-node-a.kubeconfig");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let written: Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(written.pointer("/clusters/0/cluster/server").unwrap(), "https://127.0.0.1:6443");
        assert_eq!(written.pointer("/users/0/name"), written.pointer("/contexts/0/context/user"));
    }
}
