//! TLS as Writ speaks it: 1.3 only, X25519MLKEM768 first, nothing resumed, the peer known by its SPIFFE URI.

mod alpn;
mod client;
mod gate;
mod hub_verifier;
mod peer_verifier;
mod present;
mod provider;
mod server;
mod standing;

pub use alpn::Alpn;
pub use client::{ClientTls, Unverified};
pub use gate::Gate;
pub use present::{Identity, IdentityFault, Newest};
pub use server::{Audience, ServerTls, TlsError};
pub use standing::Standing;

#[cfg(test)]
mod tests;
