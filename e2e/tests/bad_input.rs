//! Wrong input gets a sentence and the right exit code, and nothing is lost.

use anyhow::{Result, bail};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use writ_e2e::build;
use xtask::lab::{binaries, files};
use xtask::tools;

fn call(program: &str, arguments: &[&str], config: &Path) -> Result<(Option<i32>, String)> {
    let mut command = Command::new(binaries::path(program)?);
    let output = tools::output(command.args(arguments).arg("--config").arg(config))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    Ok((output.status.code(), said))
}

/// Expects an exit code and a text, and that nothing panicked.
fn expect(program: &str, arguments: &[&str], config: &Path, code: i32, text: &str) -> Result<()> {
    let (found, said) = call(program, arguments, config)?;
    if found != Some(code) || !said.contains(text) || said.contains("panicked") {
        bail!("{program} {arguments:?} ended with {found:?}, not {code}, or did not say {text:?}:\n{said}");
    }
    Ok(())
}

fn hub_config(folder: &Path, extra: &str) -> Result<std::path::PathBuf> {
    let path = folder.join("hub.yaml");
    files::write(
        &path,
        &format!(
            "apiVersion: writ.dev/v1alpha1\nkind: HubConfig\nspec:\n  data: data\n  trustDomain: acme.example\n  \
             catalog: {{repository: '{}', ref: main}}\n{extra}",
            folder.join("catalog").display()
        ),
    )?;
    Ok(path)
}

const ANY_PORT: &str = "  listeners: {spokes: '127.0.0.1:0', people: '127.0.0.1:0', probes: '127.0.0.1:0'}\n";

#[test]
fn a_wrong_configuration_is_named_by_its_place() -> Result<()> {
    build();
    let folder = tempfile::tempdir()?;
    let config = hub_config(folder.path(), "  listners: {}\n")?;
    expect("writ-hub", &["check-config"], &config, 2, "hub.yaml:7:3")?;
    expect("writ-hub", &["check-config"], &config, 2, "listeners")?;
    let spoke = folder.path().join("spoke.yaml");
    files::write(
        &spoke,
        "apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec:\n  data: data\n  target: {directory: cluster}\n  locl: x\n",
    )?;
    expect("writ-spoke", &["check-config"], &spoke, 2, "spoke.yaml:6:3")
}

/// A spoke's configuration with these lines in its spec, and the rest as it should be.
fn spoke_config(folder: &Path, extra: &str) -> Result<std::path::PathBuf> {
    let path = folder.join("spoke.yaml");
    let text =
        "apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec:\n  data: data\n  target: {directory: cluster}\n";
    files::write(&path, &format!("{text}{extra}"))?;
    Ok(path)
}

const CLUSTER: &str = "apiVersion: writ.dev/v1alpha1\nkind: Cluster\nmetadata: {name: eu-1}\n\
     spec: {facts: {kubernetes: \"1.36\", apis: [v1]}}\n";

#[test]
fn a_hub_that_could_not_run_as_configured_is_told_before_it_starts() -> Result<()> {
    build();
    let folder = tempfile::tempdir()?;
    let refused = |extra: &str, place: &str| {
        let config = hub_config(folder.path(), extra)?;
        expect("writ-hub", &["check-config"], &config, 2, place)?;
        expect("writ-hub", &["check-config"], &config, 2, "help: ")
    };
    refused("  advertise: []\n", "hub.yaml:4:3: `advertise` is required")?;
    refused("  fresh: 10\n", "hub.yaml:7:10: expected text")?;
    let one = "  listeners: {spokes: '127.0.0.1:7000', people: '127.0.0.1:7000'}\n";
    refused(one, "hub.yaml:7:49: `people` and `spokes` cannot both listen on port 7000")?;
    let config = hub_config(folder.path(), ANY_PORT)?;
    let text = fs::read_to_string(&config)?;
    let ssh = text.replace(&folder.path().join("catalog").display().to_string(), "git@git.acme.example:catalog");
    files::write(&config, &ssh)?;
    expect("writ-hub", &["check-config"], &config, 2, "hub.yaml:6:3: missing field `knownHosts`")?;
    files::write(&config, &text.replace("data: data", "data: ''"))?;
    expect("writ-hub", &["check-config"], &config, 2, "hub.yaml:4:9: an empty text names no folder")
}

#[test]
fn a_spoke_that_could_not_run_as_configured_is_told_before_its_join_string_is_used() -> Result<()> {
    build();
    let folder = tempfile::tempdir()?;
    let config = spoke_config(folder.path(), "")?;
    for arguments in [&["check-config"][..], &["run"], &["join", "writ1.x"]] {
        expect("writ-spoke", arguments, &config, 2, "spoke.yaml:5:23: there is no target directory")?;
    }
    let cluster = folder.path().join("cluster/cluster.yaml");
    files::write(&cluster, "nonsense")?;
    expect("writ-spoke", &["check-config"], &config, 2, "cluster.yaml cannot be understood")?;
    fs::remove_file(&cluster)?;
    expect("writ-spoke", &["check-config"], &config, 2, "cluster.yaml: write there what the cluster serves")?;
    files::write(&cluster, CLUSTER)?;
    expect("writ-spoke", &["check-config"], &config, 0, "is valid")?;
    expect("writ-spoke", &["join", "writ1.x"], &config, 2, "the join string is damaged")?;
    expect("writ-spoke", &["run"], &config, 2, "run `writ-spoke join STRING` first")?;
    let config = spoke_config(folder.path(), "  slowScan: 0s\n")?;
    expect("writ-spoke", &["run"], &config, 2, "spoke.yaml:6:13: `0s` is too short")?;
    let config = spoke_config(folder.path(), "  local: 18001\n")?;
    expect("writ-spoke", &["check-config"], &config, 2, "help: write `127.0.0.1:18001`")
}

#[test]
fn what_is_missing_is_said() -> Result<()> {
    build();
    let folder = tempfile::tempdir()?;
    expect("writ-hub", &["serve"], &folder.path().join("none.yaml"), 2, "none.yaml")?;
    let config = hub_config(folder.path(), ANY_PORT)?;
    expect("writ-hub", &["serve"], &config, 2, "init")
}

#[test]
fn init_overwrites_nothing() -> Result<()> {
    build();
    let folder = tempfile::tempdir()?;
    let config = hub_config(folder.path(), ANY_PORT)?;
    expect("writ-hub", &["init"], &config, 0, "")?;
    let key = folder.path().join("data/operator/key.pem");
    let before = fs::read(&key)?;
    expect("writ-hub", &["init"], &config, 1, "data")?;
    if fs::read(&key)? != before {
        bail!("a second init changed the operator's key");
    }
    Ok(())
}

#[test]
fn a_port_in_use_is_said() -> Result<()> {
    build();
    let folder = tempfile::tempdir()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?;
    let listeners = ANY_PORT.replacen("127.0.0.1:0", &address.to_string(), 1);
    files::write(&folder.path().join("catalog/writ.yaml"), "")?;
    let config = hub_config(folder.path(), &listeners)?;
    expect("writ-hub", &["init"], &config, 0, "")?;
    expect("writ-hub", &["serve"], &config, 1, &address.to_string())
}
