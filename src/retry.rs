//! System calls that a signal has ended are made again.
//!
//! A handler that was installed without `SA_RESTART` ends the call that a thread waits in. std makes some of
//! them again, rustix none. A process of many threads cannot choose the one that gets a signal, so none of
//! that is the user's to handle.

use std::io;

/// An error that may say that a signal came in between.
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

/// Makes a call, which has done nothing if a signal ends it, until none does.
pub(crate) fn retry<T, E: Interruption>(mut call: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    loop {
        match call() {
            Err(error) if error.is_interruption() => {}
            result => return result,
        }
    }
}
