//! An API server in memory: server-side apply of ConfigMaps, as far as our writes need it, and what may befall an answer.

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

const SHOP: &str = "/api/v1/namespaces/shop/configmaps";
const OWN: &str = "/api/v1/namespaces/writ-system/configmaps";

/// What befalls one request to an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Trouble {
    /// It is done, and its answer is lost.
    Lost,
    /// It is done after its answer was lost.
    Late,
    /// It is done, and the server says that it does not know that, and that one may ask again at once.
    Unsure,
    /// The server does not know the path.
    NotServed,
}

#[derive(Default)]
pub(super) struct Server(Mutex<State>);

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    version: u64,
    second: u32,
    troubles: Vec<(Method, Trouble)>,
    late: Vec<Asked>,
    asked: Vec<Method>,
}

#[derive(Debug, Clone)]
struct Asked {
    method: Method,
    path: String,
    query: String,
    body: Value,
}

type Answer = (StatusCode, Value);

impl Server {
    pub(super) fn client(self: &Arc<Self>) -> Client {
        let server = Arc::clone(self);
        let serve = move |request: Request<Body>| {
            let server = Arc::clone(&server);
            async move { server.serve(request).await }
        };
        Client::new(tower::service_fn(serve), "default")
    }

    /// The next request of that method to an object of the namespace shop fares so.
    pub(super) fn trouble(&self, method: Method, trouble: Trouble) {
        self.state().troubles.push((method, trouble));
    }

    /// What was put off is done now.
    pub(super) fn do_what_is_late(&self) {
        let mut state = self.state();
        for asked in std::mem::take(&mut state.late) {
            state.answer(&asked);
        }
    }

    /// Time goes on.
    pub(super) fn later(&self) {
        self.state().second += 1;
    }

    /// Somebody else applies this.
    pub(super) fn applied_by(&self, manager: &str, name: &str, data: &Value) {
        let query = format!("fieldManager={manager}&force=true");
        let body = json!({"metadata": {"name": name}, "data": data});
        let (method, path) = (Method::PATCH, format!("{SHOP}/{name}"));
        self.state().answer(&Asked { method, path, query, body });
    }

    /// A controller tells the status of an object.
    pub(super) fn touched(&self, name: &str) {
        let mut state = self.state();
        let version = state.next();
        state.objects.get_mut(&format!("{SHOP}/{name}")).unwrap()["metadata"]["resourceVersion"] = json!(version);
    }

    pub(super) fn data(&self, name: &str) -> Option<Value> {
        self.state().objects.get(&format!("{SHOP}/{name}")).map(|object| object["data"].clone())
    }

    /// How many requests of that method went to objects of the namespace shop.
    pub(super) fn asked(&self, method: &Method) -> usize {
        self.state().asked.iter().filter(|asked| *asked == method).count()
    }

    /// The inventory, as it stands in the cluster.
    pub(super) fn rows(&self) -> String {
        let state = self.state();
        let pages = state.objects.iter().filter(|(path, _)| path.starts_with(OWN));
        pages.filter_map(|(_, page)| page["data"]["rows"].as_str()).collect()
    }

    /// Somebody deletes the inventory.
    pub(super) fn forgets_rows(&self) {
        self.state().objects.retain(|path, _| !path.starts_with(OWN));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    async fn serve(&self, request: Request<Body>) -> Result<Response<Body>, io::Error> {
        let (head, body) = request.into_parts();
        let query = head.uri.query().unwrap_or_default().to_owned();
        if query.contains("watch=") {
            std::future::pending::<()>().await;
        }
        let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let asked = Asked { method: head.method, path: head.uri.path().to_owned(), query, body };
        let (code, answer) = self.state().fare(asked)?;
        let mut response = Response::builder().status(code);
        if code == StatusCode::GATEWAY_TIMEOUT {
            response = response.header(http::header::RETRY_AFTER, 0);
        }
        response.body(Body::from(answer.to_string().into_bytes())).map_err(io::Error::other)
    }
}

impl State {
    fn fare(&mut self, asked: Asked) -> Result<Answer, io::Error> {
        if !asked.path.starts_with(SHOP) {
            return Ok(self.answer(&asked));
        }
        self.asked.push(asked.method.clone());
        let befalls = self.troubles.iter().position(|(method, _)| *method == asked.method);
        let lost = || io::Error::from(io::ErrorKind::ConnectionAborted);
        match befalls.map(|at| self.troubles.remove(at).1) {
            None => Ok(self.answer(&asked)),
            Some(Trouble::Lost) => {
                self.answer(&asked);
                Err(lost())
            }
            Some(Trouble::Late) => {
                self.late.push(asked);
                Err(lost())
            }
            Some(Trouble::Unsure) => {
                self.answer(&asked);
                Ok((StatusCode::GATEWAY_TIMEOUT, json!({"message": "etcdserver: request timed out"})))
            }
            Some(Trouble::NotServed) => Ok((StatusCode::NOT_FOUND, json!("404 page not found"))),
        }
    }

