//! The hub: turns commits of the catalog into signed heads, and serves them. [`publish`] is where to start reading.

mod changes;
pub mod command;
pub mod config;
pub mod distribute;
pub mod enrollment;
pub mod error;
pub mod explain;
pub mod following;
pub mod gates;
pub mod holds;
pub mod hub;
pub mod init;
pub mod intake;
pub mod invite;
pub mod measures;
pub mod members;
pub mod observations;
mod pace;
pub mod people;
pub mod pins;
pub mod publish;
pub mod records;
pub mod restored;
pub mod source;
pub mod spokes;
pub mod store;
pub mod sync;
#[cfg(test)]
mod tests;
mod tidy;
pub mod views;
pub mod wiring;
