//! What is built, and how: everything that the result depends on.

use super::go;
use crate::tools::root;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// One program and its package.
pub(crate) struct Program {
    /// Its name as a file.
    pub(crate) name: &'static str,
    /// Its Go package.
    package: &'static str,
    /// The argument that makes it tell its version and end.
    pub(crate) version: &'static [&'static str],
}

/// The smallest first: what is wrong with Go or its modules shows at once.
pub(crate) const PROGRAMS: [Program; 4] = [
    Program { name: "etcd", package: "go.etcd.io/etcd/server/v3", version: &["--version"] },
    Program { name: "kube-apiserver", package: "k8s.io/kubernetes/cmd/kube-apiserver", version: &["--version"] },
    Program {
        name: "kube-controller-manager",
        package: "k8s.io/kubernetes/cmd/kube-controller-manager",
        version: &["--version"],
    },
    Program { name: "kubectl", package: "k8s.io/kubernetes/cmd/kubectl", version: &["version", "--client"] },
];

/// No symbols and no debug information; `grpcnotrace` lets the linker drop what nothing calls.
const FLAGS: [&str; 4] = ["build", "-trimpath", "-tags=grpcnotrace", "-buildvcs=false"];

/// How much garbage the compiler may gather, in percent: the usual 100 costs a sixth more time.
const GARBAGE: &str = "400";

/// The module that pins their versions, with Go and the flags that build it.
pub(crate) struct Recipe {
    module: PathBuf,
    go: String,
    link: String,
    digest: String,
}

impl Recipe {
    /// The recipe of this workspace, with the Go of this machine.
    ///
    /// # Errors
    /// When Go is missing, or the module cannot be read.
    pub(crate) fn here() -> Result<Self> {
        let module = root().join("e2e/assets");
        let read = |name: &str| fs::read_to_string(module.join(name)).with_context(|| format!("no e2e/assets/{name}"));
        let (pins, sums) = (read("go.mod")?, read("go.sum")?);
        let go = go::version(&module)?;
        let link = link(kubernetes(&pins).context("e2e/assets/go.mod does not require k8s.io/kubernetes vA.B.C")?);
        let mut digest = Sha256::new();
        for part in [pins.as_str(), &sums, &go, &FLAGS.join(" "), &link] {
            digest.update(part);
            digest.update([0]);
        }
        let digest = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { module, go, link, digest })
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
        let mut call = go::command(&self.module);
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

/// The version of Kubernetes that a go.mod requires: its three numbers.
fn kubernetes(pins: &str) -> Option<(&str, &str, &str)> {
    let required = pins.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes v"))?;
    // A comment may follow.
    let mut numbers = required.split_whitespace().next()?.split('.');
    Some((numbers.next()?, numbers.next()?, numbers.next()?))
}

/// What the linker is told: without it, the programs would tell version 0.0.0.
fn link((major, minor, patch): (&str, &str, &str)) -> String {
    let version = "-X k8s.io/component-base/version";
    format!("-s -w {version}.gitVersion=v{major}.{minor}.{patch} {version}.gitMajor={major} {version}.gitMinor={minor}")
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
    fn every_program_is_a_tool_of_the_module() {
        let pins = fs::read_to_string(root().join("e2e/assets/go.mod")).unwrap();
        let tools = pins.split_once("tool (").unwrap().1.split_once(')').unwrap().0;
        let mut listed: Vec<&str> = tools.split_whitespace().collect();
        let mut built: Vec<&str> = PROGRAMS.iter().map(|program| program.package).collect();
        listed.sort_unstable();
        built.sort_unstable();
        assert_eq!(listed, built);
    }
}
