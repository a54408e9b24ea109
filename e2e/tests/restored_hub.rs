//! A hub that was restored from a backup sees heads newer than its store, and waits for a person.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::time::Duration;
use writ_e2e::cast;
use writ_e2e::revisions::{FIRST, arrives, publish, stands};
use xtask::lab::cast::PATIENCE;
use xtask::lab::{Cast, files};
use xtask::wait;

const NAME: &str = "eu-1";

/// The digest of the hold that the hub has put itself on.
fn restored_hold(cast: &Cast) -> Result<String> {
    let list = cast.writ_json(&["hold", "list"])?;
    let holds = list.get("items").and_then(Value::as_array).context("a list has items")?;
    let restored = holds.iter().find(|hold| hold.get("reason") == Some(&"Restored".into()));
    let digest = restored.and_then(|hold| hold.get("digest")?.as_str());
    digest.map(str::to_owned).context("no hold for a restored hub")
}

#[test]
fn inv24_a_restored_hub_waits_for_a_person() -> Result<()> {
    let mut cast = cast(1, &[])?;
    arrives(&cast, NAME, FIRST)?;
    let (data, backup) = (cast.hub_home().join("data"), cast.hub_home().join("backup"));
    cast.stop_hub()?;
    files::copy(&data, &backup)?;
    cast.start_hub()?;
    // Two revisions that the backup does not know: the restored hub publishes the newest under a lower number.
    publish(&cast, FIRST, "snappy")?;
    arrives(&cast, NAME, "snappy")?;
    publish(&cast, "snappy", "gzip")?;
    arrives(&cast, NAME, "gzip")?;

    cast.stop_hub()?;
    fs::remove_dir_all(&data)?;
    files::copy(&backup, &data)?;
    cast.start_hub()?;
    let digest = wait::until("the hub notices that it was restored", PATIENCE, || restored_hold(&cast))?;
    let invited = cast.writ(&["cluster", "invite", "eu-2", "--output", "join"]);
    if let Ok(join) = invited {
        let joined = cast.join_elsewhere(join.trim())?;
        if joined.status.success() {
            bail!("a restored hub let a spoke join before a person looked");
        }
    }
    publish(&cast, "gzip", "none")?;
    wait::throughout("a restored hub published", Duration::from_secs(2), || stands(&cast, NAME, "gzip"))?;

    cast.writ(&["hold", "release", &digest])?;
    arrives(&cast, NAME, "none")
}
