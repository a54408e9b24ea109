//! The spoke agent: it follows heads, believes nothing unverified, keeps what it was told on disk, and makes its
//! cluster hold it, with or without a hub.
//!
//! Start at [`reconcile`]: what is seen becomes wants, wants a plan, the plan outcomes. [`follow`], [`accept`] and
//! [`commit`] bring bundles in, [`cache`] keeps them, [`status`] tells what became of them, [`wiring`] shows what runs.

pub mod accept;
pub mod agent;
pub mod apply;
pub mod blocking;
pub mod brakes;
pub mod cache;
pub mod chance;
pub mod command;
pub mod commit;
pub mod config;
pub mod connection;
pub mod explain;
pub mod faults;
pub mod files;
pub mod follow;
mod guarded;
pub mod history;
pub mod identity;
pub mod leave;
pub mod local;
pub mod measures;
mod news;
pub mod reach;
pub mod reconcile;
pub mod remembered;
pub mod rounds;
pub mod start;
pub mod status;
pub mod target;
pub mod time;
pub mod wiring;
