//! The room at one listener: members and strangers do not share it.

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
pub(super) struct Held {
    share: Share,
    _place: Place,
}

#[derive(Debug)]
enum Share {
    Stranger(Seat),
    Member(#[expect(dead_code, reason = "held, and given back when dropped")] OwnedSemaphorePermit),
}

impl Room {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            members: Arc::new(Semaphore::new(limits.members)),
            strangers: Strangers::new(limits.strangers),
            addresses: Addresses::new(limits.per_address),
        }
    }

    /// Room for a stranger; none when its address has too many sessions.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Held> {
        let place = self.addresses.take(address)?;
        Some(Held { share: Share::Stranger(self.strangers.seat(address)), _place: place })
    }

    /// The caller has shown who it is, and waits for a member's room.
    pub(super) async fn becomes_member(&self, held: Held) -> Result<Held, AcquireError> {
        let permit = Arc::clone(&self.members).acquire_owned().await?;
        Ok(Held { share: Share::Member(permit), ..held })
    }
}

impl Held {
    /// Cancelled when the caller is to leave; a member never has to for want of room.
    pub(super) fn makes_way(&self) -> CancellationToken {
        match &self.share {
            Share::Stranger(seat) => seat.makes_way().clone(),
            Share::Member(_) => CancellationToken::new(),
        }
    }
}
