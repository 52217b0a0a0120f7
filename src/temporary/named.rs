//! Temporary files with a name.

use std::fs;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_lite::AsyncWriteExt;

use super::left::Removal;
use super::{Location, create_new, location};
use crate::cached::Facts;
use crate::call::{Lazy, future};
use crate::error::{Operation, PathError, invalid_input};
use crate::file::AsyncFile;
use crate::path::{Path, rename_no_replace};
use crate::pool::Closing;
use crate::retry::retry;

/// Creates a temporary file with a name, open for reading and writing.
///
/// The file is removed when it is closed or dropped, unless it was [persisted](NamedTempFile::persist). Only the user
/// may access it. Semantics of [`tempfile::NamedTempFile`], and of Python's `NamedTemporaryFile` and `mkstemp`.
///
/// [`temp_file`](super::temp_file) creates a file without a name, and
/// [`Path::open_atomic`](crate::Path::open_atomic) one that replaces another, with its permissions.
///
/// # Errors
///
/// See [`CreateNamedTempFile`].
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use anyfile::named_temp_file;
/// use futures_lite::AsyncWriteExt;
///
/// let mut file = named_temp_file().suffix(".txt").await?;
/// file.write_all(b"for another program").await?;
/// file.flush().await?;
/// assert_eq!(file.path().read_text().await?, "for another program");
/// file.close().await?;
/// assert!(!file.path().exists().await);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[doc(alias = "NamedTemporaryFile")]
#[doc(alias = "mkstemp")]
pub fn named_temp_file() -> CreateNamedTempFile {
    CreateNamedTempFile(Lazy::New(CreateNamedTempFileCall {
        location: Location::default(),
        delete: true,
    }))
}

future! {
    /// Future returned by [`named_temp_file`]. Options can be set until it is first polled.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing is created. A file that was created is removed,
    /// also if [`delete`](CreateNamedTempFile::delete) is `false`.
    ///
    /// # Errors
    ///
    /// The error names the directory.
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the directory does not exist.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the process may not create files there.
    pub struct CreateNamedTempFile(CreateNamedTempFileCall {
        location: Location,
        delete: bool,
    }) -> io::Result<NamedTempFile>;
}

location!(CreateNamedTempFile, "named_temp_file", "file");

impl CreateNamedTempFile {
    /// Sets whether the file is removed when it is closed or dropped. The default is `true`.
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
    /// let file = anyfile::named_temp_file().dir(dir.path()).delete(false).await?;
    /// let path = file.path().clone();
    /// drop(file);
    /// assert!(path.exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn delete(mut self, delete: bool) -> Self {
        self.0.options().delete = delete;
        self
    }
}

impl CreateNamedTempFileCall {
    async fn run(self) -> io::Result<NamedTempFile> {
        let CreateNamedTempFileCall { location, delete } = self;
        let lane = location.lane.clone();
        let create = move || {
            let (file, path) = location.create(Operation::CreateTempFile, create_new)?;
            let facts = Facts::of_opened(&file, true);
            let is_local = facts.closes_on_the_spot();
            let named: Arc<std::path::Path> = path.as_std_path().into();
            let file = AsyncFile::opened(file, named, facts, path.lane().clone());
            let temporary = Mutex::new(Some(path.clone()));
            io::Result::Ok(NamedTempFile {
                name: Arc::new(Name {
                    is_local,
                    temporary,
                }),
                file: Some(file),
                path,
                is_temporary: true,
            })
        };
        let mut file = lane.call(create).await?;
        if !delete {
            file.keep();
        }
        Ok(file)
    }
}

