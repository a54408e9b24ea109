//! The one layer before every handler: a known method, and for `Distribution` a live cluster identity, judged anew at
//! each call.

use super::caller::{ClusterId, Session};
use crate::hub::Hub;
use crate::members::Members;
use crate::records::KeyId;
use certs::accept::Peer;
use certs::identity::SpiffeId;
use futures::future::{Either, Ready, ready};
use http::{Request, Response};
use jiff::Timestamp;
use policy::name::ClusterName;
use service::clock::Clock;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::watch;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

/// See the module.
#[derive(Clone)]
pub struct Admission {
    members: watch::Receiver<Arc<Members>>,
    clock: Arc<dyn Clock>,
}

/// Which service a method belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Enrollment,
    Distribution,
}

/// Every method that exists. What is not here is refused before any handler.
const METHODS: [(&str, Method); 6] = [
    ("/writ.v1alpha1.Enrollment/Trust", Method::Enrollment),
    ("/writ.v1alpha1.Enrollment/Join", Method::Enrollment),
    ("/writ.v1alpha1.Enrollment/Renew", Method::Enrollment),
    ("/writ.v1alpha1.Distribution/Follow", Method::Distribution),
    ("/writ.v1alpha1.Distribution/Fetch", Method::Distribution),
    ("/writ.v1alpha1.Distribution/Report", Method::Distribution),
];

impl Admission {
    /// Judges by the hub's members.
    #[must_use]
    pub fn new(hub: &Hub) -> Self {
        Self { members: hub.members(), clock: Arc::clone(&hub.clock) }
    }

    fn admit<B>(&self, mut request: Request<B>) -> Result<Request<B>, Status> {
        let method = known_method(request.uri().path())?;
        // The peer goes no further: handlers see only what their service may know.
        let peer = request.extensions_mut().remove::<Peer>();
        let peer = peer.ok_or_else(|| Status::internal("the call came over no session"))?;
        match method {
            Method::Enrollment => drop(request.extensions_mut().insert(Session::new(*peer.exporter()))),
            Method::Distribution => {
                let cluster = live_cluster(&peer, &self.members.borrow(), self.clock.wall())?;
                drop(request.extensions_mut().insert(ClusterId::new(cluster)));
            }
        }
        Ok(request)
    }
}

fn known_method(path: &str) -> Result<Method, Status> {
    let found = METHODS.iter().find(|(known, _)| *known == path);
    found.map(|(_, method)| *method).ok_or_else(|| Status::unimplemented("there is no such method"))
}

/// Expiry, cut sessions, revocation and replaced keys, at every call (invariants 11 and 13).
fn live_cluster(peer: &Peer, members: &Members, now: Timestamp) -> Result<ClusterName, Status> {
    let refused = |why: &str| Status::unauthenticated(why);
    let identity = peer.identity(now).map_err(|error| refused(&error.to_string()))?;
    let SpiffeId::Cluster(cluster) = identity else {
        return Err(refused("this call needs the certificate of a cluster"));
    };
    let key = peer.leaf().map(|leaf| KeyId(leaf.key()));
    if key.is_some_and(|key| members.is_live(cluster, key)) {
        Ok(cluster.clone())
    } else {
        Err(refused("this identity was revoked or replaced; ask for a new invitation"))
    }
}

impl<S> Layer<S> for Admission {
    type Service = Admitted<S>;

    fn layer(&self, inner: S) -> Admitted<S> {
        Admitted { inner, admission: self.clone() }
    }
}

/// A service behind [`Admission`].
#[derive(Clone)]
pub struct Admitted<S> {
    inner: S,
    admission: Admission,
}

impl<S, B> Service<Request<B>> for Admitted<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<Ready<Result<Response<Body>, S::Error>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.admission.admit(request) {
            Ok(request) => Either::Right(self.inner.call(request)),
            Err(status) => Either::Left(ready(Ok(status.into_http()))),
        }
    }
}
