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
