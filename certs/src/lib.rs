//! Who is who on the wire: the certificate authority, join tokens and proofs, the trust document's signatures, and the
//! TLS that every listener and every client of Writ uses.
//!
//! An identity is the SPIFFE URI of the peer's certificate and nothing else. Reading order: [`identity`], [`ca`],
//! [`enroll`], [`tls`], [`accept`], [`connect`].

pub mod accept;
pub mod ca;
pub mod connect;
pub mod enroll;
pub mod identity;
pub mod key;
pub mod tls;

#[cfg(test)]
mod testing;
