//! The hub's configuration: one YAML file, kind `HubConfig`, fully validated before anything starts.

mod parsed;

use catalog::{Location, LocationError, RefName};
use certs::identity::TrustDomain;
use parsed::{Parsed, RepositoryText};
use policy::document;
use policy::time::Span;
use schemars::JsonSchema;
use serde::Deserialize;
use service::config::{ConfigError, Loaded, load};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the file says.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    data: PathBuf,
    trust_domain: Parsed<TrustDomain>,
    catalog: CatalogSpec,
    #[serde(default)]
    listeners: ListenersSpec,
    #[serde(default)]
    advertise: Vec<Parsed<HostPort>>,
    #[serde(default = "ten_minutes")]
    fresh: Span,
    #[serde(default = "one_day")]
    leaf: Span,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CatalogSpec {
    repository: Parsed<RepositoryText>,
    #[serde(default = "main_branch")]
    r#ref: Parsed<RefName>,
    #[serde(default = "half_a_minute")]
    interval: Span,
    #[serde(default)]
    known_hosts: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ListenersSpec {
    spokes: Parsed<SocketAddr>,
    people: Parsed<SocketAddr>,
    probes: Parsed<SocketAddr>,
}

impl Default for ListenersSpec {
    fn default() -> Self {
        let at = |ip, port| Parsed(SocketAddr::from((ip, port)));
        Self { spokes: at([0, 0, 0, 0], 7443), people: at([0, 0, 0, 0], 7444), probes: at([127, 0, 0, 1], 7445) }
    }
}

/// `host:port`, as spokes dial it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HostPort(String);

/// A text that is not `host:port`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an address; write `host:port`, such as `hub.acme.example:7443`")]
struct NotHostPort(String);

impl std::str::FromStr for HostPort {
    type Err = NotHostPort;

    fn from_str(text: &str) -> Result<Self, NotHostPort> {
        let valid = text.rsplit_once(':').is_some_and(|(host, port)| is_host(host) && port.parse::<u16>().is_ok());
        if valid { Ok(Self(text.to_owned())) } else { Err(NotHostPort(text.escape_debug().to_string())) }
    }
}

fn is_host(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    (1..=253).contains(&host.len()) && host.chars().all(allowed)
}

fn main_branch() -> Parsed<RefName> {
    // `main` names a branch, so this cannot fail; were it to, the file would have to name the ref.
    #[expect(clippy::unwrap_used, reason = "a constant that a test parses too")]
    Parsed("main".parse().unwrap())
}

const fn ten_minutes() -> Span {
    Span::new(Duration::from_secs(600))
}

const fn one_day() -> Span {
    Span::new(Duration::from_secs(86_400))
}

const fn half_a_minute() -> Span {
    Span::new(Duration::from_secs(30))
}

/// A configuration that can be used: paths as this process opens them.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// The data folder.
    pub data: PathBuf,
    /// The trust domain of all identities.
    pub trust_domain: TrustDomain,
    /// Where the catalog is.
    pub repository: Location,
    /// Which ref is followed.
    pub reference: RefName,
    /// How often it is fetched when nobody asks.
    pub interval: Span,
    /// Host keys for ssh.
    pub known_hosts: Option<PathBuf>,
    /// Where spokes are served.
    pub spokes: SocketAddr,
    /// Where people are served.
    pub people: SocketAddr,
    /// Where probes are answered.
    pub probes: SocketAddr,
    /// Where spokes find this hub, `host:port`; empty: the bound address, when that is a loopback one.
    pub advertise: Vec<String>,
    /// How long a head is fresh.
    pub fresh: Span,
    /// How long a leaf certificate lasts.
    pub leaf: Span,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HubConfigError {
    /// The file.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// A value that does not make sense beside others.
    #[error("{file}: {why}")]
    Value {
        /// The file.
        file: PathBuf,
        /// What, and what to do.
        why: String,
    },
    /// The repository.
    #[error("{file}: spec.catalog.repository cannot be used")]
    Repository {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: LocationError,
    },
}

impl HubConfig {
    /// Reads and validates `file`.
    ///
    /// # Errors
    /// Every fault of the file, each in its place.
    pub fn load(file: &Path) -> Result<Self, HubConfigError> {
        let loaded = load(file, |name, text| document::config::<Spec>(name, text, "HubConfig"))?;
        let config = Self::of(file, &loaded)?;
        match config.nonsense() {
            Some(why) => Err(HubConfigError::Value { file: file.to_owned(), why }),
            None => Ok(config),
        }
    }

    fn of(file: &Path, loaded: &Loaded<Spec>) -> Result<Self, HubConfigError> {
        let spec = loaded.value.clone();
        let base = std::path::absolute(&loaded.folder).unwrap_or_else(|_| loaded.folder.clone());
        let wrong = |source| HubConfigError::Repository { file: file.to_owned(), source };
        let repository = Location::parse(&spec.catalog.repository.0.0, &base).map_err(wrong)?;
        Ok(Self {
            data: loaded.path(&spec.data),
            trust_domain: spec.trust_domain.0,
            repository,
            reference: spec.catalog.r#ref.0,
            interval: spec.catalog.interval,
            known_hosts: spec.catalog.known_hosts.map(|hosts| loaded.path(hosts)),
            spokes: spec.listeners.spokes.0,
            people: spec.listeners.people.0,
            probes: spec.listeners.probes.0,
            advertise: spec.advertise.into_iter().map(|address| address.0.0).collect(),
            fresh: spec.fresh,
            leaf: spec.leaf,
        })
    }

    /// The first thing that parses and yet cannot be meant.
    fn nonsense(&self) -> Option<String> {
        let short = |span: Span, least: u64| span.get() < Duration::from_millis(least);
        if self.advertise.is_empty() && !self.spokes.ip().is_loopback() {
            return Some(format!(
                "spec.advertise is required because spokes are served on {}; list where they find this hub, such as \
                 `hub.acme.example:7443`",
                self.spokes
            ));
        }
        if short(self.fresh, 1_000) {
            return Some("spec.fresh must be at least 1s; 10m is the default".to_owned());
        }
        if short(self.leaf, 2_000) {
            return Some("spec.leaf must be at least 2s; 24h is the default".to_owned());
        }
        short(self.interval, 100).then(|| "spec.catalog.interval must be at least 100ms; 30s is the default".to_owned())
    }

    /// What heads and join strings name: as configured, else the bound address.
    #[must_use]
    pub fn hubs(&self, bound: SocketAddr) -> Vec<String> {
        if self.advertise.is_empty() { vec![bound.to_string()] } else { self.advertise.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "apiVersion: writ.dev/v1alpha1
kind: HubConfig
spec:
  data: hub
  trustDomain: acme.example
  catalog: {repository: catalog, ref: main}
  listeners: {spokes: \"127.0.0.1:0\"}
";

    fn read(text: &str) -> Result<HubConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hub.yaml");
        std::fs::write(&file, text).unwrap();
        HubConfig::load(&file).map_err(|error| {
            service::exit::chain(&error).replace(&folder.path().display().to_string(), "DIR").replace("\\n", "\n")
        })
    }

    #[test]
    fn defaults_are_those_of_the_design() {
        let config = read(GOOD).unwrap();
        assert_eq!(config.people, "0.0.0.0:7444".parse().unwrap());
        assert_eq!((config.fresh, config.leaf), ("10m".parse().unwrap(), "24h".parse().unwrap()));
        assert_eq!(config.reference.as_str(), "refs/heads/main");
        assert!(config.data.ends_with("hub") && config.data.is_absolute());
        assert_eq!(config.hubs("127.0.0.1:5".parse().unwrap()), ["127.0.0.1:5"]);
    }

    #[test]
    fn faults_are_told_in_their_place() {
        let unknown = read(&GOOD.replace("trustDomain", "trustDomian")).unwrap_err();
        assert!(unknown.contains("DIR/hub.yaml:5:3") && unknown.contains("trustDomain"), "{unknown}");
        let address = read(&GOOD.replace("127.0.0.1:0", "nowhere")).unwrap_err();
        assert!(address.contains("DIR/hub.yaml:7:"), "{address}");
        let scheme = read(&GOOD.replace("repository: catalog", "repository: \"ext::sh -c x\"")).unwrap_err();
        assert!(scheme.contains("DIR/hub.yaml:6:") && scheme.contains("https, ssh, file"), "{scheme}");
        let advertise = read(&GOOD.replace("127.0.0.1:0", "0.0.0.0:0")).unwrap_err();
        assert!(advertise.contains("spec.advertise is required"), "{advertise}");
    }
}
