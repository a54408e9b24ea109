//! One acceptor for every TLS listener: no handshake waits for another, each address has its share, and whoever has
//! shown no certificate takes up no member's room.

mod acceptor;
mod addresses;
mod connection;
mod handshake;
mod limits;
mod peer;
mod registry;
mod room;
mod strangers;

pub use acceptor::{Acceptor, Incoming};
pub use connection::Connection;
pub use limits::Limits;
pub use peer::{NotLive, Peer};
pub use registry::Registry;

#[cfg(test)]
mod tests;
