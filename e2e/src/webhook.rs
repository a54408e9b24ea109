//! Somebody else's admission webhook: a real HTTPS server that denies what it is told to.

use crate::world::World;
use anyhow::Result;
use base64::prelude::{BASE64_STANDARD, Engine};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What it says to whatever it is asked about; none: it lets everything pass.
type Denial = Arc<Mutex<Option<String>>>;

/// A webhook that runs.
pub struct Webhook {
    address: SocketAddr,
    certificate: String,
    denial: Denial,
    _runtime: Runtime,
}

impl Webhook {
    /// Starts one that lets everything pass.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start() -> Result<Self> {
        let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())?;
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let (address, denial) = (listener.local_addr()?, Denial::default());
        runtime.spawn(accept(listener, TlsAcceptor::from(Arc::new(tls)), Arc::clone(&denial)));
        Ok(Self { address, certificate: cert.pem(), denial, _runtime: runtime })
    }

    /// Has the cluster ask it about ConfigMaps that bear this label.
    ///
    /// # Errors
    /// When the server refuses that.
    pub fn guards(&self, world: &World, label: &str) -> Result<()> {
        let rules = json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
            "operations": ["CREATE", "UPDATE"]}]);
        let hook = json!({"name": "strict.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "rules": rules, "objectSelector": {"matchExpressions": [{"key": label, "operator": "Exists"}]},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
            "clientConfig": {"url": format!("https://{}/", self.address),
                "caBundle": BASE64_STANDARD.encode(&self.certificate)}});
        let configuration = json!({"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": "strict"},
            "kind": "ValidatingWebhookConfiguration", "webhooks": [hook]});
        world.apply(&world.everywhere::<ValidatingWebhookConfiguration>(), configuration).map(drop)
    }

    /// From now on denies with these words, or nothing.
    pub fn denies(&self, words: Option<&str>) {
        *self.denial.lock().unwrap_or_else(PoisonError::into_inner) = words.map(str::to_owned);
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, denial: Denial) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, denial) = (tls.clone(), Arc::clone(&denial));
        connections.spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let serve = service_fn(move |request| review(request, Arc::clone(&denial)));
            // A connection that breaks is the peers' business.
            drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), serve).await);
        });
    }
}

async fn review(request: Request<Incoming>, denial: Denial) -> Result<Response<Full<Bytes>>> {
    let asked: Value = serde_json::from_slice(&request.into_body().collect().await?.to_bytes())?;
    let words = denial.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let response = json!({"uid": asked.pointer("/request/uid"), "allowed": words.is_none(),
        "status": {"message": words}});
    let answer = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    let response = Response::builder().header("content-type", "application/json");
    Ok(response.body(Full::new(Bytes::from(answer.to_string())))?)
}
