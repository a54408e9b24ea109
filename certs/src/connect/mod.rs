//! Calling a hub: one session at a time, whose exporter is known, and which is never dialled anew behind the caller's
//! back. Coming back (with jitter) is the caller's decision.

mod dial;
mod session;
mod trust;

pub use dial::ConnectError;
pub use session::{Session, connect};
pub use trust::fetch_trust;
