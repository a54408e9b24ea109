//! The spoke agent: it follows heads, believes nothing unverified, keeps what it was told on disk, and makes its
//! cluster hold it, with or without a hub.
//!
//! Start at [`reconcile`]: what is seen becomes wants, wants a plan, the plan outcomes.

pub mod accept;
pub mod apply;
pub mod cache;
pub mod chance;
pub mod files;
pub mod reconcile;
pub mod target;
pub mod time;
