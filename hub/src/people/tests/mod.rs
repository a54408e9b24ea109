//! The people API over real TLS.

mod denied;
mod refused;
mod site;
mod story;
