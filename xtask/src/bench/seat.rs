//! One real cluster as a benchmark sees it: a client like any other, and a watch that knows nothing of Writ.

use super::ten::LABEL;
use crate::lab::control_plane::ControlPlane;
use crate::lab::{Cast, kube as kube_lab};
use crate::wait;
use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ServiceAccount};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::config::Kubeconfig;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client, Config, ResourceExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Time since the benchmark began.
pub(crate) type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How many namespaces are made at once.
const AT_ONCE: usize = 16;

/// Namespace and name.
pub(crate) type Place = (String, String);

/// A ConfigMap was seen to change.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// When.
    pub(crate) at: Duration,
    /// Which.
    pub(crate) place: Place,
    /// What it says; none: it is gone.
    pub(crate) value: Option<String>,
}

/// A cluster.
pub(crate) struct Seat {
    /// Its name in the catalog.
    pub(crate) name: String,
    clock: Clock,
    client: Client,
    seen: mpsc::Receiver<Seen>,
    runtime: Runtime,
    plane: ControlPlane,
}

impl Seat {
    /// Starts a control plane, and has a spoke join there.
    pub(crate) fn start(cast: &mut Cast, name: &str, clock: &Clock) -> Result<Self> {
        let plane = ControlPlane::start()?;
        let kubeconfig = plane.kubeconfig();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let client = client(&runtime, &kubeconfig)?;
        let seen = watch(&kubeconfig, clock)?;
        let seat = Self { name: name.to_owned(), clock: Arc::clone(clock), client, seen, runtime, plane };
        seat.namespaces([super::ten::NAMESPACE, "control"], &json!({}))?;
        let agent = kube_lab::install(&seat.plane)?;
        cast.enroll_kube(name, &seat.plane, &agent)?;
        Ok(seat)
    }

    /// Ends the control plane.
    pub(crate) fn end(self) -> Result<()> {
        self.plane.end()
    }

    /// Time since the benchmark began.
    pub(crate) fn now(&self) -> Duration {
        (self.clock)()
    }

