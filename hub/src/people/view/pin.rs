//! The pin.

use crate::records;
use proto::rest::pin::Pin;

pub(in crate::people) fn pin(pin: records::Pin) -> Pin {
    let records::Pin { accepted, by, at, reason } = pin;
    Pin { revision: accepted.revision, by: by.to_string(), reason, since: at }
}
