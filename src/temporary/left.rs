//! Removals that drops have left to the pool.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::pool::{self, Event};

/// How long the end of a thread waits, in all.
const PATIENCE: Duration = Duration::from_secs(1);

thread_local! {
    /// Those of this thread that are not over.
    static LEFT: RefCell<Left> = const { RefCell::new(Left(Vec::new())) };
}

/// A process may end with the drop. So the end of the thread waits for the removals: the drop itself may be on an
/// executor, which must not be blocked.
struct Left(Vec<Arc<Event>>);

impl Drop for Left {
    fn drop(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        for over in self.0.drain(..) {
            let left = deadline.saturating_duration_since(Instant::now());
            pool::block_for(left, |cx| over.poll(cx));
        }
    }
}

/// Sets an event when it is dropped, at the end of a removal.
pub(super) struct Removal(Arc<Event>);

impl Removal {
    /// Returns a guard for a removal that this thread leaves to the pool.
    pub(super) fn leave() -> Removal {
        let over = Arc::<Event>::default();
        let add = |left: &RefCell<Left>| {
            let left = &mut left.borrow_mut().0;
            left.retain(|over| !over.has_happened());
            left.push(over.clone());
        };
        // On Windows, a thread that ends holds the lock of the loader, and when the main thread does, no other is left.
        if cfg!(unix) {
            // Unless the thread is past that.
            let _ = LEFT.try_with(add);
        }
        Removal(over)
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        self.0.set();
    }
}
