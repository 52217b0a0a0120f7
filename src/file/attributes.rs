//! Metadata and other attributes of a [`File`].

use std::fs::{File, FileTimes, Metadata, Permissions};
use std::io;

use futures_lite::future;

use super::async_file::AsyncFile;
use super::object::{Shared, closed};
use crate::budget;
use crate::cached::Facts;
use crate::error::Operation;
use crate::id::FileId;
use crate::retry::retry;

/// Returns a call on the object that makes `call` on the file.
fn on_file<R>(
    call: impl FnOnce(&File) -> io::Result<R> + Send + 'static,
) -> impl FnOnce(&Shared) -> io::Result<R> + Send + 'static {
    |shared| call(shared.file().ok_or_else(|| closed(None))?)
}

impl AsyncFile<File> {
    /// Makes a call on the pool after accepted bytes are written.
    pub(crate) async fn on_pool<R, F>(&self, operation: Operation, call: F) -> io::Result<R>
    where
        F: FnOnce(&File) -> io::Result<R> + Send + 'static,
        R: Send + 'static,
    {
        let shared = self.in_order().await?;
        let work = shared.work(operation, self.after_writes(on_file(call)));
        shared.lane().call(work).await
    }

    /// Same as [`on_pool`](Self::on_pool), for a call that changes the file.
    async fn change<R, F>(&self, operation: Operation, call: F) -> io::Result<R>
    where
        F: FnOnce(&File) -> io::Result<R> + Send + 'static,
        R: Send + 'static,
    {
        let shared = self.in_order().await?;
        shared
            .change(operation, self.after_writes(on_file(call)))
            .await
    }

