//! The paths in a tree that a pattern describes.

use std::fmt;
use std::io;
use std::path::Path as StdPath;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::Path;
use super::ordered::Ordered;
use crate::dir;

/// What a tree holds.
impl Path {
    /// Searches the directory for what `pattern` describes: a stream of paths, in no particular order.
    ///
    /// In `pattern`, `?` stands for one character of a name, `*` for any number, `[seq]` for one of a set,
    /// `[!seq]` for one outside it, and a segment `**` for any number of directories; at the end, for files
    /// too. Names that begin with a dot are names like any other, and `..` is the directory above. With a
    /// `/` at its end, the pattern describes directories only.
    ///
    /// Each path is found once, and a directory before what is in it. Names without wildcards are looked
    /// up, so that no directory is read that cannot contribute. Several directories are read at once on
    /// the pool. Of `.` and the [empty path](Path#the-empty-path), the paths are found without them in front.
    ///
    /// Semantics of `pathlib` 3.14, except that errors are not passed over in silence, and that a cycle of
    /// symbolic links is not followed round.
    ///
    /// # Errors
    ///
    /// Of items of the stream, which goes on after them:
    ///
    /// - A directory cannot be read, or an entry cannot be looked up. What has gone meanwhile is no error, nor
    ///   is a symbolic link that leads nowhere or to itself: nothing is behind it.
    /// - The pattern is empty, absolute or has a NUL byte in it
    ///   ([`InvalidInput`](io::ErrorKind::InvalidInput)). The message names the directory and the pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "src/bin").mkdir().parents(true).await?;
    /// # (&dir / "src/bin/main.rs").touch().await?;
    /// let mut sources = dir.glob("src/**/*.rs");
    /// while let Some(source) = sources.try_next().await? {
    ///     assert_eq!(source, &dir / "src/bin/main.rs");
    /// }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn glob(&self, pattern: impl AsRef<StdPath>) -> Glob {
        Glob::new(self, pattern.as_ref(), false)
    }

    /// Searches the directory and all below it for what `pattern` describes: a stream of paths.
    ///
    /// It is [`glob`](Path::glob) with `**/` in front of the pattern. Semantics of `pathlib` 3.14: the empty
    /// pattern describes all directories, and `.` everything.
    ///
    /// # Errors
    ///
    /// Those of [`glob`](Path::glob), except that the pattern may be empty.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "a/b").mkdir().parents(true).await?;
    /// let all: Vec<_> = dir.rglob("*").sort(true).try_collect().await?;
    /// assert_eq!(all, [&dir / "a", &dir / "a/b"]);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn rglob(&self, pattern: impl AsRef<StdPath>) -> Glob {
        Glob::new(self, pattern.as_ref(), true)
    }
}

/// The paths that a pattern describes, as a stream; see [`Path::glob`].
///
/// Options are set before the first poll: a setter that is called later panics. A stream that is not polled holds no thread and a bounded
/// number of paths; dropping it ends the work that it has given to the pool.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Glob {
    found: Ordered<dir::Glob>,
}

impl Glob {
    fn new(base: &Path, pattern: &StdPath, anywhere: bool) -> Glob {
        let glob = dir::Glob::new(base.inner.clone(), pattern.into(), anywhere);
        Glob {
            found: Ordered::new(glob),
        }
    }

    /// Whether upper and lower case differ; by default, they do except on Windows.
    ///
    /// If set, names without wildcards are compared with what the directories list, rather than looked up.
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
    /// # (&dir / "README.md").touch().await?;
    /// let found = dir.glob("readme.*").case_sensitive(false).try_next().await?;
    /// assert_eq!(found, Some(&dir / "README.md"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn case_sensitive(self, case_sensitive: bool) -> Self {
        self.with(|glob| glob.case_sensitive = Some(case_sensitive))
    }

    /// Whether `**` follows symbolic links to directories; by default, it does not.
    ///
    /// A link to a directory that it is in, be that above where the search began, is found, but not followed.
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
    /// # (&dir / "real").mkdir().await?;
    /// # (&dir / "real/notes").touch().await?;
    /// # (&dir / "link").symlink_to("real").await?;
    /// assert_eq!(dir.rglob("notes").count().await, 1);
    /// assert_eq!(dir.rglob("notes").recurse_symlinks(true).count().await, 2);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn recurse_symlinks(self, recurse: bool) -> Self {
        self.with(|glob| glob.recurse_symlinks = recurse)
    }

    /// Whether the paths come in order; by default, they do not.
    ///
    /// The order is that of [`Path`], segment by segment. The first path comes when the last one has been
    /// found, and all are held in memory until then.
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
    /// # for name in ["b", "a", "c"] { (&dir / name).touch().await?; }
    /// let all: Vec<_> = dir.glob("*").sort(true).try_collect().await?;
    /// assert_eq!(all, [&dir / "a", &dir / "b", &dir / "c"]);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn sort(mut self, sort: bool) -> Self {
        self.found.set_sort(sort);
        self
    }

    /// How many directories are read at once, at the most; by default, or with 0, as many as the machine
    /// runs threads in parallel.
    ///
    /// Worth raising for a network filesystem, where reading is mostly waiting.
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
    /// assert_eq!(dir.rglob("*").workers(16).count().await, 0);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn workers(self, workers: usize) -> Self {
        self.with(|glob| glob.workers = workers)
    }

    #[track_caller]
    fn with(mut self, set: impl FnOnce(&mut dir::Glob)) -> Self {
        set(self.found.options());
        self
    }
}

impl Stream for Glob {
    type Item = io::Result<Path>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.found.poll_next(cx)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Glob").finish_non_exhaustive()
    }
}
