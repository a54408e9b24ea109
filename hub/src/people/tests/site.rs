//! A hub that serves people on a real socket, and people with certificates.

use crate::people::{Judge, People, router, serve};
use crate::spokes::fixture::Running;
use certs::accept::Limits;
use certs::ca::Validity;
use certs::enroll::Proven;
use certs::identity::SpiffeId;
use certs::key::LeafKey;
use certs::tls::{Alpn, ClientTls, Identity, Newest};
use http::{Method, StatusCode};
use reqwest::{Client, Response};
use serde_json::Value;
use service::clock::Clock as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(super) struct Site {
    pub(super) running: Running,
    base: String,
    _tasks: JoinSet<()>,
}

impl Site {
    pub(super) async fn start() -> Self {
        let running = Running::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        let people = People::new(Arc::clone(&running.hub), Judge::built_in().unwrap(), 7);
        let gate = Arc::clone(&running.gates.people);
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, gate, Limits::default(), router(people), running.stopping.clone()));
        Self { running, base, _tasks: tasks }
    }

    fn identity(&self, id: &SpiffeId) -> Identity {
        let clock = &self.running.clock;
        let day = Validity::starting(clock.wall(), Duration::from_secs(86_400)).unwrap();
        let issuer = self.running.root.issuer(day, &mut rand::rng()).unwrap();
        let key = LeafKey::generate().unwrap();
        let chain = issuer.issue(id, &Proven::own(&key), day, &mut rand::rng()).unwrap();
        Identity::new(&chain, &key, self.running.authorities().domain()).unwrap()
    }

    /// A client that presents a certificate of `id`; none presents nothing.
    pub(super) fn client(&self, id: Option<&SpiffeId>) -> Client {
        let (authorities, clock) = (self.running.authorities(), Arc::clone(&self.running.clock));
        let tls = match id {
            Some(id) => {
                let newest = Arc::new(Newest::new(self.identity(id)));
                ClientTls::presenting(newest, authorities, Alpn::Both, clock).unwrap()
            }
            None => ClientTls::nameless(authorities, clock).unwrap(),
        };
        Client::builder().tls_backend_preconfigured(tls.rustls()).no_proxy().build().unwrap()
    }

    pub(super) fn person(&self, name: &str) -> Client {
        self.client(Some(&SpiffeId::Person(name.parse().unwrap())))
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(super) async fn call(&self, who: &Client, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let answer = who.request(method, self.url(path)).json(body).send().await.unwrap();
        read(answer).await
    }
}

pub(super) async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    (status, answer.json().await.unwrap())
}
