//! An API server in memory: server-side apply of ConfigMaps, as far as our writes need it, and what may befall an answer.

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use std::collections::BTreeMap;
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
    /// It is done, and the answer says nothing of it.
    Mute,
    /// The server does not know the path.
    NotServed,
}

#[derive(Default)]
pub(super) struct Server(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) objects: BTreeMap<String, Value>,
    version: u64,
    second: u32,
    troubles: Vec<(Method, Trouble)>,
    late: Vec<Asked>,
    /// Whether the agent may list each of these, of what the cluster's operators say; the others are not served.
    pub(super) operators: BTreeMap<&'static str, bool>,
    asked: Vec<Method>,
}

#[derive(Debug, Clone)]
pub(super) struct Asked {
    method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Value,
}

pub(super) type Answer = (StatusCode, Value);

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

    /// The cluster serves these kinds of writ.dev, and the agent may list them, or may not.
    pub(super) fn lets_list(&self, kinds: &[(&'static str, bool)]) {
        self.state().operators.extend(kinds.iter().copied());
    }

    /// Somebody writes an object of writ.dev.
    pub(super) fn has(&self, kind: &str, object: Value) {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.state().store(&format!("{}/{name}", of_ours(kind)), object);
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
        self.state().touch(&format!("{SHOP}/{name}"));
    }

    /// A finalizer holds the object from now on.
    pub(super) fn holds(&self, name: &str) {
        let mut state = self.state();
        let path = format!("{SHOP}/{name}");
        let mut object = state.objects[&path].clone();
        object["metadata"]["finalizers"] = json!(["example.org/held"]);
        state.store(&path, object);
    }

    /// The finalizer is done: what is being deleted goes.
    pub(super) fn lets_go(&self, name: &str) {
        self.state().objects.remove(&format!("{SHOP}/{name}"));
    }

    /// Who has fields of the object.
    pub(super) fn managers(&self, name: &str) -> Vec<String> {
        let entries = self.state().objects[&format!("{SHOP}/{name}")]["metadata"]["managedFields"].clone();
        entries.as_array().unwrap().iter().map(|entry| entry["manager"].as_str().unwrap().to_owned()).collect()
    }

    pub(super) fn version(&self, name: &str) -> String {
        let metadata = self.state().objects[&format!("{SHOP}/{name}")]["metadata"].clone();
        metadata["resourceVersion"].as_str().unwrap().to_owned()
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
            Some(Trouble::Mute) => {
                self.answer(&asked);
                Ok(ok(json!({})))
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
            (&Method::GET, "/apis") => ok(json!({"items": self.groups()})),
            (&Method::GET, "/api/v1/namespaces/kube-system") => ok(json!({"metadata": {"uid": "cluster"}})),
            (&Method::GET, "/api/v1/namespaces") => ok(json!({"metadata": {"resourceVersion": "1"}, "items": []})),
            (&Method::GET, OWN) => {
                let pages = self.objects.iter().filter(|(path, _)| path.starts_with(OWN));
                ok(json!({"items": pages.map(|(_, page)| page.clone()).collect::<Vec<_>>()}))
            }
            (&Method::GET, "/api/v1/configmaps") => self.listed(SHOP),
            (&Method::GET, path) => {
                let kind = self.operators.iter().find(|(kind, _)| of_ours(kind) == path);
                match kind {
                    Some((_, true)) => self.listed(path),
                    Some((_, false)) => forbidden(path),
                    None => found.map_or_else(|| absent(path), ok),
                }
            }
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

    fn groups(&self) -> Value {
        let resource = |kind: &&str| {
            json!({"resource": plural(kind), "scope": "Cluster",
                "responseKind": {"group": "writ.dev", "version": "v1alpha1", "kind": kind}})
        };
        let resources: Vec<Value> = self.operators.keys().map(resource).collect();
        json!([{"metadata": {"name": "writ.dev"}, "versions": [{"version": "v1alpha1", "resources": resources}]}])
    }

    fn listed(&self, path: &str) -> Answer {
        let under = |(at, _): &(&String, &Value)| at.starts_with(&format!("{path}/"));
        let items: Vec<Value> = self.objects.iter().filter(under).map(|(_, object)| object.clone()).collect();
        ok(json!({"metadata": {"resourceVersion": self.version.to_string()}, "items": items}))
    }

    pub(super) fn now(&self) -> String {
        format!("2026-01-01T00:00:{:02}Z", self.second)
    }

    pub(super) fn next(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    pub(super) fn store(&mut self, path: &str, mut object: Value) -> Answer {
        object["metadata"]["resourceVersion"] = json!(self.next());
        self.objects.insert(path.to_owned(), object.clone());
        ok(object)
    }

    fn delete(&mut self, path: &str, found: Option<Value>, options: &Value) -> Answer {
        let Some(found) = found else { return absent(path) };
        if differs(&found, &options["preconditions"]) {
            return conflict(&json!([]));
        }
        if found["metadata"].get("finalizers").is_some() {
            let mut held = found;
            held["metadata"]["deletionTimestamp"] = json!(self.now());
            return self.store(path, held);
        }
        self.objects.remove(path);
        ok(json!({"status": "Success"}))
    }
}

pub(super) fn ok(value: Value) -> Answer {
    (StatusCode::OK, value)
}

fn plural(kind: &str) -> String {
    format!("{}s", kind.to_lowercase())
}

fn of_ours(kind: &str) -> String {
    format!("/apis/writ.dev/v1alpha1/{}", plural(kind))
}

fn forbidden(path: &str) -> Answer {
    (
        StatusCode::FORBIDDEN,
        json!({"reason": "Forbidden", "code": 403, "status": "Failure",
        "message": format!("cannot list {path}")}),
    )
}

fn absent(path: &str) -> Answer {
    let name = path.rsplit('/').next();
    (StatusCode::NOT_FOUND, json!({"reason": "NotFound", "details": {"kind": "configmaps", "name": name}}))
}

pub(super) fn conflict(causes: &Value) -> Answer {
    (StatusCode::CONFLICT, json!({"reason": "Conflict", "details": {"causes": causes}}))
}

pub(super) fn differs(object: &Value, wanted: &Value) -> bool {
    let other = |field: &&str| wanted.get(*field).is_some_and(|wanted| *wanted != object["metadata"][*field]);
    ["uid", "resourceVersion"].iter().any(other)
}
