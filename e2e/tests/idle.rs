//! What has been done is not done again.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use writ_e2e::revisions::{FIRST, arrives};
use writ_e2e::{cast, disk};
use xtask::lab::cast::PATIENCE;
use xtask::wait;

const NAME: &str = "eu-1";

/// Every file of a cluster, with its text and the time of its last write.
fn stand(directory: &Path) -> Result<BTreeMap<PathBuf, (String, SystemTime)>> {
    let read = |path: PathBuf| {
        let written = path.metadata()?.modified()?;
        Ok((path.clone(), (fs::read_to_string(&path)?, written)))
    };
    disk::files(directory)?.into_iter().map(read).collect()
}

#[test]
fn inv28_applying_twice_writes_nothing() -> Result<()> {
    let mut cast = cast(1, &[])?;
    arrives(&cast, NAME, FIRST)?;
    let directory = cast.spoke(NAME)?.directory()?.to_owned();
    // The status follows the objects: wait until both have settled.
    let settled = wait::until("nothing changes any more", PATIENCE, || {
        let before = stand(&directory)?;
        wait::throughout("still settling", Duration::from_millis(700), || {
            (stand(&directory)? == before).then_some(()).context("changed")
        })?;
        Ok(before)
    })?;
    cast.crash_spoke(NAME)?;
    wait::until("the agent has looked again", PATIENCE, || {
        let shown = cast.writ_json(&["cluster", "show", NAME])?;
        shown.pointer("/status/enforced").map(drop).context("no report")
    })?;
    wait::throughout("a second round wrote", Duration::from_secs(2), || {
        (stand(&directory)? == settled).then_some(()).context("changed")
    })
}
