//! Creating directories with options.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::{Operation, PathError};
use crate::pool::Lane;
use crate::retry::retry;

/// Options for creating a directory, as [`std::fs::DirBuilder`].
///
/// [`Path::mkdir`](crate::Path::mkdir) is a future with options. Its `mode` is that of the last directory only; the
/// mode of a `DirBuilder` is that of the parents, too. On Unix, `DirBuilderExt` of `fs::unix` sets it.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::fs::DirBuilder;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("a/b");
/// DirBuilder::new().recursive(true).create(&path).await?;
/// assert!(path.is_dir());
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct DirBuilder {
    recursive: bool,
    #[cfg(unix)]
    mode: Option<u32>,
}

impl DirBuilder {
    /// Creates options for creating a single directory.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::fs::DirBuilder;
    ///
    /// let builder = DirBuilder::new();
    /// ```
    pub fn new() -> DirBuilder {
        DirBuilder::default()
    }

    /// Sets whether missing parents are created, and an existing directory is a success. The default is `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::DirBuilder;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("a/b");
    /// let mut builder = DirBuilder::new();
    /// assert!(builder.create(&path).await.is_err());
    /// builder.recursive(true);
    /// builder.create(&path).await?;
    /// builder.create(&path).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// Creates the directory with these options. Nothing happens until the future is first polled.
    ///
    /// Semantics of [`std::fs::DirBuilder::create`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing is created. A call that has begun is
    /// finished.
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something exists at the path, and `recursive` is not set or
    ///   it is no directory.
    /// - [`NotFound`](io::ErrorKind::NotFound): the parent directory does not exist, and `recursive` is not set.
    /// - The process lacks permission to write to a directory.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::fs::DirBuilder;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// DirBuilder::new().create(&path).await?;
    /// assert!(path.is_dir());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn create<P: AsRef<Path>>(
        &self,
        path: P,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static + use<P> {
        let path = path.as_ref().to_path_buf();
        let builder = self.to_std();
        let create = move || {
            let created = retry(|| builder.create(&path));
            created.map_err(|error| PathError::wrap(Operation::CreateDir, &path, error))
        };
        Lane::default().call(create)
    }

    fn to_std(&self) -> fs::DirBuilder {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(self.recursive);
        #[cfg(unix)]
        if let Some(mode) = self.mode {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
        }
        builder
    }
}

#[cfg(unix)]
impl super::unix::DirBuilderExt for DirBuilder {
    fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }
}
