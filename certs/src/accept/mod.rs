//! One acceptor for every TLS listener: bounded in all, bounded by peer address, no handshake waits for another.

mod acceptor;
mod connection;
mod limits;
mod peer;
mod registry;

pub use acceptor::{Acceptor, Incoming};
pub use connection::Connection;
pub use limits::Limits;
pub use peer::{NotLive, Peer};
pub use registry::Registry;

#[cfg(test)]
mod tests;
