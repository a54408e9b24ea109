//! A certificate authority with its operators and listeners, as a hub has them.

use certs::accept::{Acceptor, Limits};
use certs::ca::{Authorities, Chain, Issuer, Root, Validity};
use certs::enroll::Proven;
use certs::identity::{SpiffeId, TrustDomain};
use certs::key::LeafKey;
use certs::tls::{Alpn, Audience, Gate, Identity, ServerTls, Standing};
use service::clock::{Clock, SystemClock};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) struct Town {
    domain: TrustDomain,
    root: Root,
    issuer: Issuer,
}

/// A listener of a hub, which answers nothing once a session stands.
pub(crate) struct Hub {
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
}

impl Town {
    pub(crate) fn new() -> Self {
        let domain: TrustDomain = "acme.example".parse().unwrap();
        let long = Validity::starting(SystemClock::new().wall(), 24 * HOUR).unwrap();
        let root = Root::create(domain.clone(), long, &mut rand::rng()).unwrap();
        let issuer = root.issuer(long, &mut rand::rng()).unwrap();
        Self { domain, root, issuer }
    }

    fn leaf(&self, id: &SpiffeId, life: Duration) -> (Chain, LeafKey) {
        let key = LeafKey::generate().unwrap();
        let begun = SystemClock::new().wall() - jiff::SignedDuration::from_secs(60);
        let validity = Validity::starting(begun, life).unwrap();
        (self.issuer.issue(id, &Proven::own(&key), validity, &mut rand::rng()).unwrap(), key)
    }

    /// An operator's folder, as `writ-hub init` makes it, with a certificate that lives this long.
    pub(crate) fn operator(&self, life: Duration) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = self.leaf(&SpiffeId::Person("ada".parse().unwrap()), life);
        fs::write(folder.path().join("cert.pem"), chain.to_pem()).unwrap();
        let roots = Chain::from_der(&[self.root.certificate()]).unwrap();
        fs::write(folder.path().join("roots.pem"), roots.to_pem()).unwrap();
        key.save(&folder.path().join("key.pem")).unwrap();
        folder
    }

    /// A hub's listener for `audience`, until the value is dropped.
    pub(crate) fn hub(&self, audience: Audience) -> Hub {
        let (chain, key) = self.leaf(&SpiffeId::Hub, HOUR);
        let identity = Identity::new(&chain, &key, &self.domain).unwrap();
        let authorities =
            Authorities::from_certificates(self.domain.clone(), [self.root.certificate().clone()]).unwrap();
        let settings = ServerTls { identity, authorities, audience, alpn: Alpn::Both };
        let gate = Gate::new(settings, Standing::by(|_| true), Arc::new(SystemClock::new())).unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let mut acceptor = Acceptor::new(listener, Arc::new(gate), Limits::default());
        drop(runtime.spawn(async move {
            loop {
                drop(acceptor.next().await);
            }
        }));
        Hub { address, _runtime: runtime }
    }
}
