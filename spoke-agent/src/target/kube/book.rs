//! The inventory in the cluster: ConfigMaps of the agent's own namespace, a page of rows in each.

use super::rest::{Ask, Rest};
use crate::target::TargetError;
use futures::{StreamExt as _, TryStreamExt as _};
use http::{Method, StatusCode};
use policy::digest::Digest;
use policy::name::Namespace;
use policy::object::ObjectId;
use policy::plan::inventory::{Inventory, Row};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Every page bears it.
const LABEL: &str = "writ.dev/inventory";
/// The most rows of a page: a ConfigMap holds a mebibyte, and a row some four hundred bytes.
const ROWS: usize = 500;
/// How many pages are written at once.
const AT_ONCE: usize = 4;

/// One ConfigMap.
#[derive(Debug, Clone, Default)]
struct Page {
    /// Its version in the cluster; none where it is not there yet.
    version: Option<String>,
    /// What stands in it there.
    written: BTreeMap<ObjectId, Row>,
    /// What shall.
    rows: BTreeMap<ObjectId, Row>,
}

/// All rows. A row stays on the page that it began on.
#[derive(Debug)]
pub(super) struct Book {
    namespace: Namespace,
    pages: BTreeMap<usize, Page>,
}

impl Book {
    /// Reads all pages.
    pub(super) async fn read(rest: &Rest, namespace: &Namespace) -> Result<Self, TargetError> {
        let mut book = Self { namespace: namespace.clone(), pages: BTreeMap::new() };
        book.reread(rest).await?;
        Ok(book)
    }

    /// Reads all pages again, as when another agent has written one.
    pub(super) async fn reread(&mut self, rest: &Rest) -> Result<(), TargetError> {
        let path = format!("/api/v1/namespaces/{}/configmaps?labelSelector={LABEL}", self.namespace);
        let list = rest.get(&Ask::get(path)).await?.unwrap_or_default();
        let maps = list.get("items").and_then(Value::as_array).into_iter().flatten();
        self.pages = maps.map(|map| self.page(map)).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Removes all pages as they were read or written last, and with them everything that was ours.
    pub(super) async fn give_up(&mut self, rest: &Rest) -> Result<(), TargetError> {
        for (number, page) in std::mem::take(&mut self.pages) {
            let path = format!("/api/v1/namespaces/{}/configmaps/writ-inventory-{number}", self.namespace);
            let preconditions = json!({"resourceVersion": page.version});
            let body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions});
            match rest.ask(&Ask::send(Method::DELETE, path, &body)).await {
                Err(fault) if !fault.is(StatusCode::NOT_FOUND) => return Err(fault.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn page(&self, map: &Value) -> Result<(usize, Page), TargetError> {
        let text = |pointer: &str| map.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let name = text("/metadata/name");
        let place = format!("ConfigMap {}/{name}", self.namespace);
        let corrupt = |why: String| TargetError::Corrupt(place.clone().into(), why);
        let number = name.rsplit_once('-').and_then(|(_, number)| number.parse().ok());
        let number = number.ok_or_else(|| corrupt("its name ends in no number".to_owned()))?;
        let rows: Vec<Row> = text("/data/rows")
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .map_err(|e| corrupt(e.to_string()))?;
        let rows: BTreeMap<_, _> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let version = Some(text("/metadata/resourceVersion").to_owned());
        Ok((number, Page { version, written: rows.clone(), rows }))
    }

    pub(super) fn inventory(&self) -> Inventory {
        self.pages.values().flat_map(|page| page.rows.clone()).collect()
    }

    pub(super) fn get(&self, id: &ObjectId) -> Option<&Row> {
        self.pages.values().find_map(|page| page.rows.get(id))
    }

    pub(super) fn put(&mut self, row: Row) {
        let holds = |(number, page): (&usize, &Page)| page.rows.contains_key(&row.id).then_some(*number);
        let number = self.pages.iter().find_map(holds).unwrap_or_else(|| self.room());
        self.pages.entry(number).or_default().rows.insert(row.id.clone(), row);
    }

    pub(super) fn remove(&mut self, id: &ObjectId) {
        for page in self.pages.values_mut() {
            page.rows.remove(id);
        }
    }

    /// The first page with room.
    fn room(&self) -> usize {
        let full = |number: &usize| self.pages.get(number).is_some_and(|page| page.rows.len() >= ROWS);
        (0..).find(|number| !full(number)).unwrap_or_default()
    }

    /// Whether the cluster says of `id` what memory says.
    pub(super) fn stands(&self, id: &ObjectId) -> bool {
        self.pages.values().all(|page| page.rows.get(id) == page.written.get(id))
    }

    /// Digests of last good objects that rows need.
    pub(super) fn named(&self) -> BTreeSet<Digest> {
        let rows = self.pages.values().flat_map(|page| page.rows.values().chain(page.written.values()));
        rows.flat_map(Row::copies).collect()
    }

    /// Writes the pages of which memory says more than the cluster. Called before every write that a row speaks of.
    /// A page that another agent has written meanwhile is refused: everything is read again then.
    pub(super) async fn flush(&mut self, rest: &Rest) -> Result<(), TargetError> {
        let mut writes = Vec::new();
        for (number, page) in &mut self.pages {
            if page.rows != page.written {
                writes.push(write(rest, &self.namespace, *number, page));
            }
        }
        futures::stream::iter(writes).buffer_unordered(AT_ONCE).try_collect::<()>().await
    }
}

async fn write(rest: &Rest, namespace: &Namespace, number: usize, page: &mut Page) -> Result<(), TargetError> {
    let folder = format!("/api/v1/namespaces/{namespace}/configmaps");
    let name = format!("writ-inventory-{number}");
    let lines: Vec<String> = page.rows.values().map(|row| json!(row).to_string()).collect();
    let mut map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"rows": lines.join("\n")},
        "metadata": {"name": name, "namespace": namespace, "labels": {LABEL: "true"}}});
    let ask = match (&page.version, map.get_mut("metadata").and_then(Value::as_object_mut)) {
        (Some(version), Some(metadata)) => {
            metadata.insert("resourceVersion".to_owned(), json!(version));
            Ask::send(Method::PUT, format!("{folder}/{name}?fieldManager=writ-spoke"), &map)
        }
        _ => Ask::send(Method::POST, format!("{folder}?fieldManager=writ-spoke"), &map),
    };
    let (_, left) = rest.ask(&ask).await?;
    page.version = left.pointer("/metadata/resourceVersion").and_then(Value::as_str).map(str::to_owned);
    page.written.clone_from(&page.rows);
    Ok(())
}
