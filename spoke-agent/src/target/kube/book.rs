//! The inventory in the cluster: ConfigMaps of the agent's own namespace, a page of rows in each.

use super::rest::{Ask, Rest};
use crate::target::TargetError;
use futures::StreamExt as _;
use http::{Method, StatusCode};
use policy::digest::Digest;
use policy::name::Namespace;
use policy::object::ObjectId;
use policy::plan::Ends;
use policy::plan::inventory::{Inventory, Row};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every page bears it.
const LABEL: &str = "writ.dev/inventory";
/// The most rows of a page: a ConfigMap holds a mebibyte, and a row some four hundred bytes.
const ROWS: usize = 500;
/// How many pages are read at once: a page has a mebibyte at most, and an answer is read up to sixteen.
const LIST: usize = 8;
/// How many pages are written at once.
const AT_ONCE: usize = 4;

/// One row, and the ConfigMap that it is on.
#[derive(Debug)]
struct Line {
    page: usize,
    /// What shall stand there.
    row: Option<Arc<Row>>,
    /// What stands there in the cluster.
    written: Option<Arc<Row>>,
}

/// All rows. A row stays on the page that it began on.
#[derive(Debug)]
pub(super) struct Book {
    namespace: Namespace,
    lines: BTreeMap<ObjectId, Line>,
    pages: BTreeMap<usize, Page>,
}

/// One ConfigMap.
#[derive(Debug, Default)]
struct Page {
    /// Its version in the cluster; none where it is not there yet.
    version: Option<String>,
    /// How many lines it has.
    lines: usize,
}

impl Line {
    fn stands(&self) -> bool {
        self.row == self.written
    }
}

impl Book {
    /// Reads all pages.
    pub(super) async fn read(rest: &Rest, namespace: &Namespace) -> Result<Self, TargetError> {
        let mut book = Self { namespace: namespace.clone(), lines: BTreeMap::new(), pages: BTreeMap::new() };
        book.reread(rest).await?;
        Ok(book)
    }

    /// Reads all pages again, as when another agent has written one. What stood on a page that somebody has deleted is
    /// ours all the same: the next flush writes it anew.
    pub(super) async fn reread(&mut self, rest: &Rest) -> Result<(), TargetError> {
        let mut read = Self { namespace: self.namespace.clone(), lines: BTreeMap::new(), pages: BTreeMap::new() };
        let path = format!("/api/v1/namespaces/{}/configmaps?labelSelector={LABEL}&limit={LIST}", self.namespace);
        let mut next = Some(path.clone());
        while let Some(ask) = next.take() {
            let list = rest.get(&Ask::get(ask)).await?.unwrap_or_default();
            let mut maps = list.get("items").and_then(Value::as_array).into_iter().flatten();
            maps.try_for_each(|map| read.page(map))?;
            let more = list.pointer("/metadata/continue").and_then(Value::as_str).filter(|more| !more.is_empty());
            next = more.map(|more| format!("{path}&continue={more}"));
        }
        let before = std::mem::replace(self, read);
        self.restore(before);
        Ok(())
    }

    fn restore(&mut self, before: Self) {
        for (id, line) in before.lines {
            let is_lost = self.pages.get(&line.page).is_none_or(|page| page.version.is_none());
            if let Some(row) = line.row.filter(|_| is_lost && !self.lines.contains_key(&id)) {
                tracing::warn!(object = %id, "its page of the inventory was deleted; it is written anew");
                self.pages.entry(line.page).or_default().lines += 1;
                self.lines.insert(id, Line { page: line.page, row: Some(row), written: None });
            }
        }
    }

