//! What the concurrent parts synchronize with: std's. The models of `models/` include these parts by path,
//! and give them shuttle's instead.

pub(crate) use std::hint;
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic};
pub(crate) use std::thread::sleep;
pub(crate) use std::time::Instant;
