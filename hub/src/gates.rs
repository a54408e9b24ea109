//! The gates of both listeners: who stands, and the hub's own certificate, renewed at half life.

use crate::enrollment::{EnrollError, Enroller};
use crate::hub::Hub;
use crate::members::Members;
use crate::records::KeyId;
use certs::ca::{Authorities, AuthoritiesError};
use certs::identity::{Leaf, SpiffeId};
use certs::tls::{Alpn, Audience, Gate, Identity, ServerTls, Standing, TlsError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often sessions are looked through for certificates that have ended.
const LOOK: Duration = Duration::from_secs(1);

/// Why a gate does not open.
#[derive(Debug, thiserror::Error)]
pub enum GatesError {
    /// The hub's certificate.
    #[error("the hub cannot issue its own certificate")]
    Certificate(#[from] EnrollError),
    /// The trust document's authorities.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The gates of both listeners.
#[derive(Clone)]
pub struct Gates {
    /// Before spokes.
    pub spokes: Arc<Gate>,
    /// Before people.
    pub people: Arc<Gate>,
    hub: Arc<Hub>,
    enroller: Arc<Enroller>,
}

impl Gates {
    /// Opens both with a fresh certificate.
    ///
    /// # Errors
    /// [`GatesError`] says what is missing.
    pub fn open(hub: Arc<Hub>, enroller: Arc<Enroller>) -> Result<Self, GatesError> {
        let identity = enroller.own()?;
        let gate = |audience, standing| -> Result<_, GatesError> {
            let settings = settings(&hub, identity.clone(), audience)?;
            Ok(Arc::new(Gate::new(settings, standing, Arc::clone(&hub.clock))?))
        };
        let spokes = gate(Audience::Spokes, members_stand(hub.members()))?;
        let people = gate(Audience::People, Standing::by(|_| true))?;
        Ok(Self { spokes, people, hub, enroller })
    }

    /// Presents a fresh certificate and the newest authorities from now on.
    ///
    /// # Errors
    /// [`GatesError`]; what was presented before stays.
    pub fn renew(&self) -> Result<(), GatesError> {
        let identity = self.enroller.own()?;
        self.spokes.swap(settings(&self.hub, identity.clone(), Audience::Spokes)?)?;
        Ok(self.people.swap(settings(&self.hub, identity, Audience::People)?)?)
    }

    /// Keeps both: cuts the sessions of members that no longer stand at once, those of ended certificates within a
    /// second, and renews the hub's certificate at half life. Never ends.
    ///
    /// # Errors
    /// [`GatesError`] when the hub's certificate cannot be renewed.
    pub async fn keep(&self) -> Result<(), GatesError> {
        tokio::select! {
            () = self.spokes.watch(LOOK) => Ok(()),
            () = self.people.watch(LOOK) => Ok(()),
            () = self.follow_members() => Ok(()),
            ended = self.keep_fresh() => ended,
        }
    }

    async fn follow_members(&self) {
        let mut members = self.hub.members();
        while members.changed().await.is_ok() {
            self.spokes.review();
        }
        // The hub's own sender is gone only when the hub is.
        std::future::pending().await
    }

    async fn keep_fresh(&self) -> Result<(), GatesError> {
        loop {
            tokio::time::sleep(self.enroller.leaf().get() / 2).await;
            self.renew()?;
        }
    }
}

fn settings(hub: &Hub, identity: Identity, audience: Audience) -> Result<ServerTls, GatesError> {
    let alpn = match audience {
        Audience::Spokes => Alpn::H2,
        Audience::People => Alpn::Both,
    };
    Ok(ServerTls { identity, authorities: Authorities::of(hub.trust().latest())?, audience, alpn })
}

/// A cluster's certificate stands while its key is the registered one.
fn members_stand(members: watch::Receiver<Arc<Members>>) -> Standing {
    Standing::by(move |leaf| is_registered(&members.borrow(), leaf))
}

fn is_registered(members: &Members, leaf: &Leaf) -> bool {
    match leaf.id() {
        SpiffeId::Cluster(cluster) => members.is_live(cluster, KeyId(leaf.key())),
        SpiffeId::Hub | SpiffeId::Person(_) => false,
    }
}
