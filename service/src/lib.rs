//! A small process harness for every Writ server: the system clock, supervised tasks, the ready file, telemetry,
//! atomic files.

pub mod clock;
