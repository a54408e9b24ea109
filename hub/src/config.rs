//! The hub's configuration: one YAML file, kind `HubConfig`, fully validated before anything starts.

mod parsed;
mod sense;

use catalog::{Location, RefName, Signers};
use certs::identity::TrustDomain;
use parsed::{HostPort, Parsed};
use policy::diagnostic::Diagnostic;
use policy::document::{self, Doc};
use policy::time::Span;
use schemars::JsonSchema;
use serde::Deserialize;
use service::config::{self, ConfigError, File};
use service::listen::Address;
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
    repository: String,
    #[serde(default = "main_branch")]
    r#ref: Parsed<RefName>,
    #[serde(default = "half_a_minute")]
    interval: Span,
    #[serde(default)]
    known_hosts: Option<PathBuf>,
    #[serde(default)]
    signers: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ListenersSpec {
    spokes: Address,
    people: Address,
    probes: Address,
}

impl Default for ListenersSpec {
    fn default() -> Self {
        let at = |ip, port| Address(SocketAddr::from((ip, port)));
        Self { spokes: at([0, 0, 0, 0], 7443), people: at([0, 0, 0, 0], 7444), probes: at([127, 0, 0, 1], 7445) }
    }
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
    /// Who may sign the first revision; none: whoever can write to the repository.
    pub signers: Option<Signers>,
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

impl HubConfig {
    /// Reads and validates `path`.
    ///
    /// # Errors
    /// Every fault of the file, each in its place.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        config::load(path, |file| {
            document::config(&file.name, &file.text, "HubConfig", |doc, spec| Self::of(doc, spec, file))
        })
    }

    fn of(doc: &Doc, spec: Spec, file: &File) -> Result<Self, Vec<Diagnostic>> {
        let mut found = sense::faults(doc, &spec);
        let data = file.folder_at(doc, "/spec/data", &spec.data).map_err(|fault| found.push(fault));
        let repository = sense::repository(doc, &spec.catalog, file).map_err(|fault| found.push(fault));
        let signers = sense::signers(doc, &spec.catalog, file).map_err(|fault| found.push(fault));
        let (Ok(data), Ok(repository), Ok(signers), true) = (data, repository, signers, found.is_empty()) else {
            found.sort();
            return Err(found);
        };
        Ok(Self {
            data,
            trust_domain: spec.trust_domain.0,
            repository,
            reference: spec.catalog.r#ref.0,
            interval: spec.catalog.interval,
            signers,
            known_hosts: spec.catalog.known_hosts.map(|hosts| file.path(hosts)),
            spokes: spec.listeners.spokes.0,
            people: spec.listeners.people.0,
            probes: spec.listeners.probes.0,
            advertise: spec.advertise.into_iter().map(|address| address.0.to_string()).collect(),
            fresh: spec.fresh,
            leaf: spec.leaf,
        })
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
        HubConfig::load(&file)
            .map_err(|error| service::exit::chain(&error).replace(&folder.path().display().to_string(), "DIR"))
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
    }

    /// The file with this line at its end, or in place of the line of the same field.
    fn with(line: &str) -> String {
        let field = line.split(':').next().unwrap();
        let others = GOOD.lines().filter(|other| !other.starts_with(&format!("  {field}:")));
        others.chain([format!("  {line}").as_str()]).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn what_makes_no_sense_is_told_in_its_place_with_a_remedy() {
        let everywhere = "listeners: {spokes: \"0.0.0.0:7444\", people: \"127.0.0.1:7444\"}";
        let cases = [
            ("listeners: {spokes: \"0.0.0.0:0\"}", "7:23: `advertise` is required", "hub.acme.example"),
            ("data: \"\"", "7:9: an empty text names no folder", "write the path"),
            ("catalog: {repository: \"git@git.acme.example:c\"}", "7:3: missing field `knownHosts`", "host key"),
            ("catalog: {repository: c, interval: 5}", "7:38: expected text", "did you mean `5s`?"),
            ("catalog: {repository: c, interval: 5ms}", "7:38: `5ms` is too short", "at least 100ms"),
            ("catalog: {repository: c, signers: nowhere}", "7:37: `nowhere` lists nobody", "allowed_signers"),
            ("fresh: 0s", "8:10: `0s` is too short", "at least 1s; 10m is the default"),
            ("leaf: 1s", "8:9: `1s` is too short", "at least 2s"),
            (everywhere, "7:47: `people` and `spokes` cannot both listen on port 7444", "a port of its own"),
            ("listeners: {spokes: \"127.0.0.1:7445\"}", "7:23: `probes` and `spokes` cannot both", "its own"),
            ("listeners: {spokes: 7443}", "7:23: expected text", "write `127.0.0.1:7443`"),
            ("listeners: {spokes: localhost}", "7:23: `localhost` is not an address to listen on", ""),
        ];
        for (line, place, remedy) in cases {
            let told = read(&with(line)).unwrap_err();
            assert!(told.contains(&format!("DIR/hub.yaml:{place}")) && told.contains(remedy), "{line}: {told}");
        }
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let told = read(&with("data: \"\"").replace("127.0.0.1:0", "0.0.0.0:0")).unwrap_err();
        assert!(told.contains("an empty text") && told.contains("`advertise` is required"), "{told}");
    }
}
