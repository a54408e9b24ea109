//! A hub on a real socket, for one spoke: it tells in order who followed and who left.

use crate::hub::{Hub, Parts, domain};
use bytes::Bytes;
use certs::accept::{Acceptor, Limits, Peer};
use certs::ca::Authorities;
use certs::enroll::{Proof, Proven};
use certs::identity::{Serial, SpiffeId};
use certs::key::LeafKey;
use certs::tls::{Alpn, Audience, Gate, Identity, ServerTls, Standing};
use proto::grpc::distribution_server::{Distribution, DistributionServer};
use proto::grpc::enrollment_server::{Enrollment, EnrollmentServer};
use proto::grpc::{
    Certificate, FetchRequest, FetchResponse, FollowRequest, FollowResponse, JoinRequest, RenewRequest, ReportRequest,
    ReportResponse, TrustRequest, TrustResponse,
};
use service::clock::SystemClock;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::codec::CompressionEncoding::Zstd;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// What happened, by the certificate that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Followed(Serial),
    Left(Serial),
}

/// A hub that serves.
pub(crate) struct Serving {
    pub(crate) address: String,
    pub(crate) gate: Arc<Gate>,
    pub(crate) admits: Arc<AtomicBool>,
    /// While it does, nothing is fetched and no report is answered.
    pub(crate) stalls: Arc<AtomicBool>,
    parts: watch::Sender<Arc<Parts>>,
    events: Arc<Mutex<Vec<Event>>>,
    fetches: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Serving {
    /// Serves `parts` to whoever presents a certificate of `hub`.
    pub(crate) async fn start(hub: Arc<Hub>, parts: Parts) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let admits = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&admits);
        let standing = Standing::by(move |_| asked.load(Ordering::Relaxed));
        let gate = Arc::new(Gate::new(tls(&hub), standing, Arc::new(SystemClock::new())).unwrap());
        let incoming = Acceptor::new(listener, Arc::clone(&gate), Limits::default()).incoming();
        let events = Arc::default();
        let (parts, fetches) = (watch::Sender::new(Arc::new(parts)), Arc::default());
        let stalls = Arc::default();
        let service = Service {
            hub,
            parts: parts.clone(),
            events: Arc::clone(&events),
            fetches: Arc::clone(&fetches),
            stalls: Arc::clone(&stalls),
        };
        let distribution = DistributionServer::new(service.clone()).accept_compressed(Zstd).send_compressed(Zstd);
        let server = Server::builder().add_service(EnrollmentServer::new(service)).add_service(distribution);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
        Self { address, gate, admits, stalls, parts, events, fetches, _tasks: tasks }
    }

    /// Offers `parts` from now on.
    pub(crate) fn publish(&self, parts: Parts) {
        self.parts.send_replace(Arc::new(parts));
    }

    /// How often something was fetched.
    pub(crate) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }
}

fn tls(hub: &Hub) -> ServerTls {
    let key = LeafKey::generate().unwrap();
    let chain = hub.certify(&SpiffeId::Hub, &Proven::own(&key));
    let identity = Identity::new(&chain, &key, &domain()).unwrap();
    let authorities = Authorities::of(hub.chain.latest()).unwrap();
    ServerTls { identity, authorities, audience: Audience::Spokes, alpn: Alpn::H2 }
}

#[derive(Clone)]
struct Service {
    hub: Arc<Hub>,
    parts: watch::Sender<Arc<Parts>>,
    events: Arc<Mutex<Vec<Event>>>,
    fetches: Arc<AtomicUsize>,
    stalls: Arc<AtomicBool>,
}

/// Tells when its stream ends.
struct Following(Arc<Mutex<Vec<Event>>>, Serial);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(Event::Left(self.1.clone()));
    }
}

impl Service {
    async fn answers(&self) {
        if self.stalls.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Distribution for Service {
    type FollowStream = Answers<FollowResponse>;
    type FetchStream = Answers<FetchResponse>;

    async fn follow(&self, request: Request<Streaming<FollowRequest>>) -> Result<Response<Self::FollowStream>, Status> {
        let serial = request.extensions().get::<Peer>().unwrap().leaf().unwrap().serial().clone();
        self.events.lock().unwrap().push(Event::Followed(serial.clone()));
        let following = Following(Arc::clone(&self.events), serial);
        // As in the hub: each head once in a conversation, after an ask, to who does not hold it.
        let (mut held, mut sent) = (None, Bytes::new());
        let news = WatchStream::new(self.parts.subscribe()).map(Err);
        let mut parts = Arc::clone(&self.parts.borrow());
        let answers = request.into_inner().map(Ok).merge(news).filter_map(move |event| {
            let _lasts_as_long_as_the_stream = &following;
            match event {
                Ok(Ok(ask)) => held = Some(ask.head),
                Ok(Err(status)) => return Some(Err(status)),
                Err(published) => parts = published,
            }
            let head = Bytes::from(parts.head.clone());
            (held.as_ref().is_some_and(|held| *held != head) && sent != head).then(|| {
                (held, sent) = (None, head.clone());
                Ok(FollowResponse { head, ..Default::default() })
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn fetch(&self, request: Request<FetchRequest>) -> Result<Response<Self::FetchStream>, Status> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        self.answers().await;
        let parts = Arc::clone(&self.parts.borrow());
        let contents = (policy::digest::Digest::of(&parts.contents), &parts.contents);
        let all = parts.entries.iter().map(|(digest, bytes)| (*digest, bytes)).chain([contents]);
        let wanted = request.into_inner().digests;
        let blobs: Vec<_> = all
            .map(|(digest, bytes)| FetchResponse { digest: digest.to_string(), data: bytes.clone().into(), last: true })
            .filter(|blob| wanted.contains(&blob.digest))
            .map(Ok)
            .collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(blobs))))
    }

    async fn report(&self, _: Request<ReportRequest>) -> Result<Response<ReportResponse>, Status> {
        self.answers().await;
        Ok(Response::new(ReportResponse::default()))
    }
}

#[tonic::async_trait]
impl Enrollment for Service {
    async fn trust(&self, request: Request<TrustRequest>) -> Result<Response<TrustResponse>, Status> {
        let envelopes = self.hub.chain.envelopes(request.into_inner().from_version);
        Ok(Response::new(TrustResponse { envelopes: envelopes.into_iter().map(Bytes::from).collect() }))
    }

    async fn join(&self, _: Request<JoinRequest>) -> Result<Response<Certificate>, Status> {
        Err(Status::unimplemented("nobody joins here"))
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<Certificate>, Status> {
        let exporter = *request.extensions().get::<Peer>().unwrap().exporter();
        let proof = request.into_inner().proof.unwrap();
        let proven = Proof::from_parts(&proof.public_key, &proof.signature).unwrap().verify(&exporter).unwrap();
        let chain = self.hub.certify(&SpiffeId::Cluster(crate::hub::cluster()), &proven);
        let chain = chain.certificates().iter().map(|der| Bytes::copy_from_slice(der)).collect();
        Ok(Response::new(Certificate { chain }))
    }
}
