//! Faults of the system, made on purpose, for the tests of this package.
//!
//! * [`Mount`]: a filesystem that hangs in chosen requests. It is served by the program `hangfs`.
//! * The program `refuse` runs a command for which chosen system calls fail.
#![cfg(target_os = "linux")]

mod mount;

pub use mount::{Caching, Counts, Mount};
