//! What the API server serves: where the objects of each kind are read and written.

use super::fault::Fault;
use super::rest::Rest;
use kube::core::discovery::v2::{APIGroupDiscovery, APIGroupDiscoveryList, APIVersionDiscovery};
use policy::facts::Capabilities;
use policy::name::Namespace;
use policy::object::{ApiVersion, ObjectId};
use std::collections::BTreeMap;

/// A kind in one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) api: ApiVersion,
    pub(super) kind: String,
}

/// Where its objects stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) kind: Kind,
    pub(super) plural: String,
    pub(super) namespaced: bool,
}

/// Everything that is served.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Served {
    pub(super) capabilities: Capabilities,
    resources: BTreeMap<Kind, Resource>,
    /// API versions that the server itself could not ask about.
    pub(super) stale: Vec<ApiVersion>,
}

/// Where the objects of a kind can be looked at.
#[derive(Debug, PartialEq)]
pub(super) enum Lookup<'a> {
    /// There, in this version or in another: an object is in all of them.
    At(&'a Resource),
    /// It is not served, so there are none.
    Nowhere,
    /// A server behind the API server answers for its group, and cannot be asked.
    Unknown,
}

impl Kind {
    /// The kind of an object in `api`.
    pub(super) fn of(id: &ObjectId, api: &ApiVersion) -> Self {
        Self { api: api.clone(), kind: id.kind.clone() }
    }
}

impl Resource {
    /// The path of its objects in `namespace`, of all where there is none.
    pub(super) fn path(&self, namespace: Option<&Namespace>) -> String {
        let ApiVersion { group, version } = &self.kind.api;
        let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        match namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }
}

impl Served {
    /// Asks the server. What it could not ask about itself stays as `before` has it: a failed discovery takes nothing
    /// away.
    pub(super) async fn discover(rest: &Rest, before: &Self) -> Result<Self, Fault> {
        let version: k8s_openapi::apimachinery::pkg::version::Info = rest.get_as("/version").await?;
        let core = rest.discovery("/api").await?;
        let groups = rest.discovery("/apis").await?;
        let minor: String = version.minor.chars().take_while(char::is_ascii_digit).collect();
        let mut served = Self::default();
        served.capabilities.kubernetes = format!("{}.{minor}", version.major);
        for (list, is_core) in [(core, true), (groups, false)] {
            served.take(list, is_core);
        }
        served.keep_stale(before);
        Ok(served)
    }

    fn take(&mut self, list: APIGroupDiscoveryList, is_core: bool) {
        for APIGroupDiscovery { metadata, versions } in list.items {
            let group = if is_core { String::new() } else { metadata.and_then(|m| m.name).unwrap_or_default() };
            for version in versions {
                self.version(&group, version);
            }
        }
    }

    fn version(&mut self, group: &str, found: APIVersionDiscovery) {
        let api = ApiVersion { group: group.to_owned(), version: found.version.unwrap_or_default() };
        if found.freshness.as_deref() == Some("Stale") {
            self.stale.push(api.clone());
        }
        if !(api.group.is_empty() && api.version == "v1") {
            self.capabilities.apis.insert(api.clone());
        }
        for resource in found.resources {
            let kind = resource.response_kind.and_then(|kind| kind.kind);
            let (Some(kind), Some(plural)) = (kind, resource.resource) else { continue };
            let (kind, namespaced) = (Kind { api: api.clone(), kind }, resource.scope.as_deref() == Some("Namespaced"));
            self.resources.entry(kind.clone()).or_insert(Resource { kind, plural, namespaced });
        }
    }

    fn keep_stale(&mut self, before: &Self) {
        for api in &self.stale {
            if before.capabilities.serves(api) {
                self.capabilities.apis.insert(api.clone());
            }
            for (kind, resource) in before.resources.iter().filter(|(kind, _)| kind.api == *api) {
                self.resources.entry(kind.clone()).or_insert_with(|| resource.clone());
            }
        }
    }

    /// Where the objects of a kind stand, in whatever version.
    pub(super) fn of_group(&self, group: &str, kind: &str) -> Option<&Resource> {
        self.resources.values().find(|resource| resource.kind.api.group == group && resource.kind.kind == kind)
    }

    /// Where the objects of a kind can be looked at. A version that is no longer served ends no object.
    pub(super) fn lookup(&self, kind: &Kind) -> Lookup<'_> {
        let found = self.resource(kind).or_else(|| self.of_group(&kind.api.group, &kind.kind));
        match found {
            Some(resource) => Lookup::At(resource),
            None if self.stale.iter().any(|api| api.group == kind.api.group) => Lookup::Unknown,
            None => Lookup::Nowhere,
        }
    }

    /// Where the objects of a kind stand; none where it is not served.
    pub(super) fn resource(&self, kind: &Kind) -> Option<&Resource> {
        self.resources.get(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn groups(freshness: &str, resources: &serde_json::Value) -> APIGroupDiscoveryList {
        serde_json::from_value(json!({"items": [{"metadata": {"name": "example.com"}, "versions": [
            {"version": "v1", "freshness": freshness, "resources": resources}]}]}))
        .unwrap()
    }

    fn widgets() -> serde_json::Value {
        json!([{"resource": "widgets", "scope": "Namespaced",
            "responseKind": {"group": "example.com", "version": "v1", "kind": "Widget"}}])
    }

    #[test]
    fn what_a_failed_discovery_does_not_tell_stays_as_it_was() {
        let (mut before, mut after) = (Served::default(), Served::default());
        before.take(groups("Current", &widgets()), false);
        let kind = Kind { api: "example.com/v1".to_owned().into(), kind: "Widget".into() };
        let resource = before.resource(&kind).unwrap();
        assert_eq!(resource.path(Some(&"shop".parse().unwrap())), "/apis/example.com/v1/namespaces/shop/widgets");
        after.take(groups("Stale", &json!([])), false);
        after.keep_stale(&before);
        assert_eq!(after.resource(&kind), Some(resource));
        assert!(after.capabilities.serves(&kind.api));
    }

    #[test]
    fn inv32_a_version_that_is_no_longer_served_or_cannot_be_asked_about_ends_no_object() {
        let kind = |version: &str| Kind { api: format!("example.com/{version}").into(), kind: "Widget".into() };
        let mut served = Served::default();
        assert_eq!(served.lookup(&kind("v1")), Lookup::Nowhere);
        served.take(groups("Current", &widgets()), false);
        assert_eq!(served.lookup(&kind("v1alpha1")), Lookup::At(served.resource(&kind("v1")).unwrap()));
        let mut after_a_restart = Served::default();
        after_a_restart.take(groups("Stale", &json!([])), false);
        assert_eq!(after_a_restart.lookup(&kind("v1")), Lookup::Unknown);
    }
}
