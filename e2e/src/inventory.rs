//! What Writ owns in a real cluster: its rows, and what bears its label.

use crate::world::{OWN, World};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, LimitRange, ResourceQuota};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use kube::api::{ListParams, ObjectMeta};
use kube::{Api, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// Kind, namespace and name.
pub type Key = (String, String, String);

/// The rows of the inventory, by object: whether it is claimed, owned or removed.
///
/// # Errors
/// When a page cannot be read.
pub fn rows(world: &World) -> Result<BTreeMap<Key, String>> {
    let pages = world.within::<ConfigMap>(OWN);
    let pages = world.kube.wait(pages.list(&ListParams::default().labels("writ.dev/inventory")))?;
    let data = pages.items.into_iter().filter_map(|page| page.data);
    let texts: Vec<String> = data.filter_map(|mut data| data.remove("rows")).collect();
    texts.iter().flat_map(|text| text.lines()).map(row).collect()
}

fn row(line: &str) -> Result<(Key, String)> {
    let row: Value = serde_json::from_str(line).context("a row is JSON")?;
    let text = |at: &str| row.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(((text("/id/kind"), text("/id/namespace"), text("/id/name")), text("/state/state")))
}

/// Every object of the kinds in use that bears Writ's label.
///
/// # Errors
/// When they cannot be listed.
pub fn labelled(world: &World) -> Result<BTreeSet<Key>> {
    let mut found = BTreeSet::new();
    found.extend(of(world, "ConfigMap", &world.everywhere::<ConfigMap>())?);
    found.extend(of(world, "NetworkPolicy", &world.everywhere::<NetworkPolicy>())?);
    found.extend(of(world, "ResourceQuota", &world.everywhere::<ResourceQuota>())?);
    found.extend(of(world, "LimitRange", &world.everywhere::<LimitRange>())?);
    found.extend(of(world, "PriorityClass", &world.everywhere::<PriorityClass>())?);
    Ok(found)
}

fn of<K>(world: &World, kind: &str, api: &Api<K>) -> Result<BTreeSet<Key>>
where
    K: Clone + DeserializeOwned + Debug + ResourceExt,
{
    let key = |meta: &ObjectMeta| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        (kind.to_owned(), text(&meta.namespace), text(&meta.name))
    };
    let list = world.kube.wait(api.list(&ListParams::default().labels("writ.dev/owned")))?;
    Ok(list.items.iter().map(|object| key(object.meta())).collect())
}

/// Whatever bears Writ's label has a live row, but for `foreign`, which bears it by somebody's mistake.
///
/// # Errors
/// When one has none: nothing would ever remove it.
pub fn no_orphans(world: &World, foreign: &BTreeSet<Key>) -> Result<()> {
    let rows = rows(world)?;
    for key in labelled(world)?.difference(foreign) {
        let live = rows.get(key).is_some_and(|state| state != "removed");
        ensure!(live, "{key:?} stands, and its row is {:?}", rows.get(key));
    }
    Ok(())
}
