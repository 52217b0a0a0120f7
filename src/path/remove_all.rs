//! Removing trees, and whatever is at a path.

use std::io;

use super::Path;
use super::remove::{accept_missing, missing_ok_setter};
use crate::call::{Lazy, future};
use crate::dir::tree::{self, RemoveProgress, Reporter, Root};

/// Removing trees.
impl Path {
    /// Removes a directory and its contents.
    ///
    /// Semantics of [`std::fs::remove_dir_all`]: symbolic links are removed, not followed. The differences are
    /// in the [errors](RemoveDirAll#errors).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the rest of the tree stays. See [`RemoveDirAll`](RemoveDirAll#cancel-safety).
    ///
    /// # Errors
    ///
    /// See [`RemoveDirAll`](RemoveDirAll#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "a/b").mkdir().parents(true).await?;
    /// (&dir / "a").remove_dir_all().await?;
    /// assert!(!(&dir / "a").exists().await);
    /// (&dir / "a").remove_dir_all().missing_ok(true).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "rmtree")]
    pub fn remove_dir_all(&self) -> RemoveDirAll {
        RemoveDirAll(Lazy::New(RemoveDirAllCall {
            path: self.clone(),
            missing_ok: false,
            reporter: Reporter::default(),
        }))
    }

    /// Removes whatever is at the path: a file, a symbolic link, or a directory and its contents.
    ///
    /// Same as `rm -r`: symbolic links are removed, not followed. [`remove_dir_all`](Path::remove_dir_all) does not
    /// remove a file, and [`unlink`](Path::unlink) no directory.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the rest of the tree stays. See [`Remove`](Remove#cancel-safety).
    ///
    /// # Errors
    ///
    /// See [`Remove`](Remove#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// (&dir / "tree/inner").create_dir_all().await?;
    /// (&dir / "file").touch().await?;
    /// for name in ["tree", "file"] {
    ///     (&dir / name).remove().await?;
    ///     assert!(!(&dir / name).exists().await);
    /// }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn remove(&self) -> Remove {
        Remove(Lazy::New(RemoveCall {
            path: self.clone(),
            missing_ok: false,
            reporter: Reporter::default(),
        }))
    }
}

/// Adds the options of the removal of a tree to a builder, which is returned by the method of this name, and the
/// work to its call.
macro_rules! removal {
    ($builder:ident, $call:ident, $method:literal, $root:expr) => {
        missing_ok_setter!($builder, $method);

        impl $builder {
            /// Calls `f` with the progress after each slice of the work and at the end. There is no callback by
            /// default.
            ///
            /// `f` runs where the future is polled, not on the thread pool. There is no total, because the tree is
            /// not counted first.
            ///
            /// # Panics
            ///
            /// Panics if the future has been polled.
            ///
            /// # Examples
            ///
            /// ```
            /// # futures_lite::future::block_on(async {
            /// # let dir = tempfile::tempdir()?;
            /// # let dir = anyfile::Path::new(dir.path());
            /// (&dir / "a/b").create_dir_all().await?;
            /// let (send, receive) = std::sync::mpsc::channel();
            #[doc = concat!("let remove = (&dir / \"a\").", $method, "();")]
            /// remove.on_progress(move |progress| { let _ = send.send(progress.entries); }).await?;
            /// assert!(receive.iter().last() > Some(0));
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn on_progress(mut self, f: impl FnMut(RemoveProgress) + Send + 'static) -> Self {
                self.0.options().reporter = Reporter::new(f);
                self
            }
        }

        impl $call {
            async fn run(self) -> io::Result<()> {
                let lane = self.path.lane.clone();
                let removed = tree::remove(self.path.into(), $root, self.reporter, &lane).await;
                accept_missing(removed, self.missing_ok)
            }
        }
    };
}

future! {
    /// Future returned by [`Path::remove_dir_all`]. Options can be set until it is first polled.
    ///
    /// The depth of the tree is not limited: neither the stack nor the number of open files grows with it, and
    /// paths in the tree may be of any length.
    ///
    /// # Cancel safety
    ///
    /// The work is done in short slices. If the future is dropped, the slice that has begun is finished,
    /// and the rest of the tree stays. While the future is not polled, no thread is held.
    ///
    /// # Errors
    ///
    /// The message names the file or directory that cannot be removed: ``failed to recursively
    /// remove directory `a/b/c`: Permission denied``. Others may have been removed by then. It is not an error if
    /// another process removes entries at the same time.
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the path does not exist, and
    ///   [`missing_ok`](RemoveDirAll::missing_ok) is not set.
    /// - [`NotADirectory`](io::ErrorKind::NotADirectory): the path is a file, or a symbolic link followed by a
    ///   separator (`link/`). For the latter, std empties the directory that the link points to; here nothing
    ///   is removed.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path does not end with a name (`.`, `a/.`, `a/..`,
    ///   `/`). std removes the contents before it fails; here nothing is removed.
    /// - The process lacks permission to read a directory or to write to it.
    ///
    /// # Platform behavior
    ///
    /// On Unix, entries are looked up relative to open directories, so renames by other processes cannot lead
    /// out of the tree. On other platforms, [`std::fs::remove_dir_all`] does the work in one slice: the error
    /// names only the path, and progress is reported once, at the end, with the whole tree as one entry.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "cache/old").mkdir().parents(true).await?;
    /// (&dir / "cache")
    ///     .remove_dir_all()
    ///     .on_progress(|progress| println!("{} entries removed", progress.entries))
    ///     .await?;
    /// assert!(!(&dir / "cache").exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub struct RemoveDirAll(RemoveDirAllCall {
        path: Path,
        missing_ok: bool,
        reporter: Reporter<RemoveProgress>,
    }) -> io::Result<()>;
}

removal!(RemoveDirAll, RemoveDirAllCall, "remove_dir_all", Root::Dir);

future! {
    /// Future returned by [`Path::remove`]. Options can be set until it is first polled.
    ///
    /// The depth of a tree is not limited: neither the stack nor the number of open files grows with it, and
    /// paths in the tree may be of any length.
    ///
    /// # Cancel safety
    ///
    /// The work is done in short slices. If the future is dropped, the slice that has begun is finished,
    /// and the rest of the tree stays. While the future is not polled, no thread is held.
    ///
    /// # Errors
    ///
    /// The message names the file or directory that cannot be removed: ``failed to remove `a/b/c`: Permission
    /// denied``. Others may have been removed by then. It is not an error if another process removes entries at
    /// the same time.
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the path does not exist, and [`missing_ok`](Remove::missing_ok)
    ///   is not set.
    /// - [`NotADirectory`](io::ErrorKind::NotADirectory): the path ends with a separator, and is a file or a
    ///   symbolic link.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path does not end with a name (`.`, `a/.`, `a/..`,
    ///   `/`). Nothing is removed.
    /// - The process lacks permission to write to the parent directory, to read a directory or to write to it.
    ///
    /// # Platform behavior
    ///
    /// Same as [`RemoveDirAll`].
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "cache/old").create_dir_all().await?;
    /// (&dir / "cache").remove().missing_ok(true).await?;
    /// assert!(!(&dir / "cache").exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub struct Remove(RemoveCall {
        path: Path,
        missing_ok: bool,
        reporter: Reporter<RemoveProgress>,
    }) -> io::Result<()>;
}

removal!(Remove, RemoveCall, "remove", Root::Any);
