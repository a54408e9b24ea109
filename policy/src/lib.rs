//! The pure core of Writ: no files, no sockets, no clock, no threads.
//!
//! Data flows through it once: [`document`] text becomes a [`catalog`], which [`compile`] turns into one cluster's
//! [`bundle`]; at the spoke, [`resolve`] says what is wanted of each unit and [`plan`] which writes that takes.

pub mod access;
pub mod authority;
pub mod bundle;
pub mod canonical;
pub mod catalog;
pub mod cedar;
pub mod cidr;
pub mod compile;
pub mod constraint;
pub mod diagnostic;
pub mod digest;
pub mod document;
pub mod facts;
pub mod health;
pub mod kinds;
pub mod kube_kinds;
pub mod local;
pub mod mode;
pub mod name;
pub mod object;
pub mod outcome;
pub mod plan;
#[cfg(test)]
mod precedence;
pub mod quantity;
pub mod report;
pub mod resolve;
pub mod seen;
pub mod selector;
pub mod time;