/// A temporary file with a name, as created by [`named_temp_file`].
///
/// It dereferences to [`AsyncFile`], so it has all methods and traits of a file. A function that takes `&mut impl
/// AsyncWrite` is called with `&mut *file`.
///
/// # Drop
///
/// Dropping it removes its name, on a local filesystem before the drop returns, and on any other in the background, as
/// the drop of a [`TempDir`](super::TempDir) does. It also closes the file in the background. Buffered bytes are not
/// written any more. A file that was [persisted](NamedTempFile::persist) is dropped as any [`AsyncFile`] is.
/// [`close`](NamedTempFile::close) reports errors.
///
/// # Examples
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures_lite::AsyncWriteExt;
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = anyfile::Path::new(dir.path());
/// // In the directory of the result: a rename cannot cross filesystems.
/// let mut file = anyfile::named_temp_file().dir(&dir).await?;
/// file.write_all(b"all of it").await?;
/// file.persist(&dir / "result").await?;
/// assert_eq!((&dir / "result").read_text().await?, "all of it");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct NamedTempFile {
    /// Shared with the job that renames the file.
    name: Arc<Name>,
    /// Absent only during the drop.
    file: Option<AsyncFile>,
    path: Path,
    is_temporary: bool,
}

impl NamedTempFile {
    /// Returns the path of the file: the new one after it was [persisted](NamedTempFile::persist).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let file = anyfile::named_temp_file().await?;
    /// assert!(file.path().is_file().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "name")]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the buffered bytes, and renames the file to `target`, which replaces an existing file. From then on it is
    /// not temporary.
    ///
    /// Semantics of [`tempfile::NamedTempFile::persist`]. The file stays open. Its data may be lost in a power
    /// failure, unless [`sync_all`](AsyncFile::sync_all) was called before. Its permissions are those of a temporary
    /// file; [`Path::write_atomic`](crate::Path::write_atomic) keeps those of the file that is replaced.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins to rename the file, it is temporary still. A rename that
    /// has begun is finished, but [`path`](NamedTempFile::path) does not tell.
    ///
    /// # Errors
    ///
    /// The file stays open and temporary.
    ///
    /// - Buffered bytes cannot be written.
    /// - [`CrossesDevices`](io::ErrorKind::CrossesDevices): `target` is on another filesystem. Create the file in the
    ///   directory of the target with [`dir`](CreateNamedTempFile::dir).
    /// - [`NotFound`](io::ErrorKind::NotFound): the directory of `target` does not exist.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the file is not temporary any more.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let target = &dir / "result";
    /// let mut file = anyfile::named_temp_file().dir(&dir).await?;
    /// file.write_all(b"all of it").await?;
    /// file.persist(&target).await?;
    /// assert_eq!(*file.path(), target);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn persist<P: AsRef<std::path::Path>>(
        &mut self,
        target: P,
    ) -> impl Future<Output = io::Result<()>> + Send + use<'_, P> {
        let rename: Rename = |from, to| retry(|| fs::rename(from, to));
        self.rename(self.path.derive(target.as_ref()), rename)
    }

    /// Same as [`persist`](NamedTempFile::persist), but fails if `target` exists.
    ///
    /// # Cancel safety
    ///
    /// Same as [`persist`](NamedTempFile::persist).
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): there is something at `target`.
    /// - The errors of [`persist`](NamedTempFile::persist).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let target = &dir / "result";
    /// target.write_text("first").await?;
    /// let mut file = anyfile::named_temp_file().dir(&dir).await?;
    /// let error = file.persist_noclobber(&target).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// assert_eq!(target.read_text().await?, "first");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn persist_noclobber<P: AsRef<std::path::Path>>(
        &mut self,
        target: P,
    ) -> impl Future<Output = io::Result<()>> + Send + use<'_, P> {
        self.rename(self.path.derive(target.as_ref()), rename_no_replace)
    }

    async fn rename(&mut self, target: Path, rename: Rename) -> io::Result<()> {
        self.flush().await?;
        // While the job waits for a thread, it does not keep a file that was dropped.
        let name = Arc::downgrade(&self.name);
        let to = target.clone();
        let call = move || match name.upgrade() {
            Some(name) => name.rename(to.as_std_path(), rename),
            None => Ok(()),
        };
        let lane = self.path.lane().clone();
        lane.call(call).await.map_err(|error| {
            let (path, target) = (self.path.as_ref(), target.as_ref());
            PathError::wrap_pair(Operation::Rename, path, target, error)
        })?;
        self.path = target;
        self.is_temporary = false;
        Ok(())
    }

    fn keep(&mut self) {
        *self.name.lock() = None;
        self.is_temporary = false;
    }

    /// Closes the file, and removes it if it is temporary.
    ///
    /// Later calls do nothing.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file may be closed already. Another call goes on, and the drop removes the name.
    ///
    /// # Errors
    ///
    /// The file is removed if that is possible, even if it cannot be closed.
    ///
    /// - Buffered bytes cannot be written.
    /// - The name cannot be removed. Another call, or the drop, tries again.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let mut file = anyfile::named_temp_file().await?;
    /// file.close().await?;
    /// assert!(!file.path().exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn close(&mut self) -> io::Result<()> {
        let closed = AsyncFile::close(self).await;
        let name = self.name.clone();
        let lane = self.path.lane().clone();
        let removed = lane.call(move || name.remove()).await;
        self.is_temporary &= removed.is_err();
        let failed = |error| PathError::wrap(Operation::Remove, self.path.as_ref(), error);
        closed.and(removed.map_err(failed))
    }
}

