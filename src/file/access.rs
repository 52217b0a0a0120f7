//! The object behind a file as a whole: lent, closed, and the path that it was opened by.

use std::io;
use std::path::Path;

use futures_lite::future;

use super::async_file::AsyncFile;
use super::object::Shared;
use crate::error::Operation;
use crate::pool;

impl<T: Send + 'static> AsyncFile<T> {
    /// Runs `f` on the wrapped object, on the thread pool.
    ///
    /// What was written goes out first, and the object's own cursor is put at the logical position,
    /// where it can be; afterwards the logical position is where `f` has left the cursor. Bytes that
    /// were read ahead from an object that cannot seek are kept, and the next read delivers them.
    ///
    /// A [`File`](std::fs::File) is lent as a second handle to the same open file: everything that its methods do
    /// takes effect, but replacing the handle as a whole does not.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a pool thread has begun `f`, `f` is not called.
    ///
    /// # Errors
    ///
    /// - The file has been closed, or an earlier call on the object panicked.
    /// - A write that was accepted earlier cannot be carried out.
    ///
    /// # Platform behavior
    ///
    /// On Unix, closing any handle to a file gives up the process's record locks (`fcntl`) on it, and
    /// the second handle is closed afterwards. `flock`, which [`File::lock`](std::fs::File::lock) uses, is not affected.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// let mut file = anyfile::wrap_file(std::io::Cursor::new(Vec::new()));
    /// file.write_all(b"abc").await?;
    /// let len = file.with_mut(|cursor| cursor.get_ref().len()).await?;
    /// assert_eq!(len, 3);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn with_mut<R, F>(&mut self, f: F) -> io::Result<R>
    where
        F: FnOnce(&mut T) -> R + Send + 'static,
        R: Send + 'static,
    {
        future::poll_fn(|cx| self.poll_settled(cx)).await?;
        let shared = self.state.shared()?;
        shared.note_touch();
        self.reads.forget_shown();
        if shared.can_seek() {
            self.reads.clear();
        }
        let work = shared.work(Operation::Access, |shared| {
            let result = shared.with_mut(f);
            shared.note_change();
            result
        });
        let result = pool::call(work).await;
        self.shared()?.note_known();
        result
    }

    /// Writes what waits, then closes the file; reports what went wrong.
    ///
    /// Closing a closed file does nothing, as in Python, and neither does flushing it: adapters flush before
    /// each poll of a close. Any other operation on it is an error. This is also what
    /// [`AsyncWrite`](futures_lite::AsyncWrite)'s `close` does.
    ///
    /// Closing happens on the pool, unless it is known to be short: it never blocks the executor.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: the file may be closed again, or dropped.
    ///
    /// # Errors
    ///
    /// Accepted bytes could not be written. The file stays open with those bytes still in its buffer,
    /// so that `close` or `flush` may be called again once there is room.
    ///
    /// As in the standard library, an error that the system reports only as it closes a descriptor is
    /// not seen: [`sync_all`](AsyncFile::sync_all) before closing makes sure of the data.
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
    /// file.close().await?;
    /// assert!(file.write_all(b"again").await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn close(&mut self) -> io::Result<()> {
        future::poll_fn(|cx| self.poll_closed(cx)).await
    }

    /// Returns `true` if the file has been closed: every operation on it but `close` and `flush` is an error.
    ///
    /// - After a [`close`](AsyncFile::close) that succeeded: `true`.
    /// - After one that failed: `false`. The file is open, with the bytes that could not be written.
    /// - After one whose future was dropped: `false` if it still waited for bytes to be written, and the file is
    ///   as it was. `true` if it had begun to close the file: the thread pool closes it in the background, and
    ///   another `close` waits for that.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// let mut file = anyfile::wrap_file(std::io::Cursor::new(Vec::<u8>::new()));
    /// assert!(!file.is_closed());
    /// file.close().await?;
    /// assert!(file.is_closed());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "closed")]
    pub fn is_closed(&self) -> bool {
        self.shared().is_err()
    }

    /// Returns the path that the file was opened by, or `None` if it was made by
    /// [`wrap_file`](crate::wrap_file) or one of the conversions.
    ///
    /// The path is as it was given: a relative one is not made absolute, and a file that is renamed keeps its
    /// old one. A clone has the path of its original, and a closed file still has its own.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "hello")?;
    /// let file = anyfile::open_file(&path).await?;
    /// assert_eq!(file.path(), Some(path.as_path()));
    ///
    /// let wrapped = anyfile::wrap_file(std::fs::File::open(&path)?);
    /// assert_eq!(wrapped.path(), None);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "name")]
    pub fn path(&self) -> Option<&Path> {
        self.state.path()
    }

    /// Discards the bytes that were accepted and are not written yet, and returns how many these were.
    ///
    /// After a failed write, for example on a full disk, every `flush` and `close` fails until the bytes are
    /// written. This gives them up: the file can be used again, and its position is where the first
    /// discarded byte would have been written.
    ///
    /// A background write that has begun is finished first; what it writes is not discarded.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the bytes have been discarded, or none of them has.
    ///
    /// # Errors
    ///
    /// - The file has been closed, or an earlier call on the object panicked.
    /// - The cursor cannot be moved to where the first byte would have been written. The bytes have been
    ///   discarded.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// // Room for three bytes, as on a disk that is nearly full.
    /// let mut file = anyfile::wrap_file(std::io::Cursor::new([0; 3]));
    /// file.write_all(b"hello").await?;
    /// assert!(file.flush().await.is_err());
    /// assert_eq!(file.discard_unwritten().await?, 2);
    /// file.close().await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn discard_unwritten(&mut self) -> io::Result<usize> {
        future::poll_fn(|cx| self.poll_abandoned_move(cx)).await;
        future::poll_fn(|cx| self.writes.poll_job(cx).map(drop)).await;
        let drainer = self.writes.drainer();
        let discard = move |shared: &Shared| drainer.discard(shared);
        let shared = self.shared()?;
        let discarded = pool::call(shared.work(Operation::Seek, discard)).await?;
        // What another object buffers itself has yet to be flushed.
        if !shared.is_exclusive() {
            self.writes.set_clean();
        }
        Ok(discarded)
    }
}
