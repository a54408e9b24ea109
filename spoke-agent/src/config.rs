//! `SpokeConfig`: everything the agent is told, checked as a whole before anything starts.

use policy::document;
use policy::time::Span;
use schemars::JsonSchema;
use serde::Deserialize;
use service::config::{self, ConfigError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The `spec` of a SpokeConfig.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    /// The agent's own folder: identity, bundle, last good objects.
    data: PathBuf,
    /// Where policy becomes objects.
    target: TargetSpec,
    /// The local listener: probes and status.
    #[serde(default = "local")]
    #[schemars(with = "String")]
    local: SocketAddr,
    /// How often everything is looked at although nothing was heard.
    #[serde(default = "slow_scan")]
    slow_scan: Span,
    /// How long objects stay in a namespace that no longer matches.
    #[serde(default = "linger")]
    linger: Span,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TargetSpec {
    /// A directory of YAML.
    directory: PathBuf,
}

fn local() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9445))
}

const fn slow_scan() -> Span {
    Span::new(Duration::from_secs(600))
}

const fn linger() -> Span {
    Span::new(Duration::from_secs(24 * 3600))
}

/// A checked configuration, with paths that this process can open.
#[derive(Debug, Clone)]
pub struct Config {
    /// The agent's own folder.
    pub data: PathBuf,
    /// The target directory.
    pub directory: PathBuf,
    /// The local listener.
    pub local: SocketAddr,
    /// How often everything is looked at.
    pub slow_scan: Duration,
    /// How long objects linger.
    pub linger: Duration,
}

impl Config {
    /// Loads the file.
    ///
    /// # Errors
    /// [`ConfigError`] with every fault of the file in its place.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let loaded = config::load(path, |file, text| document::config::<Spec>(file, text, "SpokeConfig"))?;
        Ok(Self {
            data: loaded.path(&loaded.value.data),
            directory: loaded.path(&loaded.value.target.directory),
            local: loaded.value.local,
            slow_scan: loaded.value.slow_scan.get(),
            linger: loaded.value.linger.get(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(spec: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spoke.yaml");
        std::fs::write(&path, format!("apiVersion: writ.dev/v1alpha1\nkind: SpokeConfig\nspec:\n{spec}")).unwrap();
        Config::load(&path)
    }

    #[test]
    fn has_defaults_and_paths_relative_to_the_file() {
        let config = load("  data: data\n  target: {directory: /srv/cluster}\n").unwrap();
        assert!(config.data.ends_with("data") && config.data.is_absolute());
        assert_eq!(config.directory, Path::new("/srv/cluster"));
        assert_eq!((config.local.port(), config.slow_scan), (9445, Duration::from_secs(600)));
    }

    #[test]
    fn an_unknown_field_is_named_in_its_place_with_the_nearest_one() {
        let error = load("  data: data\n  target: {directory: c}\n  slowScann: 5m\n").unwrap_err().to_string();
        assert!(error.contains("spoke.yaml:6:3"), "{error}");
        assert!(error.contains("slowScan"), "{error}");
    }
}
