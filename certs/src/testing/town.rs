//! One trust domain with its authority.

use crate::ca::{Authorities, Issuer, Root, Validity};
use crate::enroll::Proven;
use crate::identity::{SpiffeId, TrustDomain};
use crate::key::LeafKey;
use crate::tls::{Alpn, Audience, ClientTls, Gate, Identity, Newest, ServerTls, Standing};
use jiff::{SignedDuration, Timestamp};
use rustls::ClientConfig;
use service::clock::Clock;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now += SignedDuration::try_from(by).unwrap();
    }
}

impl Clock for TestClock {
    fn wall(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

pub(crate) struct Town {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) domain: TrustDomain,
    pub(crate) root: Root,
    pub(crate) issuer: Issuer,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self::at("acme.example", Arc::new(TestClock(Mutex::new(Timestamp::from_second(1_800_000_000).unwrap()))))
    }

    /// Another authority that tells the same time.
    pub(crate) fn beside(&self, domain: &str) -> Self {
        Self::at(domain, Arc::clone(&self.clock))
    }

    fn at(domain: &str, clock: Arc<TestClock>) -> Self {
        let domain: TrustDomain = domain.parse().unwrap();
        let long = Validity::starting(clock.wall(), DAY * 3650).unwrap();
        let root = Root::create(domain.clone(), long, &mut rand::rng()).unwrap();
        let issuer = root.issuer(long, &mut rand::rng()).unwrap();
        Self { clock, domain, root, issuer }
    }

    pub(crate) fn cluster(name: &str) -> SpiffeId {
        SpiffeId::Cluster(name.parse().unwrap())
    }

    pub(crate) fn identity(&self, id: &SpiffeId) -> Identity {
        let key = LeafKey::generate().unwrap();
        let day = Validity::starting(self.clock.wall(), DAY).unwrap();
        let chain = self.issuer.issue(id, &Proven::own(&key), day, &mut rand::rng()).unwrap();
        Identity::new(&chain, &key, &self.domain).unwrap()
    }

    pub(crate) fn authorities(&self) -> Authorities {
        Authorities::from_certificates(self.domain.clone(), [self.root.certificate().clone()]).unwrap()
    }

    pub(crate) fn server(&self, audience: Audience) -> ServerTls {
        let (identity, authorities) = (self.identity(&SpiffeId::Hub), self.authorities());
        ServerTls { identity, authorities, audience, alpn: Alpn::H2 }
    }

    pub(crate) fn gate(&self, audience: Audience, standing: Standing) -> Arc<Gate> {
        Arc::new(Gate::new(self.server(audience), standing, Arc::clone(&self.clock) as _).unwrap())
    }

    /// The configuration of a client that presents `identity`.
    pub(crate) fn client(&self, identity: Option<Identity>) -> ClientConfig {
        let (authorities, clock) = (self.authorities(), Arc::clone(&self.clock) as _);
        match identity {
            Some(identity) => {
                ClientTls::presenting(Arc::new(Newest::new(identity)), authorities, Alpn::H2, clock).unwrap().rustls()
            }
            None => ClientTls::nameless(authorities, clock).unwrap().rustls(),
        }
    }

    pub(crate) fn client_of(&self, name: &str) -> ClientConfig {
        self.client(Some(self.identity(&Self::cluster(name))))
    }
}
