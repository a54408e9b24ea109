//! A small process harness for every Writ server: the system clock, supervised tasks, the ready file, telemetry,
//! atomic files, configuration, and the plain listener for probes.
//!
//! A server's `main` loads its configuration ([`config`]), takes its data directory ([`lock`]), binds its listeners
//! ([`listen`]), tells where they are ([`ready`]), and hands its tasks to the [`supervisor`].

pub mod age;
pub mod atomic;
pub mod backoff;
pub mod clock;
pub mod config;
pub mod exit;
pub mod fault;
pub mod health;
pub mod help;
pub mod listen;
pub mod lock;
pub mod probes;
pub mod ready;
pub mod supervisor;
pub mod telemetry;
