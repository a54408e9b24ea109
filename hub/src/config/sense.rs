//! Values that parse and yet cannot be meant, beside others or at all.

use super::{CatalogSpec, ListenersSpec, Spec};
use catalog::{Location, LocationError, Signers};
use policy::diagnostic::{Code, Diagnostic};
use policy::document::Doc;
use policy::time::Span;
use service::config::{File, at_least};
use std::time::Duration;

/// Everything of the kind.
pub(super) fn faults(doc: &Doc, spec: &Spec) -> Vec<Diagnostic> {
    let spans = [
        ("/spec/fresh", spec.fresh, 1_000, super::ten_minutes()),
        ("/spec/leaf", spec.leaf, 2_000, super::one_day()),
        ("/spec/catalog/interval", spec.catalog.interval, 100, super::half_a_minute()),
    ];
    let spans = spans
        .into_iter()
        .filter_map(|(at, span, least, usual)| at_least(doc, at, span, Span::new(Duration::from_millis(least)), usual));
    spans.chain(advertise(doc, spec)).chain(ports(doc, &spec.listeners)).collect()
}

/// Where the catalog is; what ssh needs for it is there too.
pub(super) fn repository(doc: &Doc, spec: &CatalogSpec, file: &File) -> Result<Location, Diagnostic> {
    let base = std::path::absolute(file.folder()).unwrap_or_else(|_| file.folder().to_owned());
    let wrong = |error: LocationError| doc.error(Code::InvalidValue, "/spec/catalog/repository", error.to_string());
    let location = Location::parse(&spec.repository, &base).map_err(wrong)?;
    if matches!(location, Location::Ssh(_)) && spec.known_hosts.is_none() {
        let message = "missing field `knownHosts`, without which nothing is fetched over ssh";
        let help = "put the host key (compare it with what its owner publishes) into a file, and name that";
        return Err(doc.key_error(Code::MissingField, "/spec/catalog", message).help(help));
    }
    Ok(location)
}

/// Who may sign the first revision.
pub(super) fn signers(doc: &Doc, spec: &CatalogSpec, file: &File) -> Result<Option<Signers>, Diagnostic> {
    let Some(folder) = &spec.signers else { return Ok(None) };
    let shown = folder.display();
    let wrong = |message: String| {
        doc.error(Code::InvalidValue, "/spec/catalog/signers", message)
            .help("name a folder with allowed_signers or openpgp/PERSON.asc, as authority/ of a catalog has them")
    };
    let read = Signers::in_folder(&file.path(folder.clone()));
    let (signers, found) = read.map_err(|error| wrong(format!("`{shown}` cannot be read: {error}")))?;
    match found.first() {
        Some(first) => Err(wrong(format!("`{shown}` has faults, the first at {first}"))),
        None if signers.is_empty() => Err(wrong(format!("`{shown}` lists nobody"))),
        None => Ok(Some(signers)),
    }
}

/// Nobody can dial `0.0.0.0`, so join strings and heads need something else to name.
fn advertise(doc: &Doc, spec: &Spec) -> Option<Diagnostic> {
    let spokes = spec.listeners.spokes.0;
    if !spec.advertise.is_empty() || spokes.ip().is_loopback() {
        return None;
    }
    let message = format!("`advertise` is required where spokes are served on {spokes}");
    let help = "list where spokes find this hub: `advertise: [\"hub.acme.example:7443\"]`";
    Some(doc.error(Code::MissingField, "/spec/listeners/spokes", message).help(help))
}

/// Listeners that take each other's port.
fn ports(doc: &Doc, spec: &ListenersSpec) -> Vec<Diagnostic> {
    let [spokes, people, probes] = [("spokes", spec.spokes), ("people", spec.people), ("probes", spec.probes)];
    let pairs = [(spokes, people), (spokes, probes), (people, probes)];
    let clash = pairs.into_iter().filter(|((_, first), (_, second))| first.excludes(*second));
    let told = clash.map(|((first, address), (second, _))| {
        let at = |name: &str| format!("/spec/listeners/{name}");
        // Of a default and a value that takes its port, the value is what somebody wrote.
        let written = [second, first].map(at).into_iter().find(|at| doc.value.pointer(at).is_some());
        let message = format!("`{second}` and `{first}` cannot both listen on port {}", address.0.port());
        let fault = doc.error(Code::Duplicate, &written.unwrap_or_default(), message);
        fault.help("give each listener a port of its own; 0 takes any free one")
    });
    told.collect()
}
