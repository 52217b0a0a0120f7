//! [`Limiter`]: how many threads work for a part of the files.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use super::turns::{Place, Turn, Turns};
use crate::sync::Arc;

/// A limit on the number of pool threads that work at once for some files and paths.
///
/// All files and paths with the same limiter share its turns: [`OpenFile::limiter`](crate::open::OpenFile::limiter),
/// [`AsyncFile::limiter`](crate::AsyncFile::limiter) and [`Path::with_limiter`](crate::Path::with_limiter) set it.
/// Clones are the same limiter. It corresponds to AnyIO's `CapacityLimiter`.
///
/// A call that finds all turns taken waits in a queue, which is first in, first out. It holds no thread of the pool
/// while it waits. So a filesystem that has stopped answering, such as a network mount whose server is down,
/// stops at most as many threads as its limiter has turns, and the other threads stay free for everything else.
///
/// # What takes a turn
///
/// Each job on the pool takes one: a call that may block, a part of a read or a write in the background, a part of a
/// directory or of a tree. A stream or a tree operation gives its turn back between two parts if another call waits for
/// it.
///
/// An answer that comes from memory without a thread hop takes no turn, since it holds no thread. Neither does a file
/// on a local filesystem that is [closed by its drop](crate#drop).
///
/// A job that waits for something other than the system keeps its turn. For example, a read from a pipe has its turn
/// until data come: with a single turn, the other end of the pipe must not have the same limiter.
///
/// # Cancel safety
///
/// A call whose future is dropped while it waits leaves the queue at once, and is not carried out. A call that has
/// begun is finished, and keeps its turn until then, because its thread may still be blocked.
///
/// What was written is not lost: a file that is dropped closes in its turn. As for any file that is not local, its drop
/// waits for that for one second at most, and [`close`](crate::AsyncFile::close) does not block.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::{Limiter, Path, open_file};
/// use futures_lite::StreamExt;
///
/// # let dir = tempfile::tempdir()?;
/// # let mount = dir.path();
/// # std::fs::write(mount.join("notes"), "text")?;
/// let limiter = Limiter::new(4);
///
/// let share = Path::new(mount).with_limiter(&limiter);
/// let mut found = share.rglob("*");
/// while let Some(path) = found.try_next().await? {
///     // It inherits the limiter.
///     assert_eq!(path.read_text().await?, "text");
/// }
///
/// let file = open_file(mount.join("notes")).limiter(&limiter).await?;
/// assert_eq!(file.metadata().await?.len(), 4);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[doc(alias = "CapacityLimiter")]
#[doc(alias = "semaphore")]
#[derive(Clone)]
pub struct Limiter(Arc<Hidden>);

/// Returns the turns. They are behind `dyn`: otherwise clippy would warn of every map whose keys are paths, because a
/// key that contains a lock may change (`mutable_key_type`). Comparisons of paths ignore the limiter.
type Hidden = Box<dyn Fn() -> Arc<Turns> + Send + Sync + UnwindSafe + RefUnwindSafe>;

impl Limiter {
    /// Creates a limiter with `limit` turns.
    ///
    /// # Panics
    ///
    /// Panics if `limit` is 0, because every call would wait forever.
    ///
    /// # Examples
    ///
    /// ```
    /// let limiter = anyfile::Limiter::new(4);
    /// assert_eq!(limiter.limit(), 4);
    /// ```
    #[track_caller]
    pub fn new(limit: usize) -> Limiter {
        assert!(limit > 0, "a limiter needs at least one turn");
        let turns = Arc::new(Turns::new(limit));
        Limiter(Arc::new(Box::new(move || turns.clone())))
    }

    /// Returns the number of turns.
    ///
    /// # Examples
    ///
    /// ```
    /// let limiter = anyfile::Limiter::new(1);
    /// assert_eq!(limiter.clone().limit(), 1);
    /// ```
    #[doc(alias = "total_tokens")]
    pub fn limit(&self) -> usize {
        (self.0)().limit()
    }

    /// Returns the number of turns that are taken.
    ///
    /// By the time that the caller looks at it, it may have changed.
    ///
    /// # Examples
    ///
    /// ```
    /// let limiter = anyfile::Limiter::new(4);
    /// assert_eq!(limiter.in_use(), 0);
    /// ```
    #[doc(alias = "borrowed_tokens")]
    pub fn in_use(&self) -> usize {
        (self.0)().running()
    }

    /// Returns the number of jobs that wait for a turn.
    ///
    /// By the time that the caller looks at it, it may have changed.
    ///
    /// # Examples
    ///
    /// ```
    /// let limiter = anyfile::Limiter::new(4);
    /// assert_eq!(limiter.waiting(), 0);
    /// ```
    #[doc(alias = "statistics")]
    #[doc(alias = "tasks_waiting")]
    pub fn waiting(&self) -> usize {
        (self.0)().waiting()
    }

    pub(super) fn line_up(&self) -> (Turn, Place) {
        (self.0)().line_up()
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("limit", &self.limit())
            .field("in_use", &self.in_use())
            .field("waiting", &self.waiting())
            .finish()
    }
}
