//! How each part is started.

use super::Part;
use super::kubeconfig;
use super::server::Server;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};

/// The certificate authority, in the folder.
pub(crate) const AUTHORITY: &str = "ca.pem";
/// The certificate of kube-apiserver.
pub(crate) const CERTIFICATE: &str = "apiserver.pem";
/// Its key.
pub(crate) const KEY: &str = "apiserver.key";
/// The key that signs the tokens of service accounts.
pub(crate) const TOKENS: &str = "tokens.key";
/// The key that verifies them.
pub(crate) const TOKENS_PUBLIC: &str = "tokens.pub";
/// The user that kube-controller-manager is; RBAC knows it by this name.
pub(crate) const CONTROLLERS: &str = "system:kube-controller-manager";

/// Where a control plane stands.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    /// The folder of its files.
    pub(crate) folder: &'a Path,
    /// Where kube-apiserver listens.
    pub(crate) apiserver: SocketAddrV4,
}

/// Where etcd listens: a socket in the folder, so no port and no stranger.
pub(crate) fn socket(folder: &Path) -> PathBuf {
    folder.join("etcd.sock")
}

impl Site<'_> {
    /// One part, not yet running; its program stands in `binaries`.
    pub(crate) fn server(self, part: Part, binaries: &Path) -> Server {
        let (name, flags) = match part {
            Part::Etcd => ("etcd", self.etcd()),
            Part::Apiserver => ("kube-apiserver", self.apiserver()),
            Part::ControllerManager => ("kube-controller-manager", self.controller_manager()),
        };
        Server::new(part, name, binaries, self.folder, &flags)
    }

    fn file(self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn etcd(self) -> Vec<String> {
        vec![
            format!("--data-dir={}", self.file("etcd")),
            format!("--listen-client-urls=unix://{}", self.file("etcd.sock")),
            format!("--listen-peer-urls=unix://{}", self.file("peers.sock")),
            // It may not tell others of a socket, and there are no others to be told.
            "--advertise-client-urls=http://127.0.0.1:0".to_owned(),
            // What a killed process has written is in the system's hands; only a machine that fails would lose it.
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
        ]
    }

    fn apiserver(self) -> Vec<String> {
        vec![
            format!("--etcd-servers=unix://{}", self.file("etcd.sock")),
            format!("--bind-address={}", self.apiserver.ip()),
            format!("--secure-port={}", self.apiserver.port()),
            // The port is held by a socket of the test: see `Port`.
            "--permit-port-sharing".to_owned(),
            // Nobody finds this server through an Endpoints object, which may not name a loopback address.
            format!("--advertise-address={}", self.apiserver.ip()),
            "--endpoint-reconciler-type=none".to_owned(),
            format!("--tls-cert-file={}", self.file(CERTIFICATE)),
            format!("--tls-private-key-file={}", self.file(KEY)),
            format!("--client-ca-file={}", self.file(AUTHORITY)),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-signing-key-file={}", self.file(TOKENS)),
            format!("--service-account-key-file={}", self.file(TOKENS_PUBLIC)),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--enable-admission-plugins=NodeRestriction".to_owned(),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            "--allow-privileged".to_owned(),
        ]
    }

    fn controller_manager(self) -> Vec<String> {
        vec![
            format!("--kubeconfig={}", kubeconfig::path(self.folder, CONTROLLERS).display()),
            format!("--service-account-private-key-file={}", self.file(TOKENS)),
            format!("--root-ca-file={}", self.file(AUTHORITY)),
            "--use-service-account-credentials".to_owned(),
            // Each controller asks for a token of its own first; at the usual pace that takes seconds.
            "--kube-api-qps=1000".to_owned(),
            "--kube-api-burst=1000".to_owned(),
            // There is one of it, and nobody asks it for anything.
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
        ]
    }
}
