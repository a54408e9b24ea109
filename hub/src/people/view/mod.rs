//! What the hub knows, as the REST types say it.

mod cluster;
mod hold;
mod pin;
mod status;

pub(super) use cluster::cluster;
pub(super) use hold::hold;
pub(crate) use status::status;
