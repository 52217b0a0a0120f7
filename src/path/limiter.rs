//! Paths whose calls take the turns of a limiter.

use super::Path;
use crate::pool::{Lane, Limiter};

/// Limiters.
impl Path {
    /// Returns this path with a limiter, whose turns all calls on it take.
    ///
    /// What is made from this path inherits the limiter: paths by [`join`](Path::join), `/`, [`parent`](Path::parent)
    /// and the other methods that return a path, the entries that [`iterdir`](Path::iterdir), [`glob`](Path::glob) and
    /// [`walk`](Path::walk) find, files that are [opened](Path::open) by it, and operations on whole trees. An
    /// operation on two paths takes the turns of the path whose method it is.
    ///
    /// A function that takes `impl AsRef<std::path::Path>`, such as [`open_file`](crate::open_file), does not see the
    /// limiter. Equality, ordering and hashing ignore it.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::{Limiter, Path};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let mount = dir.path();
    /// let limiter = Limiter::new(4);
    /// let share = Path::new(mount).with_limiter(&limiter);
    ///
    /// let notes = &share / "notes";
    /// notes.write_text("text").await?;
    /// let mut file = notes.open().await?;
    /// assert_eq!(file.metadata().await?.len(), 4);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn with_limiter(&self, limiter: &Limiter) -> Path {
        Path::in_lane(self.clone(), &Lane::limited(limiter))
    }

    /// Makes a path that has the limiter of this one.
    pub(crate) fn derive(&self, path: impl Into<Path>) -> Path {
        Path::in_lane(path, &self.lane)
    }

    /// Makes a path whose jobs take this lane.
    pub(crate) fn in_lane(path: impl Into<Path>, lane: &Lane) -> Path {
        let lane = lane.clone();
        Path {
            lane,
            ..path.into()
        }
    }

    #[cfg(feature = "tempfile")]
    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }
}
