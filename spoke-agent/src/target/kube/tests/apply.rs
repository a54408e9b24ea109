//! Server-side apply of ConfigMaps in memory: who has which keys of `data`.

use super::server::{Answer, Asked, State, conflict, differs, ok};
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Each manager's keys, and when it wrote last.
type Owners = BTreeMap<String, (BTreeSet<String>, Value)>;

impl State {
    pub(super) fn apply(&mut self, asked: &Asked, found: Option<Value>) -> Answer {
        let manager = asked.query.split('&').find_map(|part| part.strip_prefix("fieldManager=")).unwrap();
        let (wanted, code) = (&asked.body["metadata"], found.as_ref().map_or(StatusCode::CREATED, |_| StatusCode::OK));
        let now = self.now();
        let mut object = match found {
            Some(found) if differs(&found, wanted) => return conflict(&json!([])),
            None if wanted.get("uid").is_some() || wanted.get("resourceVersion").is_some() => {
                return conflict(&json!([]));
            }
            Some(found) => found,
            None => json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {}, "metadata": {"namespace": "shop",
                "name": wanted["name"], "uid": format!("uid-{}", self.next()), "creationTimestamp": now}}),
        };
        let before = object.clone();
        let mut owned = owners(&object);
        let data = asked.body["data"].as_object().cloned().unwrap_or_default();
        let others =
            |owned: &Owners, key: &str| owned.iter().any(|(other, (keys, _))| other != manager && keys.contains(key));
        let taken: Vec<&String> =
            data.keys().filter(|key| others(&owned, key) && object["data"][*key] != data[*key]).collect();
        if !taken.is_empty() && !asked.query.contains("force=true") {
            let cause =
                |key| json!({"reason": "FieldManagerConflict", "field": format!(".data.{key}"), "message": "theirs"});
            return conflict(&taken.into_iter().map(cause).collect());
        }
        for key in taken {
            owned.values_mut().for_each(|(keys, _)| keys.retain(|other| other != key));
        }
        let mine = owned.remove(manager).unwrap_or_default();
        let values = object["data"].as_object_mut().unwrap();
        values.retain(|key, _| !mine.0.contains(key) || data.contains_key(key) || others(&owned, key));
        values.extend(data.clone());
        let keys: BTreeSet<String> = data.keys().cloned().collect();
        let time = if mine.0 == keys && object["data"] == before["data"] { mine.1 } else { json!(now) };
        owned.insert(manager.to_owned(), (keys, time));
        let held = owned.into_iter().filter(|(_, (keys, _))| !keys.is_empty());
        let held = held.map(|(manager, (keys, time))| entry(&manager, keys, &time));
        object["metadata"]["managedFields"] = held.chain(entries(&before).into_iter().filter(is_of_status)).collect();
        if object == before {
            return ok(object);
        }
        (code, self.store(&asked.path, object).1)
    }

    /// A controller tells the status of the object at `path`.
    pub(super) fn touch(&mut self, path: &str) {
        let (now, mut object) = (self.now(), self.objects[path].clone());
        let status = json!({"manager": "controller", "operation": "Update", "subresource": "status", "time": now,
            "fieldsV1": {"f:status": {}}});
        object["metadata"]["managedFields"].as_array_mut().unwrap().push(status);
        self.store(path, object);
    }
}

fn entries(object: &Value) -> Vec<Value> {
    object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default()
}

fn is_of_status(entry: &Value) -> bool {
    entry["subresource"] == "status"
}

fn owners(object: &Value) -> Owners {
    let owner = |entry: Value| {
        let keys = entry["fieldsV1"]["f:data"].as_object().unwrap().keys();
        let keys = keys.map(|key| key.trim_start_matches("f:").to_owned()).collect();
        (entry["manager"].as_str().unwrap().to_owned(), (keys, entry["time"].clone()))
    };
    entries(object).into_iter().filter(|entry| !is_of_status(entry)).map(owner).collect()
}

fn entry(manager: &str, keys: BTreeSet<String>, time: &Value) -> Value {
    let fields: Map<String, Value> = keys.into_iter().map(|key| (format!("f:{key}"), json!({}))).collect();
    json!({"manager": manager, "operation": "Apply", "time": time, "fieldsV1": {"f:data": fields}})
}
