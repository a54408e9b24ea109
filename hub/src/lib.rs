//! The hub: turns commits of the catalog into signed heads, and serves them.

pub mod error;
pub mod following;
pub mod holds;
pub mod hub;
pub mod members;
pub mod observations;
pub mod records;
pub mod store;
