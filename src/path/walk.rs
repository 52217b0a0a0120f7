//! Walking through a tree.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::Path;
use super::bounds::bounds_setters;
use crate::dir::{self, Batches, Detail, Listing, Order};
use crate::pool::Lane;

/// Walking through a tree.
impl Path {
    /// Walks through the directory and everything below it. Returns a stream of directories, each with the
    /// names of its entries.
    ///
    /// A directory comes before its subdirectories, or [after](Walk::top_down) them. Otherwise, the order is
    /// unspecified, unless the walk is [sorted](Walk::sort). Several directories are read at once on the pool.
    /// For `.` and the [empty path](Path#the-empty-path), the paths have no prefix.
    ///
    /// Semantics of `pathlib` 3.14, except that errors are not ignored. To skip directories, set
    /// [`prune`](Walk::prune); Python code edits the list of directories.
    ///
    /// # Errors
    ///
    /// Errors are items, and the stream continues after each, unless [`on_error`](Walk::on_error) is set:
    ///
    /// - A directory cannot be read, or was removed in the meantime.
    /// - Symbolic links are followed, and one leads to a directory that contains it, possibly above the start
    ///   of the walk.
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
            found: Batches::new(dir::Walk::new(self.inner.clone()), self.lane.clone()),
        }
    }
}

/// A directory and the names of its entries, as found by [`Path::walk`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct WalkEntry {
    /// The path of the directory. It begins with the path at which the walk started.
    pub path: Path,
    /// The names of its subdirectories, including symbolic links to directories if links are followed.
    pub dirs: Vec<OsString>,
    /// The names of all other entries.
    pub files: Vec<OsString>,
    /// The paths of all entries with their metadata, if [`Walk::metadata`] is set. Otherwise, it is empty.
    pub entries: Vec<Path>,
}

impl WalkEntry {
    fn new(listing: Listing, lane: &Lane) -> WalkEntry {
        let listed = |entry| Path::listed(entry, lane);
        WalkEntry {
            path: listed(listing.dir),
            dirs: listing.dirs,
            files: listing.files,
            entries: listing.entries.into_iter().map(listed).collect(),
        }
    }
}

/// Stream returned by [`Path::walk`].
///
/// Options can be set until the stream is first polled. A stream that is not polled holds no thread. It holds a
/// bounded number of directories, each with all of its names, and the paths of those that are not yet read.
/// Dropping it ends the work on the pool.
///
/// # Cancel safety
///
/// Dropping a future that waits for the next directory loses nothing: the stream returns that directory later.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Walk {
    found: Batches<dir::Walk>,
}

bounds_setters! {
    Walk, "listed among the [`dirs`](WalkEntry::dirs) of its parent";
    max_depth:
        "(&dir / \"a/b/c\").create_dir_all().await?;"
        "let walk: Vec<_> = dir.walk().max_depth(2).sort(true).try_collect().await?;"
        "let paths: Vec<_> = walk.iter().map(|entry| &entry.path).collect();"
        "assert_eq!(paths, [&dir, &(&dir / \"a\")]);"
        "assert_eq!(walk[1].dirs, [\"b\"]);";
    exclude:
        "(&dir / \"src\").mkdir().await?;"
        "(&dir / \"target/debug\").create_dir_all().await?;"
        "let walk: Vec<_> = dir.walk().exclude(\"target\").try_collect().await?;"
        "assert_eq!(walk.len(), 2);"
        "assert_eq!(walk[0].dirs, [\"src\"]);";
    prune:
        "(&dir / \"src\").mkdir().await?;"
        "(&dir / \"target/debug\").create_dir_all().await?;"
        "let walk = dir.walk().prune(|dir| dir.ends_with(\"target\"));"
        "assert_eq!(walk.count().await, 2);";
    same_file_system:
        "assert_eq!(dir.walk().same_file_system(true).count().await, 1);";
}

impl Walk {
    /// Sets whether a directory comes before its subdirectories. The default is `true`.
    ///
    /// If `false`, it comes after everything below it, as is needed to remove a tree. One directory is read at a
    /// time.
    ///
    /// # Panics
    ///
    /// Panics if the stream has been polled.
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
            walk.order = if top_down {
                Order::TopDown
            } else {
                Order::BottomUp
            }
        })
    }

    /// Sets whether symbolic links to directories are followed. The default is `false`: they are listed as
    /// files.
    ///
    /// A link to a directory that contains it is reported as an error and not followed. `pathlib` follows it
    /// until the system refuses.
    ///
    /// # Panics
    ///
    /// Panics if the stream has been polled.
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

    /// Sets whether the metadata of all entries is queried as well. The default is `false`.
    ///
    /// It is queried on the pool when the entry is listed, which costs much less than a query for each path
    /// later. [`info().metadata()`](super::PathInfo::metadata) returns it for each directory, here and in
    /// [`prune`](Walk::prune), and for all [`entries`](WalkEntry::entries) of the directory, which are empty
    /// otherwise. Semantics of [`DirEntry::metadata`](std::fs::DirEntry::metadata): symbolic links are not
    /// followed. An entry that cannot be queried, because it was removed in the meantime for example, is listed
    /// without metadata.
    ///
    /// # Panics
    ///
    /// Panics if the stream has been polled.
    ///
    /// # Platform behavior
    ///
    /// On Linux with glibc, the query is relative to the open directory, so that it does not depend on the path. On
    /// Windows, the metadata comes with the listing. On Unix, a signal that interrupts the reading of a directory,
    /// which network filesystems allow, ends its listing with an error of kind
    /// [`Interrupted`](std::io::ErrorKind::Interrupted).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "notes").write_text("text").await?;
    /// let mut walk = dir.walk().metadata(true);
    /// while let Some(dir) = walk.try_next().await? {
    ///     let metadata = dir.entries.iter().filter_map(|entry| entry.info().metadata());
    ///     let size: u64 = metadata.map(|metadata| metadata.len()).sum();
    ///     assert_eq!(size, 4);
    /// }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn metadata(self, metadata: bool) -> Self {
        self.with(|walk| walk.detail = Detail::of(metadata))
    }

    /// Calls `f` with each error. By default, errors are items of the stream.
    ///
    /// The walk continues after each error. `f` is called on the pool, by one thread at a time. A panic in it
    /// resumes in the task that polls the stream.
    ///
    /// # Panics
    ///
    /// Panics if the stream has been polled.
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

    /// Sets whether the directories, and the names in each, are sorted. The default is `false`.
    ///
    /// If `true`, each directory is followed by everything below it, and then by the next one. One directory is
    /// read at a time.
    ///
    /// # Panics
    ///
    /// Panics if the stream has been polled.
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

    /// Sets the maximum number of directories that are read at once. The default is 0, which stands for
    /// [`available_parallelism`](std::thread::available_parallelism).
    ///
    /// # Panics
    ///
    /// Panics if the stream has been polled.
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
        let lane = self.found.lane();
        item.map(|item| Some(item?.map(|listing| WalkEntry::new(listing, lane))))
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").finish_non_exhaustive()
    }
}
