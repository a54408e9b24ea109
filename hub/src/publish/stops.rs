//! What keeps rules from changing: a pin, or a hold on the whole hub. It is judged twice: before a publish compiles,
//! which may take seconds, and again with the commit, in the same turn.

use crate::error::HubError;
use crate::hub::Hub;
use crate::records::{self, Kept, Only, Pin};

/// The stops as they stand at one moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stops {
    pin: Option<Kept<Pin>>,
    held: bool,
}

impl Stops {
    /// Whether a new revision, or the whole hub, is kept from being published.
    pub(super) const fn keep_back(&self, is_new_revision: bool) -> bool {
        self.held || (is_new_revision && self.pin.is_some())
    }

    /// The pin that the catalog is read from.
    pub(super) fn pin(&self) -> Option<&Pin> {
        self.pin.as_ref().map(|kept| &kept.record)
    }
}

impl Hub {
    pub(super) async fn stops(&self) -> Result<Stops, HubError> {
        let pin = records::get::<Pin>(self.store.as_ref(), &Only).await?;
        Ok(Stops { pin, held: self.standing_hold().await?.is_some() })
    }
}