impl Deref for NamedTempFile {
    type Target = AsyncFile;

    fn deref(&self) -> &AsyncFile {
        self.file.as_ref().expect(DROPPED)
    }
}

impl DerefMut for NamedTempFile {
    fn deref_mut(&mut self) -> &mut AsyncFile {
        self.file.as_mut().expect(DROPPED)
    }
}

const DROPPED: &str = "BUG: the file is used after its drop";

impl AsRef<std::path::Path> for NamedTempFile {
    fn as_ref(&self) -> &std::path::Path {
        self.path.as_ref()
    }
}

impl Drop for NamedTempFile {
    fn drop(&mut self) {
        if self.is_temporary {
            // Nobody needs its bytes, and freeing the blocks of a large file takes long.
            let open = self.file.take().map(AsyncFile::abandon);
            drop(Closing::new(open, self.path.lane().clone()));
        }
    }
}

type Rename = fn(&std::path::Path, &std::path::Path) -> io::Result<()>;

/// The name of the file. Dropping it removes the name, if it is temporary.
#[derive(Debug)]
struct Name {
    /// Whether removing a name never waits long.
    is_local: bool,
    /// Absent once it is not temporary.
    temporary: Mutex<Option<Path>>,
}

impl Name {
    /// Renames the file. May block.
    fn rename(&self, target: &std::path::Path, rename: Rename) -> io::Result<()> {
        let mut temporary = self.lock();
        let gone = || invalid_input("the file is not temporary any more");
        rename(temporary.as_ref().ok_or_else(gone)?.as_ref(), target)?;
        *temporary = None;
        Ok(())
    }

    /// Removes the file, if it is temporary. May block.
    fn remove(&self) -> io::Result<()> {
        let mut temporary = self.lock();
        if let Some(path) = &*temporary {
            remove_file(path.as_std_path())?;
            *temporary = None;
        }
        Ok(())
    }

    /// Held while the file is renamed or removed, because only one of the two may happen.
    fn lock(&self) -> MutexGuard<'_, Option<Path>> {
        let temporary = self.temporary.lock();
        temporary.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let temporary = self.temporary.get_mut();
        let Some(path) = temporary.unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        if self.is_local {
            let _ = remove_file(path.as_std_path());
        } else {
            let lane = path.lane().clone();
            let removal = Removal::leave();
            let remove = move || {
                let _ = remove_file(path.as_std_path());
                drop(removal);
            };
            lane.run(remove).detach();
        }
    }
}

fn remove_file(path: &std::path::Path) -> io::Result<()> {
    match retry(|| fs::remove_file(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
