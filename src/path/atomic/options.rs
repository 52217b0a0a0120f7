//! How a file is put in place: the options that `write_atomic` and `open_atomic` have in common.

use crate::parents::Parents;

/// How a file is put in place.
#[derive(Debug, Clone, Copy)]
pub(in crate::path) struct Options {
    /// The permission bits of a file that replaces none, before the umask is applied.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has modes"))]
    pub(in crate::path) mode: u32,
    pub(in crate::path) sync: bool,
    pub(in crate::path) no_replace: bool,
    pub(in crate::path) parents: Parents,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            mode: 0o666,
            sync: true,
            no_replace: false,
            parents: Parents::default(),
        }
    }
}

/// Adds the setters of [`Options`] to a builder. The literals are the call that creates one, and what the future
/// returns has to do to put the file in place; and which calls fail.
macro_rules! atomic_setters {
    ($builder:ident: $call:literal, $commit:literal, $which:literal) => {
        impl $builder {
            /// Sets whether the file and its directory are synced (`fsync`) when the new contents are put in
            /// place. The default is `true`.
            ///
            /// If `false`, the new contents are still put in place in one step, and a killed process leaves the
            /// old or the new ones. But a power failure may leave an empty or incomplete file.
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
            /// # let cache = anyfile::Path::new(dir.path()) / "cache";
            #[doc = concat!("cache", $call, ".sync(false)", $commit, ".await?;")]
            /// assert!(cache.exists().await);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn sync(mut self, sync: bool) -> Self {
                self.0.options().options.sync = sync;
                self
            }

            #[doc = concat!("Sets whether an existing file is kept, and ", $which, " fails. The default is `false`.")]
            ///
            /// Checking and putting in place are one step: if several tasks or processes create one file, exactly
            /// one of them succeeds. A symbolic link at the path is not followed; it is an existing file, even if
            /// it is broken.
            ///
            /// # Errors
            ///
            /// - [`AlreadyExists`](std::io::ErrorKind::AlreadyExists): something exists at the path.
            /// - [`Unsupported`](std::io::ErrorKind::Unsupported), when the contents are put in place: the
            ///   filesystem can neither rename without replacing nor create hard links.
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
            /// # let notes = anyfile::Path::new(dir.path()) / "notes";
            #[doc = concat!("notes", $call, ".no_replace(true)", $commit, ".await?;")]
            #[doc = concat!("let error = notes", $call, ".no_replace(true).await.unwrap_err();")]
            /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn no_replace(mut self, no_replace: bool) -> Self {
                self.0.options().options.no_replace = no_replace;
                self
            }
        }

        /// # Platform behavior
        ///
        /// Available on Unix.
        #[cfg(unix)]
        impl $builder {
            /// Sets the permission bits of a new file, before the umask is applied. The default is `0o666`.
            ///
            /// If a file is replaced, its permissions are kept.
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
            /// # let secret = anyfile::Path::new(dir.path()) / "secret";
            /// use std::os::unix::fs::PermissionsExt;
            ///
            #[doc = concat!("secret", $call, ".mode(0o600)", $commit, ".await?;")]
            /// assert_eq!(secret.metadata().await?.permissions().mode() & 0o777, 0o600);
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn mode(mut self, mode: u32) -> Self {
                self.0.options().options.mode = mode;
                self
            }
        }
    };
}
pub(in crate::path) use atomic_setters;
