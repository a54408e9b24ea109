//! Taking steps back: only what is still as the step left it.

use super::inventory::Record;
use super::write::unwritable;
use super::{Inner, yaml};
use crate::target::Refusal;
use jiff::Timestamp;
use policy::object::{FILLED_IN, Object, ObjectId};
use policy::plan::Undo;
use policy::plan::inventory::{Row, State, Uid};
use serde_json::Value;
use service::atomic;

impl Inner {
    pub(super) fn undo(&mut self, undo: &Undo, now: Timestamp) -> Result<(), Refusal> {
        match undo {
            Undo::Withdraw(id) => self.withdraw(id),
            Undo::Restore { before, .. } => self.restore(before, now),
            Undo::Row(id, row) => {
                self.row(id, row.as_deref());
                Ok(())
            }
        }
    }

    /// Whether the object is as our last step left it; the version we know of is of this round.
    fn as_we_left_it(&self, id: &ObjectId) -> Result<bool, Refusal> {
        let live = self.live(id)?.map(|(version, _)| version);
        Ok(self.left.get(id).is_some_and(|left| *left == live))
    }

    fn withdraw(&mut self, id: &ObjectId) -> Result<(), Refusal> {
        if self.as_we_left_it(id)? {
            atomic::remove(&self.path(id)?).map_err(|error| unwritable(id, &error))?;
            self.left.insert(id.clone(), None);
        }
        Ok(())
    }

    fn restore(&mut self, before: &Object, now: Timestamp) -> Result<(), Refusal> {
        let id = before.id();
        if !self.as_we_left_it(id)? {
            return Ok(());
        }
        let live = self.live(id)?.map(|(_, object)| Value::from(object));
        let tree = live.map_or_else(|| before.tree().clone(), |live| filled_in(before.tree().clone(), &live));
        self.write(id, &self.path(id)?, &yaml::print(&tree))?;
        if let Some(record) = self.book.get(id).filter(|record| matches!(record.row.state, State::Claimed)) {
            let state = State::Owned { uid: record.identity.clone() };
            let row = Row { state, since: now, ..record.row.clone() };
            self.book.put(Record { row, ..record.clone() });
        }
        Ok(())
    }

    fn row(&mut self, id: &ObjectId, row: Option<&Row>) {
        let identity = self.book.get(id).map(|record| record.identity.clone());
        match row {
            Some(row) => {
                let identity = identity.unwrap_or_else(|| Uid(self.chance.uid().into()));
                self.book.put(Record { row: row.clone(), identity, before: None });
            }
            None => self.book.remove(id),
        }
    }
}

/// What a server has filled in since stays as it is.
fn filled_in(mut tree: Value, live: &Value) -> Value {
    let (Some(metadata), Some(now)) = (tree.get_mut("metadata"), live.get("metadata")) else { return tree };
    for field in FILLED_IN {
        if let (Some(metadata), Some(value)) = (metadata.as_object_mut(), now.get(field)) {
            metadata.entry(field).or_insert_with(|| value.clone());
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_server_has_filled_in_survives_taking_back() {
        let mut live = json!({"metadata": {"name": "one", "labels": {"step": "taken"}}, "data": {"step": "taken"}});
        for field in FILLED_IN {
            live["metadata"][field] = json!("by the server");
        }
        let before = json!({"metadata": {"name": "one", "uid": "ours"}, "data": {"step": "not taken"}});
        let mut back = filled_in(before, &live);
        assert_eq!(back["metadata"]["uid"], "ours", "what is there is not replaced");
        for field in FILLED_IN.iter().filter(|field| **field != "uid") {
            assert_eq!(back["metadata"][field].take(), "by the server", "{field}");
        }
        assert_eq!((&back["metadata"]["labels"], &back["data"]["step"]), (&Value::Null, &json!("not taken")));
    }
}
