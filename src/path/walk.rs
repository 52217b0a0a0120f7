//! A tree of directories, one by one.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::Path;
use crate::dir::{self, Batches, Listing, Order};

/// Walking through a tree.
impl Path {
    /// Walks through the directory and all below it: a stream of directories, each with the names of what
    /// is in it.
    ///
    /// A directory comes before those in it, or [after](Walk::top_down); nothing else is said of the
    /// order, unless the walk is [sorted](Walk::sort). Several directories are read at once on the pool.
    /// Below `.` and the [empty path](Path#the-empty-path), paths come without them in front.
    ///
    /// Semantics of `pathlib` 3.14, except that errors are not passed over in silence. Where Python's loop
    /// may edit the list of directories, here [`prune`](Walk::prune) says what to leave out.
    ///
    /// # Errors
    ///
    /// Of items of the stream, which goes on after them, unless [`on_error`](Walk::on_error) takes them:
    ///
    /// - A directory cannot be read, or has gone meanwhile.
    /// - A symbolic link is to be followed and leads to a directory that it is in, be that above where the
    ///   walk began.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "src").mkdir().await?;
    /// (&dir / "src/lib.rs").touch().await?;
    ///
    /// let mut walk = dir.walk();
    /// while let Some(entry) = walk.try_next().await? {
    ///     for name in &entry.files {
    ///         assert_eq!(entry.path.join(name), &dir / "src/lib.rs");
    ///     }
    /// }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn walk(&self) -> Walk {
        Walk {
            found: Batches::new(dir::Walk::new(self.inner.clone())),
        }
    }
}

/// A directory that a [walk](Path::walk) came through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct WalkEntry {
    /// The directory: the path that the walk began with, and the way from there.
    pub path: Path,
    /// The names of the directories in it. Symbolic links to directories are among them if they are
    /// followed.
    pub dirs: Vec<OsString>,
    /// The names of everything else in it.
    pub files: Vec<OsString>,
}

impl From<Listing> for WalkEntry {
    fn from(Listing { dir, dirs, files }: Listing) -> WalkEntry {
        let path = Path::from(dir);
        WalkEntry { path, dirs, files }
    }
}

/// The directories of a tree, as a stream; see [`Path::walk`].
///
/// Options are set before the first poll: a setter that is called later panics. A stream that is not polled holds no thread; it holds a bounded
/// number of directories, each with all of its names, and the paths of those that it has still to read.
/// Dropping it ends the work that it has given to the pool.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Walk {
    found: Batches<dir::Walk>,
}

impl Walk {
    /// Whether a directory comes before those in it; by default, it does.
    ///
    /// Otherwise it comes after all that are below it, as is needed to remove them, and one directory is
    /// read at a time.
    ///
    /// # Panics
    ///
    /// If the stream has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "a/b").mkdir().parents(true).await?;
    ///
    /// let walk: Vec<_> = dir.walk().top_down(false).try_collect().await?;
    /// let paths: Vec<_> = walk.into_iter().map(|entry| entry.path).collect();
    /// assert_eq!(paths, [&dir / "a/b", &dir / "a", dir]);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn top_down(self, top_down: bool) -> Self {
        self.with(|walk| {
            walk.order = match top_down {
                true => Order::TopDown,
                false => Order::BottomUp,
            }
        })
    }

    /// Whether symbolic links to directories are directories to walk through; by default, they are files.
    ///
    /// A link to a directory that it is in is reported as an error where it is met, and not followed, as
    /// `ignore` does it: `pathlib` goes round until the system stops it.
    ///
    /// # Panics
    ///
    /// If the stream has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "loop").symlink_to(".").await?;
    ///
    /// let walk: Vec<_> = dir.walk().follow_symlinks(true).collect().await;
    /// assert_eq!(walk.len(), 2);
    /// assert_eq!(walk[0].as_ref().unwrap().dirs, ["loop"]);
    /// assert!(walk[1].is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "followlinks")]
    #[track_caller]
    pub fn follow_symlinks(self, follow: bool) -> Self {
        self.with(|walk| walk.follow_symlinks = follow)
    }

    /// Gives errors to `f`; by default, they are items of the stream.
    ///
    /// The walk goes on after each. `f` is called on the pool, by one thread at a time; a panic in it
    /// resumes in whoever polls the stream.
    ///
    /// # Panics
    ///
    /// If the stream has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    /// use std::sync::mpsc;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let (sender, errors) = mpsc::channel();
    /// let missing = &dir / "missing";
    /// let walk = missing.walk().on_error(move |error| sender.send(error).unwrap());
    /// assert_eq!(walk.count().await, 0);
    /// assert_eq!(errors.iter().count(), 1);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "onerror")]
    #[track_caller]
    pub fn on_error(self, f: impl FnMut(io::Error) + Send + 'static) -> Self {
        self.with(|walk| walk.on_error = Some(Mutex::new(Box::new(f))))
    }

    /// Leaves out the directories for which `f` returns true, with all that is below them.
    ///
    /// They are still named in [`dirs`](WalkEntry::dirs) of the one that they are in. `f` is called on the
    /// pool, where it may ask the file system, by one thread at a time; a panic in it resumes in whoever
    /// polls the stream.
    ///
    /// # Panics
    ///
    /// If the stream has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "src").mkdir().await?;
    /// (&dir / "target/debug").mkdir().parents(true).await?;
    ///
    /// let walk = dir.walk().prune(|dir| dir.ends_with("target"));
    /// assert_eq!(walk.count().await, 2);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn prune(self, mut f: impl FnMut(&Path) -> bool + Send + 'static) -> Self {
        self.with(|walk| {
            let prune = move |dir: &dir::Entry| f(&Path::from(dir.clone()));
            walk.prune = Some(Mutex::new(Box::new(prune)));
        })
    }

    /// Whether names, and the directories themselves, come in order; by default, they do not.
    ///
    /// In order, each directory comes with all that is below it before the next one, as in `pathlib` if it
    /// were to sort its lists, and one directory is read at a time.
    ///
    /// # Panics
    ///
    /// If the stream has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # for name in ["b", "a/c"] { (&dir / name).mkdir().parents(true).await?; }
    /// let walk: Vec<_> = dir.walk().sort(true).try_collect().await?;
    /// let paths: Vec<_> = walk.into_iter().map(|entry| entry.path).collect();
    /// assert_eq!(paths, [dir.clone(), &dir / "a", &dir / "a/c", &dir / "b"]);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn sort(self, sort: bool) -> Self {
        self.with(|walk| walk.sort = sort)
    }

    /// How many directories are read at once, at the most; by default, or with 0, as many as the machine
    /// runs threads in parallel.
    ///
    /// # Panics
    ///
    /// If the stream has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// assert_eq!(dir.walk().workers(1).count().await, 1);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn workers(self, workers: usize) -> Self {
        self.with(|walk| walk.workers = workers)
    }

    #[track_caller]
    fn with(mut self, set: impl FnOnce(&mut dir::Walk)) -> Self {
        set(self.found.options());
        self
    }
}

impl Stream for Walk {
    type Item = io::Result<WalkEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = self.found.poll_next(cx);
        item.map(|item| Some(item?.map(WalkEntry::from)))
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").finish_non_exhaustive()
    }
}
