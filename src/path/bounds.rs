//! The options of searches that leave something out.

/// Adds the setters of [`Bounds`](crate::dir::Bounds) to a stream. The literals are what happens to what is not
/// left out, and the lines of the examples.
macro_rules! bounds_setters {
    (
        $stream:ident, $found:literal;
        max_depth: $($depth:literal)+;
        exclude: $($exclude:literal)+;
        prune: $($prune:literal)+;
        same_file_system: $($same:literal)+;
    ) => {
        impl $stream {
            /// Sets the maximum number of names below the directory. By default, there is no limit.
            ///
            /// The entries of the directory itself have depth 1, those of its subdirectories depth 2. A directory
            #[doc = concat!("at the maximum depth is ", $found, ", and not opened.")]
            /// Semantics of `find -maxdepth`: with 0, no directory is opened.
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
            $(#[doc = $depth])+
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn max_depth(self, depth: usize) -> Self {
                self.with(|search| search.bounds.max_depth = Some(depth))
            }

            /// Leaves out everything that matches `pattern`, and everything below it. By default, nothing is left
            /// out.
            ///
            /// What is left out is not opened. Paths below the directory are compared as by
            /// [`Pattern::full_match`](crate::Pattern::full_match) with `**/` before the pattern: a name matches
            /// at any depth, and `docs/*.md` in every directory `docs`. A pattern that ends with `/` matches
            /// directories only. If this is called several times, everything is left out that one of the
            /// patterns matches. The directory at which the search begins is never left out.
            ///
            /// # Errors
            ///
            /// [`InvalidInput`](std::io::ErrorKind::InvalidInput), as the only item: the pattern is empty or
            /// absolute, or contains a NUL byte.
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
            $(#[doc = $exclude])+
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[doc(alias = "ignore")]
            #[track_caller]
            pub fn exclude(self, pattern: impl AsRef<std::path::Path>) -> Self {
                let pattern = pattern.as_ref().to_path_buf();
                self.with(|search| search.bounds.patterns.push(pattern))
            }

            /// Leaves out everything below the directories for which `f` returns `true`. By default, nothing is
            /// left out.
            ///
            #[doc = concat!("These directories are ", $found, ", and not opened.")]
            /// [`exclude`](Self::exclude) leaves out the directories as well. `f` is called for each directory
            /// that would be read next, except the first. It runs on the pool, where it may block, on one thread
            /// at a time. A panic in it resumes in the task that polls the stream.
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
            $(#[doc = $prune])+
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[doc(alias = "filter_entry")]
            #[track_caller]
            pub fn prune(self, mut f: impl FnMut(&Path) -> bool + Send + 'static) -> Self {
                let lane = self.found.lane().clone();
                let prune = move |dir: &dir::Entry| f(&Path::listed(dir.clone(), &lane));
                self.with(|search| search.bounds.prune = Some(dir::Choice::new(prune)))
            }

            /// Sets whether everything below the mount points of other filesystems is left out. The default is
            /// `false`.
            ///
            #[doc = concat!("A directory on another filesystem than the first one is ", $found, ", and not opened.")]
            /// Semantics of `find -xdev`.
            ///
            /// # Panics
            ///
            /// Panics if the stream has been polled.
            ///
            /// # Platform behavior
            ///
            /// On Unix, the device numbers (`st_dev`) are compared. A directory of the same filesystem that is
            /// mounted again (a bind mount) has the same number, and a subvolume of btrfs another one. On Linux, the
            /// query does not wait for the server of a network filesystem. On Windows, the drives are compared.
            ///
            /// # Examples
            ///
            /// ```
            /// # futures_lite::future::block_on(async {
            /// use futures_lite::StreamExt;
            ///
            /// # let dir = tempfile::tempdir()?;
            /// # let dir = anyfile::Path::new(dir.path());
            $(#[doc = $same])+
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[doc(alias = "xdev")]
            #[doc(alias = "one_file_system")]
            #[track_caller]
            pub fn same_file_system(self, same_file_system: bool) -> Self {
                self.with(|search| search.bounds.same_file_system = same_file_system)
            }
        }
    };
}
pub(super) use bounds_setters;