    /// Returns the metadata of the file.
    ///
    /// Semantics of [`File::metadata`] (`fstat`). The length includes bytes that were written to this file
    /// before.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the file.
    ///
    /// # Errors
    ///
    /// - The system cannot read the metadata.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// let mut file = anyfile::create_file(&path).await?;
    /// file.write_all(b"hello").await?;
    /// assert_eq!(file.metadata().await?.len(), 5);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let shared = self.in_order().await?;
        if shared.is_local() && self.writes.is_empty() {
            if let Some(file) = shared.file() {
                budget::spend(0).await;
                return shared.name(Operation::Metadata, retry(|| file.metadata()));
            }
        }
        let ask = |file: &File| retry(|| file.metadata());
        self.on_pool(Operation::Metadata, ask).await
    }

    /// Returns the identity of the file, which tells whether a path leads to it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the file.
    ///
    /// # Errors
    ///
    /// The errors of [`metadata`](AsyncFile::metadata).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let path = &dir / "log";
    /// let log = path.create().await?;
    /// assert_eq!(log.file_id().await?, path.file_id().await?);
    ///
    /// path.rename(&dir / "log.1").await?;
    /// path.touch().await?;
    /// assert_ne!(log.file_id().await?, path.file_id().await?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn file_id(&self) -> io::Result<FileId> {
        #[cfg(unix)]
        let id = FileId::of(&self.metadata().await?);
        #[cfg(not(unix))]
        let id = self.on_pool(Operation::Metadata, FileId::of_file).await?;
        Ok(id)
    }

    /// Truncates the file to `size` bytes, or extends it with zeros.
    ///
    /// Semantics of [`File::set_len`] (`ftruncate`). The position does not change, and the next read sees the
    /// new contents.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread began the call, it is not carried out. A call that has begun is
    /// finished, and later calls on the file wait for that.
    ///
    /// # Errors
    ///
    /// - The file was not opened for writing, or the system refuses the size.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "hello world")?;
    /// let file = anyfile::open_file(&path).write(true).await?;
    /// file.set_len(5).await?;
    /// assert_eq!(std::fs::read(&path)?, b"hello");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        let shared = self.in_order().await?;
        shared.note_touch();
        let set_len = move |shared: &Shared| {
            let result = shared.file().map(|file| file.set_len(size));
            shared.note_change();
            result.unwrap_or_else(|| Err(closed(None)))
        };
        shared
            .change(Operation::SetLen, self.after_writes(set_len))
            .await
    }

    /// Truncates the file at the current position, or extends it with zeros up to there.
    ///
    /// Semantics of AnyIO's `truncate` without an argument: a [`set_len`](AsyncFile::set_len) to the position. The
    /// position does not change. As with std, a file that was opened for appending is at position 0 until something
    /// is written to it.
    ///
    /// # Cancel safety
    ///
    /// Same as [`set_len`](AsyncFile::set_len).
    ///
    /// # Errors
    ///
    /// The errors of [`set_len`](AsyncFile::set_len).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("counter");
    /// std::fs::write(&path, "100 apples")?;
    /// let mut file = anyfile::open_file(&path).write(true).await?;
    /// file.write_all(b"99").await?;
    /// file.truncate().await?;
    /// assert_eq!(std::fs::read(&path)?, b"99");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn truncate(&mut self) -> io::Result<()> {
        let position = self.stream_position().await?;
        self.set_len(position).await
    }

    /// Sets the permissions of the file.
    ///
    /// Semantics of [`File::set_permissions`] (`fchmod`).
    ///
    /// # Cancel safety
    ///
    /// Same as [`set_len`](AsyncFile::set_len).
    ///
    /// # Errors
    ///
    /// - The process may not change the permissions, or the filesystem does not support them.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// let file = anyfile::create_file(&path).await?;
    /// let mut permissions = file.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    /// file.set_permissions(permissions).await?;
    /// assert!(std::fs::metadata(&path)?.permissions().readonly());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        let call = |file: &File| file.set_permissions(permissions);
        self.change(Operation::SetPermissions, call).await
    }

    /// Sets the times of the file.
    ///
    /// Semantics of [`File::set_times`] (`futimens`). Buffered bytes are written first, so that they do not
    /// change the times afterwards.
    ///
    /// # Cancel safety
    ///
    /// Same as [`set_len`](AsyncFile::set_len).
    ///
    /// # Errors
    ///
    /// - The process may not change the times.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use std::time::{Duration, SystemTime};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// let file = anyfile::create_file(&path).await?;
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_times(std::fs::FileTimes::new().set_modified(then)).await?;
    /// assert_eq!(file.metadata().await?.modified()?, then);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        let set = move |file: &File| retry(|| file.set_times(times));
        self.change(Operation::SetTimes, set).await
    }

    /// Waits until the file's contents and metadata are on the disk.
    ///
    /// Semantics of [`File::sync_all`] (`fsync`).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread began the call, it is not carried out. Written bytes are
    /// not lost.
    ///
    /// # Errors
    ///
    /// - The disk reports an error.
    /// - An earlier buffered write failed. Nothing is synced in this case, and the next call tries again.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// let mut file = anyfile::create_file(&path).await?;
    /// file.write_all(b"hello").await?;
    /// file.sync_all().await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "fsync")]
    pub async fn sync_all(&self) -> io::Result<()> {
        self.on_pool(Operation::Sync, File::sync_all).await
    }

    /// Waits until the file's contents, and the metadata needed to read them, are on the disk.
    ///
    /// Semantics of [`File::sync_data`] (`fdatasync`).
    ///
    /// # Cancel safety
    ///
    /// Same as [`sync_all`](AsyncFile::sync_all).
    ///
    /// # Errors
    ///
    /// Same as [`sync_all`](AsyncFile::sync_all).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// use anyfile::create_file;
    /// use futures_lite::AsyncWriteExt;
    ///
    /// let mut file = create_file(&path).await?;
    /// file.write_all(b"safe").await?;
    /// file.sync_data().await?;
    /// assert_eq!(std::fs::read(&path)?, b"safe");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "fdatasync")]
    pub async fn sync_data(&self) -> io::Result<()> {
        self.on_pool(Operation::Sync, File::sync_data).await
    }

    /// Creates a second handle to the same open file.
    ///
    /// Semantics of [`File::try_clone`] (`dup`). Both share the kernel's file offset, so their writes follow
    /// each other. After a read or a seek, each has its own position; that of the clone starts where this
    /// file's is when the clone is first used.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, this file is unchanged, and a clone that exists already is closed on the pool.
    ///
    /// # Errors
    ///
    /// - The process has too many open files.
    /// - An earlier buffered write failed.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncReadExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "hello world")?;
    /// let mut file = anyfile::open_file(&path).await?;
    /// file.read_exact(&mut [0; 6]).await?;
    ///
    /// let mut rest = String::new();
    /// file.try_clone().await?.read_to_string(&mut rest).await?;
    /// assert_eq!(rest, "world");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "dup")]
    pub async fn try_clone(&mut self) -> io::Result<AsyncFile<File>> {
        future::poll_fn(|cx| self.poll_settled(cx)).await?;
        let shared = self.shared()?;
        shared.note_lent();
        shared.lend_file();
        let (path, bound) = (shared.path().cloned(), self.writes.bound());
        let (lane, writable) = (shared.lane(), shared.access().writable);
        let clone = move |file: &File| {
            let file = file.try_clone()?;
            let facts = Facts::learn(&file).restricted(writable);
            // Created here: if the future is dropped meanwhile, the handle is closed as any file is.
            Ok(AsyncFile::cloned(file, path, facts, bound, lane))
        };
        self.on_pool(Operation::Clone, clone).await
    }
}
