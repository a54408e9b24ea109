//! Every file of the cache is corrupted in turn, with the hub out of reach.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use writ_e2e::revisions::{FIRST, TELEMETRY, arrives, publish};
use writ_e2e::{cast, disk};
use xtask::lab::cast::PATIENCE;
use xtask::lab::{Cast, cluster};
use xtask::wait;

const NAME: &str = "eu-1";
const ENDPOINT: &str = "https://otel.eu.acme.example";

/// Flips one bit, in another part of each file.
fn flip(path: &Path, part: usize) -> Result<()> {
    let mut bytes = fs::read(path)?;
    let at = bytes.len() * (part % 7) / 7;
    let byte = bytes.get_mut(at).context("an empty file in the cache")?;
    *byte ^= 0x01;
    fs::write(path, bytes)?;
    Ok(())
}

/// Everything that the agent keeps to work without a hub.
fn cached(data: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = disk::files(&data.join("bundle"))?;
    paths.extend(disk::files(&data.join("good"))?);
    paths.push(data.join("time.json"));
    paths.push(data.join("trust.json"));
    Ok(paths)
}

/// The last good state is enforced: what is tampered with is repaired.
fn still_enforced(cast: &Cast) -> Result<()> {
    let file = cluster::file(cast, NAME, TELEMETRY)?;
    let text = fs::read_to_string(&file)?;
    fs::write(&file, text.replace(ENDPOINT, "https://evil.example"))?;
    wait::until("the object is repaired", PATIENCE, || {
        cluster::expect(cast, NAME, TELEMETRY, "/data/endpoint", ENDPOINT)
    })
}

/// Once the hub is back, it gives the trust documents again, and what it publishes is believed.
fn trust_comes_back(cast: &mut Cast, data: &Path) -> Result<()> {
    let path = data.join("trust.json");
    let original = fs::read(&path)?;
    flip(&path, 3)?;
    cast.run_spoke(NAME)?;
    cast.start_hub()?;
    wait::until("the trust documents are there again", PATIENCE, || {
        (fs::read(&path)? == original).then_some(()).context("they are still corrupt")
    })?;
    publish(cast, FIRST, "gzip")?;
    arrives(cast, NAME, "gzip")
}

#[test]
fn inv04_a_corrupt_byte_is_refused_and_named_and_the_last_good_state_stays() -> Result<()> {
    let mut cast = cast(1, &[])?;
    wait::until("the first revision is in force", PATIENCE, || {
        cluster::expect(&cast, NAME, TELEMETRY, "/data/endpoint", ENDPOINT)
    })?;
    // A round is over once it is reported: only then does the inventory on disk call everything ours.
    wait::until("the first round is reported", PATIENCE, || {
        let shown = cast.writ_json(&["cluster", "show", NAME])?;
        shown.pointer("/status/units/Applied").map(drop).context("no report yet")
    })?;
    cast.stop_hub()?;
    let home = cast.spoke(NAME)?.home.clone();
    for (part, path) in cached(&home.join("data"))?.iter().enumerate() {
        let original = fs::read(path)?;
        cast.kill_spoke(NAME)?;
        flip(path, part)?;
        fs::write(home.join("log"), "")?;
        cast.run_spoke(NAME)?;
        still_enforced(&cast).with_context(|| format!("{} is corrupt", path.display()))?;
        let name = path.file_name().and_then(|name| name.to_str()).context("a name")?.to_owned();
        wait::until(&format!("{name} is reported"), PATIENCE, || {
            let told = fs::read_to_string(home.join("cluster/status/enforcement.yaml"))?;
            let told = told + &fs::read_to_string(home.join("log"))?;
            told.contains(&name).then_some(()).context("not a word of it")
        })?;
        cast.kill_spoke(NAME)?;
        fs::write(path, original)?;
    }
    trust_comes_back(&mut cast, &home.join("data"))
}
