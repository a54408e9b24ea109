//! What is built, and how: everything that the result depends on.

use super::go;
use crate::tools::root;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A Go module that pins programs for the tests.
pub(crate) struct Module {
    /// Its folder in the workspace.
    folder: &'static str,
    /// What is built of it.
    pub(crate) programs: &'static [Program],
    /// How long that takes, for people.
    pub(crate) takes: &'static str,
    /// What is to be done where there is no Go.
    without_go: &'static str,
    /// What the linker is told, by the text of go.mod.
    link: fn(&str) -> Result<String>,
}

/// One program and its package.
pub(crate) struct Program {
    /// Its name as a file.
    pub(crate) name: &'static str,
    /// Its Go package.
    package: &'static str,
    /// The argument that makes it tell its version and end.
    pub(crate) version: &'static [&'static str],
}

/// What control planes are made of. The smallest first: what is wrong with Go or its modules shows at once.
pub(crate) const CONTROL_PLANE: Module = Module {
    folder: "e2e/assets",
    programs: &[
        Program { name: "etcd", package: "go.etcd.io/etcd/server/v3", version: &["--version"] },
        Program { name: "kube-apiserver", package: "k8s.io/kubernetes/cmd/kube-apiserver", version: &["--version"] },
        Program {
            name: "kube-controller-manager",
            package: "k8s.io/kubernetes/cmd/kube-controller-manager",
            version: &["--version"],
        },
        Program { name: "kubectl", package: "k8s.io/kubernetes/cmd/kubectl", version: &["version", "--client"] },
    ],
    takes: "five to ten minutes on two cores",
    without_go: "Go builds kube-apiserver and etcd for the tests. Install Go 1.26 or later (your system's package golang, or \
         https://go.dev/dl/), or let KUBEBUILDER_ASSETS name a folder with etcd, kube-apiserver, \
         kube-controller-manager and kubectl",
    link: tells_version,
};

/// What judges network policies, independently of Writ. A module of its own: it is built with other versions of the
/// libraries of Kubernetes than those of the control plane.
pub(crate) const SIMULATOR: Module = Module {
    folder: "e2e/assets/simulator",
    programs: &[Program {
        name: "cyclonus",
        package: "github.com/mattfenwick/cyclonus/cmd/cyclonus",
        version: &["version"],
    }],
    takes: "one to two minutes on two cores",
    without_go: "Go builds the simulator of network policies for the tests. Install Go 1.26 or later (your system's package \
         golang, or https://go.dev/dl/)",
    link: tells_tag,
};

/// The module of the simulator.
const SIMULATED: &str = "github.com/mattfenwick/cyclonus";

/// No symbols and no debug information; `grpcnotrace` lets the linker drop what nothing calls.
const FLAGS: [&str; 4] = ["build", "-trimpath", "-tags=grpcnotrace", "-buildvcs=false"];

/// How much garbage the compiler may gather, in percent: the usual 100 costs a sixth more time.
const GARBAGE: &str = "400";

/// A module, with Go and the flags that build it.
pub(crate) struct Recipe {
    pub(crate) module: &'static Module,
    folder: PathBuf,
    go: String,
    link: String,
    digest: String,
}

impl Recipe {
    /// The recipe of a module of this workspace, with the Go of this machine.
    ///
    /// # Errors
    /// When Go is missing, or the module cannot be read.
    pub(crate) fn of(module: &'static Module) -> Result<Self> {
        let folder = root().join(module.folder);
        let read =
            |name: &str| fs::read_to_string(folder.join(name)).with_context(|| format!("no {}/{name}", module.folder));
        let (pins, sums) = (read("go.mod")?, read("go.sum")?);
        let go = go::version(&folder).context(module.without_go)?;
        let link = (module.link)(&pins).with_context(|| format!("{}/go.mod", module.folder))?;
        let mut digest = Sha256::new();
        for part in [pins.as_str(), &sums, &go, &FLAGS.join(" "), &link] {
            digest.update(part);
            digest.update([0]);
        }
        let digest = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { module, folder, go, link, digest })
    }

    /// The version of Go.
    pub(crate) fn go(&self) -> &str {
        &self.go
    }

    /// Where everything of the kind is kept.
    ///
    /// # Errors
    /// When no environment variable tells where home is.
    pub(crate) fn store() -> Result<PathBuf> {
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
        Ok(cache
            .context("neither XDG_CACHE_HOME nor HOME is set; one of them tells where to keep builds")?
            .join("writ/assets"))
    }

    /// Where the binaries of this recipe are kept.
    ///
    /// # Errors
    /// As [`Recipe::store`].
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        Ok(Self::store()?.join(&self.digest))
    }

    /// The call that builds one program into `folder`.
    pub(crate) fn call(&self, program: &Program, folder: &std::path::Path) -> Command {
        let mut call = go::command(&self.folder);
        call.env("GOGC", GARBAGE)
            .args(FLAGS)
            .arg("-ldflags")
            .arg(&self.link)
            .arg("-o")
            .arg(folder.join(program.name))
            .arg(program.package);
        call
    }
}

/// The version of a module that a go.mod requires.
fn required<'p>(pins: &'p str, module: &str) -> Option<&'p str> {
    // A comment may follow.
    let version = |line: &'p str| line.trim().strip_prefix(module)?.strip_prefix(' ')?.split_whitespace().next();
    pins.lines().find_map(version)
}

/// The version of Kubernetes that a go.mod requires: its three numbers.
fn kubernetes(pins: &str) -> Option<(&str, &str, &str)> {
    let mut numbers = required(pins, "k8s.io/kubernetes")?.strip_prefix('v')?.split('.');
    Some((numbers.next()?, numbers.next()?, numbers.next()?))
}

/// What the linker is told: without it, the programs would tell version 0.0.0.
fn tells_version(pins: &str) -> Result<String> {
    let (major, minor, patch) = kubernetes(pins).context("it does not require k8s.io/kubernetes vA.B.C")?;
    let version = "-X k8s.io/component-base/version";
    Ok(format!(
        "-s -w {version}.gitVersion=v{major}.{minor}.{patch} {version}.gitMajor={major} {version}.gitMinor={minor}"
    ))
}

/// The same for the simulator.
fn tells_tag(pins: &str) -> Result<String> {
    let tag = required(pins, SIMULATED).with_context(|| format!("it does not require {SIMULATED}"))?;
    Ok(format!("-s -w -X {SIMULATED}/pkg/cli.version={tag}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_kubernetes_is_read_from_the_module() {
        let pins =
            "module m\n\nrequire (\n\tgo.etcd.io/etcd/server/v3 v3.6.8\n\tk8s.io/kubernetes v1.36.3 // indirect\n)\n";
        assert_eq!(kubernetes(pins), Some(("1", "36", "3")));
        assert_eq!(kubernetes("module m\n"), None);
    }

    #[test]
    fn every_program_is_a_tool_of_its_module() {
        for module in [&CONTROL_PLANE, &SIMULATOR] {
            let pins = fs::read_to_string(root().join(module.folder).join("go.mod")).unwrap();
            let (_, tools) = pins.split_once("tool ").unwrap();
            let tools = tools
                .strip_prefix('(')
                .map_or_else(|| tools.lines().next().unwrap(), |several| several.split_once(')').unwrap().0);
            let mut listed: Vec<&str> = tools.split_whitespace().collect();
            let mut built: Vec<&str> = module.programs.iter().map(|program| program.package).collect();
            listed.sort_unstable();
            built.sort_unstable();
            assert_eq!(listed, built);
        }
    }
}
