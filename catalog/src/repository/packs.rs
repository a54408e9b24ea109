//! Every fetch leaves a pack in the mirror. Once there are many, git gathers them into one.

use super::FetchOptions;
use std::path::Path;
use std::process::{Command, Stdio};

/// More packs than this are gathered.
const MANY: usize = 24;

/// Gathers the packs of a mirror when there are many. Commits that the followed ref has left behind stay. Where there is
/// no program `git`, the packs stay as they are, which costs time and nothing else.
pub(super) fn gather(mirror: &Path, options: &FetchOptions) {
    if count(mirror) <= MANY {
        return;
    }
    let mut git = Command::new(&options.git);
    git.env_clear().env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    git.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    git.arg("--git-dir").arg(mirror).args(["repack", "-a", "-d", "--keep-unreachable", "--quiet"]);
    match git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => tracing::debug!("the mirror's packs are gathered"),
        Ok(status) => tracing::warn!(%status, "the mirror's packs could not be gathered"),
        Err(error) => tracing::debug!(%error, "the mirror's packs stay as they are"),
    }
}

fn count(mirror: &Path) -> usize {
    let packs = std::fs::read_dir(mirror.join("objects/pack")).into_iter().flatten().flatten();
    packs.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "pack")).count()
}
