//! The attempt to which the lock of a file belongs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The number of an attempt to lock a file.
pub(super) type Attempt = u64;

/// The attempt that has locked the file last; 0 if none has since it was unlocked.
///
/// An attempt whose future was dropped is undone, which may be late. By then, the lock may belong to another attempt
/// on the same handle, for the system does not tell the two apart.
#[derive(Debug, Default)]
pub(super) struct LockOwner(Mutex<Attempt>);

impl LockOwner {
    /// Returns a number that no other attempt has. Relaxed: it carries no data.
    pub(super) fn next_attempt() -> Attempt {
        static ATTEMPTS: AtomicU64 = AtomicU64::new(1);
        ATTEMPTS.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes the attempt the owner if `lock` takes the lock. Undoing another attempt waits until then.
    pub(super) fn take<E>(
        &self,
        attempt: Attempt,
        lock: impl FnOnce() -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut owner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = lock()?;
        if is_taken {
            *owner = attempt;
        }
        Ok(is_taken)
    }

    /// Calls `unlock` if the lock belongs to this attempt, or to any if it is `None`.
    pub(super) fn give_back<E>(
        &self,
        attempt: Option<Attempt>,
        unlock: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let mut owner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if attempt.is_none_or(|attempt| attempt == *owner) {
            unlock()?;
            *owner = 0;
        }
        Ok(())
    }
}
