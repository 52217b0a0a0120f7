//! Retrying system calls that were interrupted by a signal.
//!
//! A signal handler that was installed without `SA_RESTART` interrupts the call in which a thread waits. std
//! retries some calls, rustix none. A process with several threads cannot choose which of them receives a
//! signal, so users cannot prevent this.

use std::io;

/// An error that may be an interruption by a signal.
pub(crate) trait Interruption {
    fn is_interruption(&self) -> bool;
}

impl Interruption for io::Error {
    fn is_interruption(&self) -> bool {
        self.kind() == io::ErrorKind::Interrupted
    }
}

#[cfg(unix)]
impl Interruption for rustix::io::Errno {
    fn is_interruption(&self) -> bool {
        *self == rustix::io::Errno::INTR
    }
}

/// Repeats a call until no signal interrupts it. An interrupted call must not have had an effect.
pub(crate) fn retry<T, E: Interruption>(mut call: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    loop {
        match call() {
            Err(error) if error.is_interruption() => {}
            result => return result,
        }
    }
}