    /// Makes namespaces.
    pub(crate) fn namespaces<N: Into<String>>(&self, names: impl IntoIterator<Item = N>, labels: &Value) -> Result<()> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let made = names.into_iter().map(|name| {
            let (name, api): (String, _) = (name.into(), api.clone());
            let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
            async move { api.patch(&name, &manager(), &Patch::Apply(body)).await.map(drop) }
        });
        let made: Vec<_> = made.collect();
        Ok(self.runtime.block_on(futures::stream::iter(made).buffer_unordered(AT_ONCE).try_collect::<()>())?)
    }

    /// Applies ConfigMaps, one after the other, as the simplest client does.
    pub(crate) fn apply(&self, objects: &[Value]) -> Result<()> {
        for object in objects {
            let text = |pointer| object.pointer(pointer).and_then(Value::as_str).context("an object has a name");
            let api = self.config_maps(text("/metadata/namespace")?);
            self.runtime.block_on(api.patch(text("/metadata/name")?, &manager().force(), &Patch::Apply(object)))?;
        }
        Ok(())
    }

    /// Changes a ConfigMap by hand.
    pub(crate) fn edit(&self, (namespace, name): &Place) -> Result<()> {
        let edit = json!({"data": {"value": "edited"}});
        let api = self.config_maps(namespace);
        Ok(self.runtime.block_on(api.patch(name, &PatchParams::default(), &Patch::Merge(edit))).map(drop)?)
    }

    /// Deletes a ConfigMap by hand.
    pub(crate) fn delete(&self, (namespace, name): &Place) -> Result<()> {
        Ok(self.runtime.block_on(self.config_maps(namespace).delete(name, &DeleteParams::default())).map(drop)?)
    }

    /// Waits for the event by which `holds` holds, and gives its time.
    pub(crate) fn until(&self, what: &str, mut holds: impl FnMut(&Seen) -> bool) -> Result<Duration> {
        let began = self.now();
        loop {
            let left = PATIENCE.saturating_sub(self.now().saturating_sub(began));
            match self.seen.recv_timeout(left) {
                Ok(seen) if holds(&seen) => return Ok(seen.at),
                Ok(_) => {}
                Err(_) => bail!("waited {} s in {}: {what}", PATIENCE.as_secs(), self.name),
            }
        }
    }

    /// Waits until all of `places` say `value`, and gives the time of the last event.
    pub(crate) fn until_all_say(&self, value: &str, places: impl IntoIterator<Item = Place>) -> Result<Duration> {
        let mut open: BTreeSet<Place> = places.into_iter().collect();
        self.until(&format!("all say {value}"), |seen| {
            let closes = seen.value.as_deref() == Some(value) && open.remove(&seen.place);
            closes && open.is_empty()
        })
    }

    /// Forgets events that have come, and gives how many those were.
    pub(crate) fn forget_events(&self) -> usize {
        self.seen.try_iter().count()
    }

    /// The versions of all ConfigMaps in the agent's own namespace.
    pub(crate) fn own_versions(&self) -> Result<BTreeMap<String, Option<String>>> {
        let maps = self.runtime.block_on(self.config_maps("writ-system").list_metadata(&ListParams::default()))?;
        Ok(maps.into_iter().map(|map| (map.name_any(), map.resource_version())).collect())
    }

    /// Waits until the control plane has made what every namespace gets of it: many namespaces are much work of its own.
    pub(crate) fn until_namespaces_are_ready(&self) -> Result<()> {
        let maps: Api<ConfigMap> = Api::all(self.client.clone());
        let accounts: Api<ServiceAccount> = Api::all(self.client.clone());
        let named = |name: &str| ListParams::default().fields(&format!("metadata.name={name}"));
        wait::until("every namespace has its certificates and its account", PATIENCE, || {
            let namespaces: Api<Namespace> = Api::all(self.client.clone());
            let all = self.runtime.block_on(namespaces.list_metadata(&ListParams::default()))?.items.len();
            let maps = self.runtime.block_on(maps.list_metadata(&named("kube-root-ca.crt")))?.items.len();
            let accounts = self.runtime.block_on(accounts.list_metadata(&named("default")))?.items.len();
            ensure!(maps >= all && accounts >= all, "{maps} and {accounts} of {all}");
            Ok(())
        })
    }

    /// Lists every object of the benchmark, as a client does that compares them, and gives how many there are.
    pub(crate) fn list(&self) -> Result<usize> {
        let api: Api<ConfigMap> = Api::all(self.client.clone());
        Ok(self.runtime.block_on(api.list(&ListParams::default().labels(LABEL)))?.items.len())
    }

    fn config_maps(&self, namespace: &str) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

fn manager() -> PatchParams {
    PatchParams::apply("bench")
}

fn client(runtime: &Runtime, kubeconfig: &Path) -> Result<Client> {
    let config = Config::try_from(Kubeconfig::read_from(kubeconfig)?)?;
    let _entered = runtime.enter();
    Ok(Client::try_from(config)?)
}

/// Watches from a thread of its own, and tells each change with its time.
fn watch(kubeconfig: &Path, clock: &Clock) -> Result<mpsc::Receiver<Seen>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let api: Api<ConfigMap> = Api::all(client(&runtime, kubeconfig)?);
    let (tell, told) = mpsc::channel();
    let clock = Arc::clone(clock);
    thread::Builder::new().name("watch".to_owned()).spawn(move || {
        runtime.block_on(async {
            let mut events = std::pin::pin!(watcher::watcher(api, watcher::Config::default().labels(LABEL)));
            // Until the cluster has ended, or nobody is told any longer.
            while let Some(Ok(event)) = events.next().await {
                if seen(event, clock()).is_some_and(|seen| tell.send(seen).is_err()) {
                    return;
                }
            }
        });
    })?;
    Ok(told)
}

fn seen(event: Event<ConfigMap>, at: Duration) -> Option<Seen> {
    let place = |map: &ConfigMap| (map.namespace().unwrap_or_default(), map.name_any());
    match event {
        Event::Apply(map) | Event::InitApply(map) => {
            let place = place(&map);
            Some(Seen { at, place, value: map.data.and_then(|mut data| data.remove("value")) })
        }
        Event::Delete(map) => Some(Seen { at, place: place(&map), value: None }),
        Event::Init | Event::InitDone => None,
    }
}
