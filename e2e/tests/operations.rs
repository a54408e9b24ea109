//! What docs/operations.md says of the configuration files: its examples are valid, and no field is left out.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use writ_e2e::build;
use xtask::lab::{binaries, files};
use xtask::tools;

const PAGE: &str = "docs/operations.md";

fn read(path: &str) -> Result<String> {
    fs::read_to_string(tools::root().join(path)).with_context(|| format!("cannot read {path}"))
}

/// The example of a kind.
fn example(page: &str, kind: &str) -> Result<String> {
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut found = blocks.filter(|block| block.contains(&format!("kind: {kind}\n")));
    found.next().map(str::to_owned).with_context(|| format!("{PAGE} shows no {kind}"))
}

fn accepts(program: &str, kind: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("config.yaml");
    // A spoke's target directory must be there; the page shows what stands in it too.
    let cluster = folder.path().join("cluster");
    files::write(&cluster.join("cluster.yaml"), &example(&read(PAGE)?, "Cluster")?)?;
    let text = example(&read(PAGE)?, kind)?.replace("/srv/cluster", &cluster.display().to_string());
    files::write(&file, &text)?;
    tools::stdout(Command::new(binaries::path(program)?).arg("check-config").arg("--config").arg(&file)).map(drop)
}

#[test]
fn the_examples_are_valid() -> Result<()> {
    build();
    accepts("writ-hub", "HubConfig")?;
    accepts("writ-spoke", "SpokeConfig")
}

/// The fields of the structs `…Spec` in a source, as YAML writes them.
fn fields(path: &str) -> Result<BTreeSet<String>> {
    let text = read(path)?;
    let structs = text.split("\nstruct ").skip(1).filter_map(|rest| rest.split_once("{\n")?.1.split("\n}").next());
    let names = structs.flat_map(str::lines).filter_map(|line| line.trim().split_once(": ")).map(|(name, _)| name);
    let plain = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '#'));
    let fields: BTreeSet<String> = names.filter(plain).map(|name| camel(name.trim_start_matches("r#"))).collect();
    ensure!(fields.contains("data"), "no field `data` found in {path}");
    Ok(fields)
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |word, part| word + &part[..1].to_uppercase() + &part[1..])
}

#[test]
fn every_field_is_described() -> Result<()> {
    let page = read(PAGE)?;
    for path in ["hub/src/config.rs", "spoke-agent/src/config.rs"] {
        for field in fields(path)? {
            let described = page.contains(&format!("| `{field}` |")) || page.contains(&format!(".{field}` |"));
            // A field that only holds others is described by them.
            ensure!(
                described || page.contains(&format!("| `{field}.")),
                "{PAGE} does not describe `{field}` of {path}"
            );
        }
    }
    Ok(())
}
