//! The agent in one process, with a real directory as its cluster and really signed bundles.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod accept;
mod access;
mod alone;
mod cache;
mod commit;
mod explaining;
mod failing;
mod following;
mod hub;
mod join;
mod last_good;
mod leaving;
mod offers;
mod rounds;
mod serving;
mod telling;
mod trust;
mod watermark;
mod world;