    /// Removes all pages as they were read or written last, and with them everything that was ours.
    pub(super) async fn give_up(&mut self, rest: &Rest) -> Result<(), TargetError> {
        self.lines.clear();
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

    fn page(&mut self, map: &Value) -> Result<(), TargetError> {
        let text = |pointer: &str| map.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let name = text("/metadata/name");
        let place = format!("ConfigMap {}/{name}", self.namespace);
        let corrupt = |why: String| TargetError::Corrupt(place.clone().into(), why);
        let page = name.rsplit_once('-').and_then(|(_, number)| number.parse().ok());
        let page = page.ok_or_else(|| corrupt("its name ends in no number".to_owned()))?;
        for line in text("/data/rows").lines() {
            let row: Row = serde_json::from_str(line).map_err(|error| corrupt(error.to_string()))?;
            let row = Arc::new(row);
            let line = Line { page, row: Some(Arc::clone(&row)), written: Some(Arc::clone(&row)) };
            self.lines.insert(row.id.clone(), line);
        }
        let lines = self.lines.values().filter(|line| line.page == page).count();
        self.pages.insert(page, Page { version: Some(text("/metadata/resourceVersion").to_owned()), lines });
        Ok(())
    }

    pub(super) fn inventory(&self) -> Inventory {
        let rows = self.lines.iter().filter_map(|(id, line)| Some((id.clone(), line.row.clone()?)));
        rows.collect()
    }

    pub(super) fn get(&self, id: &ObjectId) -> Option<&Row> {
        self.lines.get(id)?.row.as_deref()
    }

    pub(super) fn put(&mut self, row: Row) {
        let row = Arc::new(row);
        if let Some(line) = self.lines.get_mut(&row.id) {
            line.row = Some(row);
            return;
        }
        let page = self.room();
        self.pages.entry(page).or_default().lines += 1;
        self.lines.insert(row.id.clone(), Line { page, row: Some(row), written: None });
    }

    /// Notes what has ended.
    pub(super) fn ended(&mut self, ends: &Ends) {
        for (id, trial_since) in ends {
            if let Some(row) = self.get(id).cloned() {
                self.put(row.ended(*trial_since));
            }
        }
    }

    pub(super) fn remove(&mut self, id: &ObjectId) {
        if let Some(line) = self.lines.get_mut(id) {
            line.row = None;
        }
    }

    /// The first page with room.
    fn room(&self) -> usize {
        (0..).find(|page| self.pages.get(page).is_none_or(|page| page.lines < ROWS)).unwrap_or_default()
    }

    /// Whether the cluster says of `id` what memory says.
    pub(super) fn stands(&self, id: &ObjectId) -> bool {
        self.lines.get(id).is_none_or(Line::stands)
    }

    /// Digests of last good objects that rows need.
    pub(super) fn named(&self) -> BTreeSet<Digest> {
        let rows = self.lines.values().flat_map(|line| line.row.iter().chain(&line.written));
        rows.flat_map(|row| row.copies()).collect()
    }

    /// Writes the pages of which memory says more than the cluster. Called before every write that a row speaks of.
    /// A page that another agent has written meanwhile is refused: everything is read again then.
    pub(super) async fn flush(&mut self, rest: &Rest) -> Result<(), TargetError> {
        let news: BTreeSet<usize> = self.lines.values().filter(|line| !line.stands()).map(|line| line.page).collect();
        let writes: Vec<_> = news.into_iter().map(|page| self.write(rest, page)).collect();
        let written: Vec<_> = futures::stream::iter(writes).buffer_unordered(AT_ONCE).collect().await;
        let mut flushed = Ok(());
        for written in written {
            match written {
                Ok((page, version)) => self.stand(page, version),
                Err(error) => flushed = flushed.and(Err(error)),
            }
        }
        flushed
    }

    /// Writes a page, and gives its version then.
    fn write<'r>(
        &self,
        rest: &'r Rest,
        page: usize,
    ) -> impl Future<Output = Result<(usize, Option<String>), TargetError>> + use<'r> {
        let folder = format!("/api/v1/namespaces/{}/configmaps", self.namespace);
        let name = format!("writ-inventory-{page}");
        let rows = self.lines.values().filter(|line| line.page == page).filter_map(|line| line.row.as_deref());
        let rows: Vec<String> = rows.map(|row| json!(row).to_string()).collect();
        let mut map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"rows": rows.join("\n")},
            "metadata": {"name": name, "namespace": self.namespace, "labels": {LABEL: "true"}}});
        let version = self.pages.get(&page).and_then(|page| page.version.as_ref());
        let ask = match (version, map.get_mut("metadata").and_then(Value::as_object_mut)) {
            (Some(version), Some(metadata)) => {
                metadata.insert("resourceVersion".to_owned(), json!(version));
                Ask::send(Method::PUT, format!("{folder}/{name}?fieldManager=writ-spoke"), &map)
            }
            _ => Ask::send(Method::POST, format!("{folder}?fieldManager=writ-spoke"), &map),
        };
        async move {
            let (_, left) = rest.ask(&ask).await?;
            Ok((page, left.pointer("/metadata/resourceVersion").and_then(Value::as_str).map(str::to_owned)))
        }
    }

    /// Notes that a page stands in the cluster as memory has it.
    fn stand(&mut self, page: usize, version: Option<String>) {
        self.lines.values_mut().filter(|line| line.page == page).for_each(|line| line.written.clone_from(&line.row));
        self.lines.retain(|_, line| line.row.is_some() || line.written.is_some());
        let lines = self.lines.values().filter(|line| line.page == page).count();
        self.pages.insert(page, Page { version, lines });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::object::{Identity, ObjectId};

    fn row(name: &str) -> Row {
        let id = ObjectId::from(Identity {
            group: String::new(),
            kind: "ConfigMap".into(),
            namespace: None,
            name: name.to_owned(),
        });
        let row = json!({"id": id, "api": "v1", "rule": "ConfigTemplate/a", "own": "whole", "digest": Digest::of(b""),
            "since": "2026-11-21T03:00:00Z", "state": {"state": "claimed"}});
        serde_json::from_value(row).unwrap()
    }

    fn page(book: &Book, name: &str) -> usize {
        book.lines[&row(name).id].page
    }

    #[test]
    fn rows_of_a_page_that_was_deleted_are_written_anew_and_no_others() {
        let empty = || Book { namespace: Namespace::of_writ(), lines: BTreeMap::new(), pages: BTreeMap::new() };
        let (mut before, mut read) = (empty(), empty());
        (0..=ROWS).for_each(|number| before.put(row(&format!("r{number}"))));
        before.stand(0, Some("7".to_owned()));
        before.stand(1, Some("8".to_owned()));
        read.pages.insert(0, Page { version: Some("9".to_owned()), lines: 0 });
        read.restore(before);
        let last = row(&format!("r{ROWS}")).id;
        assert!(read.get(&row("r0").id).is_none(), "another agent has removed it from its page");
        assert!(read.get(&last).is_some() && !read.stands(&last));
        assert!(read.pages[&1].version.is_none());
    }

    #[test]
    fn a_row_stays_on_its_page_and_new_ones_fill_the_first_with_room() {
        let mut book = Book { namespace: Namespace::of_writ(), lines: BTreeMap::new(), pages: BTreeMap::new() };
        (0..=ROWS).for_each(|number| book.put(row(&format!("r{number}"))));
        assert_eq!((page(&book, "r0"), page(&book, &format!("r{ROWS}"))), (0, 1));
        assert!(!book.stands(&row("r0").id));
        book.stand(0, Some("7".to_owned()));
        assert!(book.stands(&row("r0").id) && !book.stands(&row(&format!("r{ROWS}")).id));
        book.remove(&row("r0").id);
        assert!(book.get(&row("r0").id).is_none() && !book.stands(&row("r0").id), "the cluster has it still");
        book.put(row("more"));
        assert_eq!(page(&book, "more"), 1, "its place is free once the cluster has it no longer");
        book.stand(0, Some("8".to_owned()));
        book.put(row("last"));
        assert_eq!(page(&book, "last"), 0);
    }
}
