//! The allowance: the memory that the buffers of all streams share.
//!
//! Each stream has a minimum of its own. Memory beyond that comes from here, and goes back as its bytes are
//! written, or as its reader is done.
//!
//! A stream may grow while it holds at most a quarter of what is left, as the queues of a network switch do that
//! share one memory. So one stream gets all it can use, ten get 1 MiB each, a hundred 150 KiB, and a newcomer
//! always finds some.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The size of the allowance in MiB, unless `ANYFILE_BUFFERS` sets it.
const DEFAULT: usize = 16;

/// The number of bytes that streams hold. Relaxed: it is a count, which guards no data.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// A stream's part of the allowance. Dropping it gives it back.
#[derive(Debug, Default)]
pub(crate) struct Grant(usize);

impl Grant {
    /// Holds at least `bytes`. Returns `false` if that is more than this stream's part.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.0);
        if more == 0 {
            return true;
        }
        let limit = limit();
        let take = |taken: usize| {
            let left = limit.saturating_sub(taken);
            (more <= left && self.0 <= left / 4).then_some(taken + more)
        };
        let taken = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if taken.is_ok() {
            self.0 = bytes;
        }
        taken.is_ok()
    }

    /// Returns `true` if this is more than a quarter of what is left: other streams have grown since.
    pub(crate) fn is_too_large(&self) -> bool {
        let left = limit().saturating_sub(TAKEN.load(Ordering::Relaxed));
        self.0 > left / 4
    }

    /// Gives back what is held beyond `bytes`.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let less = self.0.saturating_sub(bytes);
        if less > 0 {
            TAKEN.fetch_sub(less, Ordering::Relaxed);
            self.0 = bytes;
        }
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

/// Returns the size of the allowance in bytes.
fn limit() -> usize {
    static LIMIT: OnceLock<usize> = OnceLock::new();
    *LIMIT.get_or_init(|| {
        let set = std::env::var("ANYFILE_BUFFERS").ok();
        let mib = set.and_then(|mib| mib.parse().ok()).unwrap_or(DEFAULT);
        mib.saturating_mul(1024 * 1024)
    })
}
