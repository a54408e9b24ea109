//! The hub's parts together: real git, real SQLite, real keys.

mod holding;
mod joining;
mod measuring;
mod failing;
mod publishing;
mod readiness;
mod restoring;
mod site;
mod starting;
mod steered;
mod stopping;
