//! The hub's parts together: real git, real SQLite, real keys.

mod failing;
mod holding;
mod joining;
mod measuring;
mod publishing;
mod readiness;
mod restoring;
mod signing;
mod site;
mod starting;
mod steered;
mod stopping;
