//! Searching a tree by a pattern.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_lite::Stream;

use super::Path;
use super::bounds::bounds_setters;
use super::ordered::Ordered;
use crate::dir::{self, Detail};

/// Searching a tree.
impl Path {
    /// Searches the directory for paths that match `pattern`. Returns a stream of paths in no particular order.
    ///
    /// In `pattern`, `?` matches one character of a name, `*` any number of characters, `[seq]` one character in
    /// `seq`, and `[!seq]` one character not in `seq`. A segment `**` matches any number of directories, and at
    /// the end of the pattern also files. A leading dot in a name is not special, and `..` is the parent
    /// directory. A pattern that ends with `/` matches directories only.
    ///
    /// Each path is found once, and a directory before its contents. Names without wildcards are looked up, so
    /// only directories that may contain matches are read. Several directories are read at once on the pool. For
    /// `.` and the [empty path](Path#the-empty-path), the paths have no prefix.
    ///
    /// Semantics of `pathlib` 3.14, except that errors are not ignored and cycles of symbolic links are not
    /// followed.
    ///
    /// # Errors
    ///
    /// Errors are items, and the stream continues after each:
    ///
    /// - A directory cannot be read, or an entry cannot be looked up. Entries that were removed in the meantime
    ///   are not errors, nor are symbolic links that are broken or part of a loop.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the pattern is empty or absolute, or contains a NUL
    ///   byte. The message names the directory and the pattern.
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
    pub fn glob(&self, pattern: impl AsRef<std::path::Path>) -> Glob {
        Glob::new(self, pattern.as_ref(), false)
    }

    /// Searches the directory and everything below it for paths that match `pattern`. Returns a stream of
    /// paths.
    ///
    /// Same as [`glob`](Path::glob) with `**/` before the pattern. Semantics of `pathlib` 3.14: the empty
    /// pattern matches all directories, and `.` everything.
    ///
    /// # Errors
    ///
    /// The errors of [`glob`](Path::glob), except that the pattern may be empty.
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
    pub fn rglob(&self, pattern: impl AsRef<std::path::Path>) -> Glob {
        Glob::new(self, pattern.as_ref(), true)
    }
}

/// Stream returned by [`Path::glob`] and [`Path::rglob`].
///
/// Options can be set until the stream is first polled. A stream that is not polled holds no thread, and a
/// bounded number of paths. Dropping it ends the work on the pool.
///
/// # Cancel safety
///
/// Dropping a future that waits for the next item loses nothing: the stream returns that item later.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Glob {
    found: Ordered<dir::Glob>,
}

impl Glob {
    fn new(base: &Path, pattern: &std::path::Path, anywhere: bool) -> Glob {
        let glob = dir::Glob::new(base.inner.clone(), pattern.into(), anywhere);
        Glob {
            found: Ordered::new(glob, base.lane.clone()),
        }
    }

    /// Sets whether the pattern is case-sensitive. The default is `true`, except on Windows.
    ///
    /// This applies to the patterns of [`exclude`](Glob::exclude), too. If it is set, names without wildcards are
    /// compared with the listed names instead of being looked up.
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
    /// # (&dir / "README.md").touch().await?;
    /// let found = dir.glob("readme.*").case_sensitive(false).try_next().await?;
    /// assert_eq!(found, Some(&dir / "README.md"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn case_sensitive(self, case_sensitive: bool) -> Self {
        self.with(|glob| glob.case_sensitive = Some(case_sensitive))
    }

    /// Sets whether `**` follows symbolic links to directories. The default is `false`.
    ///
    /// A link to a directory that contains it, possibly above the start of the search, is found but not
    /// followed.
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

    /// Sets whether the metadata of each path is queried as well. The default is `false`.
    ///
    /// It is queried on the pool when the path is found, which costs much less than a query for each path
    /// later. [`info().metadata()`](super::PathInfo::metadata) returns it. Semantics of
    /// [`DirEntry::metadata`](std::fs::DirEntry::metadata): symbolic links are not followed. A path that cannot be
    /// queried, because it was removed in the meantime for example, is found without metadata.
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
    /// # (&dir / "a/b").mkdir().parents(true).await?;
    /// # (&dir / "a/b/notes").write_text("text").await?;
    /// let mut size = 0;
    /// let mut files = dir.rglob("notes").metadata(true);
    /// while let Some(file) = files.try_next().await? {
    ///     size += file.info().metadata().map_or(0, |metadata| metadata.len());
    /// }
    /// assert_eq!(size, 4);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn metadata(self, metadata: bool) -> Self {
        self.with(|glob| glob.detail = Detail::of(metadata))
    }

    /// Sets whether the paths are sorted. The default is `false`.
    ///
    /// The order is that of [`Path`], component by component. All paths are held in memory until the last one is
    /// found, and only then is the first one returned.
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

    /// Sets the maximum number of directories that are read at once. The default is 0, which stands for
    /// [`available_parallelism`](std::thread::available_parallelism).
    ///
    /// A larger number helps on network filesystems, where reading is mostly waiting.
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

bounds_setters! {
    Glob, "found if it matches";
    max_depth:
        "(&dir / \"a/b/c\").create_dir_all().await?;"
        "let found: Vec<_> = dir.rglob(\"*\").max_depth(2).sort(true).try_collect().await?;"
        "assert_eq!(found, [&dir / \"a\", &dir / \"a/b\"]);";
    exclude:
        "# for name in [\"src\", \"target\"] { (&dir / name).mkdir().await?; }"
        "# for name in [\"src/lib.rs\", \"target/lib.rs\"] { (&dir / name).touch().await?; }"
        "let found: Vec<_> = dir.rglob(\"*.rs\").exclude(\"target/\").try_collect().await?;"
        "assert_eq!(found, [&dir / \"src/lib.rs\"]);";
    prune:
        "# for name in [\"src\", \".git\"] { (&dir / name).mkdir().await?; }"
        "# for name in [\"src/lib.rs\", \".git/config\"] { (&dir / name).touch().await?; }"
        "let is_hidden = |dir: &anyfile::Path| {"
        "    dir.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b\".\"))"
        "};"
        "let found: Vec<_> = dir.rglob(\"*\").prune(is_hidden).sort(true).try_collect().await?;"
        "assert_eq!(found, [&dir / \".git\", &dir / \"src\", &dir / \"src/lib.rs\"]);";
    same_file_system:
        "(&dir / \"notes\").touch().await?;"
        "assert_eq!(dir.rglob(\"*\").same_file_system(true).count().await, 1);";
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
