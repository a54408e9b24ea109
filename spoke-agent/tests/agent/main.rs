//! The agent in one process, with a real directory as its cluster and really signed bundles.

mod accept;
mod cache;
mod rounds;
mod world;
