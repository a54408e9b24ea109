//! The room at one listener: members and strangers do not share it, at no address either.

use super::addresses::{Addresses, Place};
use super::limits::Limits;
use super::strangers::{Seat, Strangers};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

#[derive(Debug)]
pub(super) struct Room {
    pub(super) limits: Limits,
    members: Arc<Semaphore>,
    strangers: Arc<Strangers>,
    addresses: Arc<Addresses>,
}

/// What one caller takes up of it, until it is dropped.
#[derive(Debug)]
pub(super) enum Held {
    Stranger(Seat),
    Member { _place: Place, _permit: OwnedSemaphorePermit },
}

/// Why there is no member's room.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoRoom {
    #[error("too many sessions with a certificate from one address")]
    Crowded,
    #[error("the listener is closed")]
    Closed(#[from] AcquireError),
}

impl Room {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            members: Arc::new(Semaphore::new(limits.members)),
            strangers: Strangers::new(limits.strangers, limits.per_address),
            addresses: Addresses::new(limits.per_address),
        }
    }

    /// Room for a stranger: always, at the cost of another stranger.
    pub(super) fn enter(&self, address: IpAddr) -> Held {
        Held::Stranger(self.strangers.seat(address))
    }

    /// The caller has shown who it is, and waits for a member's room.
    pub(super) async fn becomes_member(&self, stranger: Held, address: IpAddr) -> Result<Held, NoRoom> {
        let place = self.addresses.take(address).ok_or(NoRoom::Crowded)?;
        let permit = Arc::clone(&self.members).acquire_owned().await?;
        // It has kept its seat until now, so that those who wait are bounded too.
        drop(stranger);
        Ok(Held::Member { _place: place, _permit: permit })
    }
}

impl Held {
    /// Cancelled when the caller is to leave; a member never has to for want of room.
    pub(super) fn makes_way(&self) -> CancellationToken {
        match self {
            Self::Stranger(seat) => seat.makes_way().clone(),
            Self::Member { .. } => CancellationToken::new(),
        }
    }
}
