//! The pin.

use crate::records;
use proto::rest::pin::Pin;

impl From<records::Pin> for Pin {
    fn from(pin: records::Pin) -> Self {
        let records::Pin { accepted, by, at, reason } = pin;
        Self { revision: accepted.revision, by: by.to_string(), reason, since: at }
    }
}