    fn answer(&mut self, asked: &Asked) -> Answer {
        let found = self.objects.get(&asked.path).cloned();
        match (&asked.method, asked.path.as_str()) {
            (&Method::GET, "/version") => ok(json!({"major": "1", "minor": "34"})),
            (&Method::GET, "/api") => ok(json!({"items": [{"versions": [{"version": "v1", "resources": [
                {"resource": "configmaps", "scope": "Namespaced",
                    "responseKind": {"group": "", "version": "v1", "kind": "ConfigMap"}}]}]}]})),
            (&Method::GET, "/apis") => ok(json!({"items": []})),
            (&Method::GET, "/api/v1/namespaces/kube-system") => ok(json!({"metadata": {"uid": "cluster"}})),
            (&Method::GET, "/api/v1/namespaces") => ok(json!({"metadata": {"resourceVersion": "1"}, "items": []})),
            (&Method::GET, OWN) => {
                let pages = self.objects.iter().filter(|(path, _)| path.starts_with(OWN));
                ok(json!({"items": pages.map(|(_, page)| page.clone()).collect::<Vec<_>>()}))
            }
            (&Method::GET, path) => found.map_or_else(|| absent(path), ok),
            (&Method::PATCH, _) => self.apply(asked, found),
            (&Method::DELETE, path) => self.delete(path, found, &asked.body),
            (&Method::POST, path) => {
                let name = asked.body["metadata"]["name"].as_str().unwrap();
                self.store(&format!("{path}/{name}"), asked.body.clone())
            }
            (_, path) if found.is_none() => absent(path),
            (_, path) => self.store(path, asked.body.clone()),
        }
    }

    fn next(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    fn store(&mut self, path: &str, mut object: Value) -> Answer {
        object["metadata"]["resourceVersion"] = json!(self.next());
        self.objects.insert(path.to_owned(), object.clone());
        ok(object)
    }

    fn delete(&mut self, path: &str, found: Option<Value>, options: &Value) -> Answer {
        let Some(found) = found else { return absent(path) };
        if differs(&found, &options["preconditions"]) {
            return conflict(&json!([]));
        }
        self.objects.remove(path);
        ok(json!({"status": "Success"}))
    }

    fn apply(&mut self, asked: &Asked, found: Option<Value>) -> Answer {
        let manager = asked.query.split('&').find_map(|part| part.strip_prefix("fieldManager=")).unwrap();
        let (wanted, code) = (&asked.body["metadata"], found.as_ref().map_or(StatusCode::CREATED, |_| StatusCode::OK));
        let now = format!("2026-01-01T00:00:{:02}Z", self.second);
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
        let mut owned: BTreeMap<String, (BTreeSet<String>, Value)> = owners(&object);
        let data = asked.body["data"].as_object().cloned().unwrap_or_default();
        let others = |owned: &BTreeMap<String, (BTreeSet<String>, Value)>, key: &str| {
            owned.iter().any(|(other, (keys, _))| other != manager && keys.contains(key))
        };
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
        object["metadata"]["managedFields"] =
            held.map(|(manager, (keys, time))| entry(&manager, keys, &time)).collect();
        if object == before {
            return ok(object);
        }
        (code, self.store(&asked.path, object).1)
    }
}

fn ok(value: Value) -> Answer {
    (StatusCode::OK, value)
}

fn absent(path: &str) -> Answer {
    let name = path.rsplit('/').next();
    (StatusCode::NOT_FOUND, json!({"reason": "NotFound", "details": {"kind": "configmaps", "name": name}}))
}

fn conflict(causes: &Value) -> Answer {
    (StatusCode::CONFLICT, json!({"reason": "Conflict", "details": {"causes": causes}}))
}

fn differs(object: &Value, wanted: &Value) -> bool {
    let other = |field: &&str| wanted.get(*field).is_some_and(|wanted| *wanted != object["metadata"][*field]);
    ["uid", "resourceVersion"].iter().any(other)
}

fn owners(object: &Value) -> BTreeMap<String, (BTreeSet<String>, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let owner = |entry: &Value| {
        let keys = entry["fieldsV1"]["f:data"].as_object().unwrap().keys();
        let keys = keys.map(|key| key.trim_start_matches("f:").to_owned()).collect();
        (entry["manager"].as_str().unwrap().to_owned(), (keys, entry["time"].clone()))
    };
    entries.iter().map(owner).collect()
}

fn entry(manager: &str, keys: BTreeSet<String>, time: &Value) -> Value {
    let fields: Map<String, Value> = keys.into_iter().map(|key| (format!("f:{key}"), json!({}))).collect();
    json!({"manager": manager, "operation": "Apply", "time": time, "fieldsV1": {"f:data": fields}})
}
