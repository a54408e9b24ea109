//! A real Kubernetes control plane of a test's own: etcd, kube-apiserver and kube-controller-manager, as processes.
//!
//! Everything stands in a temporary folder and on one reserved port, so that many can run at once. Nothing schedules and
//! there is no node: a Pod stays pending.

mod authority;
mod flags;
mod kubeconfig;
mod port;
mod probe;
mod server;

use super::{binaries, files};
use crate::assets;
use anyhow::{Context, Result};
use authority::{Authority, Identity};
use flags::Site;
use kubeconfig::Kubeconfig;
use port::Port;
use probe::Probe;
use server::Server;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The person who may do everything.
const ADMIN: &str = "admin";

/// What a control plane is made of, in the order of starting: each needs those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The store.
    Etcd,
    /// kube-apiserver.
    Apiserver,
    /// kube-controller-manager: finishes the deletion of namespaces, counts quotas, aggregates cluster roles.
    ControllerManager,
}

impl Part {
    /// All of them, in the order of starting.
    pub const ALL: [Self; 3] = [Self::Etcd, Self::Apiserver, Self::ControllerManager];
}

/// A running control plane. One that is dropped without [`ControlPlane::end`] was left by a failing test: its logs are
/// kept and shown.
pub struct ControlPlane {
    // Servers before the folder they use: fields are dropped in order.
    servers: [Server; 3],
    probe: Probe,
    authority: Authority,
    port: Port,
    folder: TempDir,
    ended: bool,
}

impl ControlPlane {
    /// Starts one, and waits until it is ready and its controllers work.
    ///
    /// # Errors
    /// When the binaries are not built, or a part does not get ready; then with the end of its log.
    pub fn start() -> Result<Self> {
        let binaries = assets::folder()?;
        let folder =
            tempfile::Builder::new().prefix("writ-kube-").tempdir().context("cannot make a temporary folder")?;
        let (port, authority) = (Port::reserve()?, Authority::new()?);
        let site = Site { folder: folder.path(), apiserver: port.address() };
        authority.write(site)?;
        person(&authority, site, flags::CONTROLLERS, None)?;
        let admin = person(&authority, site, ADMIN, Some("system:masters"))?;
        let probe = Probe::new(port.address().into(), &authority, &admin)?;
        let servers = Part::ALL.map(|part| site.server(part, &binaries));
        let mut plane = Self { servers, probe, authority, port, folder, ended: false };
        Part::ALL.into_iter().try_for_each(|part| plane.run(part))?;
        Ok(plane)
    }

    /// The kubeconfig of the administrator, who may do everything.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        kubeconfig::path(self.folder.path(), ADMIN)
    }

    /// Writes the kubeconfig of a user, who may do what RBAC says. A user has at most one group beside
    /// `system:authenticated`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn user(&self, name: &str, group: Option<&str>) -> Result<PathBuf> {
        let site = Site { folder: self.folder.path(), apiserver: self.port.address() };
        person(&self.authority, site, name, group)?;
        Ok(kubeconfig::path(site.folder, name))
    }

    /// Kills a part as a crash would.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self, part: Part) -> Result<()> {
        self.server(part).kill()
    }

    /// Starts a part that does not run, and waits until it and all that need it are ready.
    ///
    /// # Errors
    /// With the end of its log, when it does not get ready.
    pub fn run(&mut self, part: Part) -> Result<()> {
        self.server(part).start()?;
        Part::ALL.into_iter().filter(|other| *other >= part).try_for_each(|other| self.ready(other))
    }

    /// The process id of a part that runs.
    #[must_use]
    pub fn pid(&self, part: Part) -> Option<u32> {
        self.servers.iter().find(|server| server.part == part).and_then(Server::pid)
    }

    /// Its folder, of which every process of it has a path in its command line.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it and removes everything.
    ///
    /// # Errors
    /// When a part had ended by itself.
    pub fn end(mut self) -> Result<()> {
        self.servers.iter_mut().try_for_each(Server::running)?;
        self.ended = true;
        Ok(())
    }

    /// Where the logs are kept when it is dropped without [`ControlPlane::end`]: a folder beside the built binaries.
    ///
    /// # Errors
    /// When this program cannot tell where it stands.
    pub fn kept_logs(&self) -> Result<PathBuf> {
        let name = self.folder.path().file_name().context("a temporary folder has a name")?;
        Ok(binaries::path("control-plane-logs")?.join(name))
    }

    fn keep_logs(&self) -> Result<PathBuf> {
        let kept = self.kept_logs()?;
        std::fs::create_dir_all(&kept)?;
        for server in self.servers.iter().filter(|server| server.log().exists()) {
            std::fs::copy(server.log(), kept.join(server.name()))?;
        }
        Ok(kept)
    }

    fn server(&mut self, part: Part) -> &mut Server {
        let [etcd, apiserver, controllers] = &mut self.servers;
        match part {
            Part::Etcd => etcd,
            Part::Apiserver => apiserver,
            Part::ControllerManager => controllers,
        }
    }

    /// Waits until a part is ready, if it runs.
    fn ready(&mut self, part: Part) -> Result<()> {
        let (probe, socket) = (self.probe.clone(), flags::socket(self.folder.path()));
        self.server(part).until("is ready", || match part {
            Part::Etcd => Ok(UnixStream::connect(&socket).map(drop)?),
            Part::Apiserver => probe.found("/readyz"),
            // Its controllers make this one.
            Part::ControllerManager => probe.found("/api/v1/namespaces/default/serviceaccounts/default"),
        })
    }
}

/// Signs for somebody, and writes the kubeconfig.
fn person(authority: &Authority, site: Site<'_>, name: &str, group: Option<&str>) -> Result<Identity> {
    let identity = authority.client(name, group)?;
    Kubeconfig { server: site.apiserver, authority, user: name, identity: &identity }.write(site.folder)?;
    Ok(identity)
}

impl Drop for ControlPlane {
    #[expect(clippy::print_stderr, reason = "the output of a test, which is shown when it fails")]
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        for server in self.servers.iter().filter(|server| server.log().exists()) {
            eprintln!("the last lines of {}:\n{}", server.name(), files::tail(server.log()));
        }
        match self.keep_logs() {
            Ok(kept) => eprintln!("all of them are kept in {}", kept.display()),
            Err(error) => eprintln!("they could not be kept: {error:#}"),
        }
    }
}
