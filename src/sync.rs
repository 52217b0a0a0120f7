//! The synchronization primitives of the concurrent modules: those of std. The models in `models/` include
//! these modules by path, with the primitives of shuttle.

pub(crate) use std::hint;
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic};
pub(crate) use std::thread::sleep;
pub(crate) use std::time::Instant;
