//! Access to the wrapped object, closing it, and the path that it was opened by.

use std::io;
use std::path::Path;

use futures_lite::future;

use super::async_file::AsyncFile;
use super::object::Shared;
use crate::error::Operation;
use crate::pool::{Lane, Limiter};

impl<T: Send + 'static> AsyncFile<T> {
    /// Sets the limiter whose turns all later calls on the file take, closing it among them. The default is none.
    ///
    /// Calls that have begun are not affected. [`OpenFile::limiter`](crate::open::OpenFile::limiter) also limits the
    /// open.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::{Limiter, wrap_file};
    /// use std::io::Cursor;
    ///
    /// let limiter = Limiter::new(1);
    /// let mut file = wrap_file(Cursor::new("text")).limiter(&limiter);
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// assert_eq!(text, "text");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn limiter(mut self, limiter: &Limiter) -> AsyncFile<T> {
        self.set_lane(Lane::limited(limiter));
        self
    }

    /// Runs `f` on the wrapped object, on the thread pool, and returns its result.
    ///
    /// Buffered bytes are written first, and the object's own cursor is moved to the logical position, if it
    /// has one. Afterwards, the logical position is where `f` left the cursor. Bytes that were read ahead from
    /// an object that cannot seek are kept for the next read.
    ///
    /// A [`File`](std::fs::File) is passed as a second handle to the same open file: its methods have their
    /// usual effect, but replacing the handle itself has none.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread began `f`, `f` is not called. If it has begun, it is finished, and
    /// later calls on the file wait for that.
    ///
    /// # Errors
    ///
    /// - The file is closed, or an earlier call on the object panicked.
    /// - An earlier buffered write failed.
    ///
    /// # Platform behavior
    ///
    /// On Unix, closing any handle to a file releases the process's record locks (`fcntl`) on it, and the
    /// second handle is closed afterwards. `flock`, which [`File::lock`](std::fs::File::lock) uses, is not
    /// affected.
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
        let lend = |shared: &Shared| {
            let result = shared.with_mut(f);
            shared.note_change();
            result
        };
        shared.change(Operation::Access, lend).await
    }

    /// Writes all buffered bytes and closes the file.
    ///
    /// Closing a closed file has no effect, as in Python, and neither has flushing it, because adapters flush
    /// before each poll of a close. Any other operation on a closed file is an error.
    /// [`AsyncWrite`](futures_lite::AsyncWrite)'s `close` does the same.
    ///
    /// The file is closed on the pool, unless closing is known to be fast. The executor is never blocked.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is lost: the file may be closed again, or dropped.
    ///
    /// # Errors
    ///
    /// Fails if buffered bytes could not be written. The file stays open and keeps the bytes, so `close` or
    /// `flush` may be called again once there is room.
    ///
    /// As in the standard library, an error that the system reports only when it closes the descriptor is
    /// ignored. Call [`sync_all`](AsyncFile::sync_all) before closing to make sure that the data is on the
    /// disk.
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

    /// Returns `true` if the file is closed. Every operation on a closed file except `close` and `flush` is an
    /// error.
    ///
    /// - After a successful [`close`](AsyncFile::close): `true`.
    /// - After a failed one: `false`. The file is open and holds the bytes that could not be written.
    /// - After one whose future was dropped: `false` if it was still waiting for bytes to be written; the file
    ///   is unchanged. `true` if it had begun to close the file; the thread pool closes it in the background,
    ///   and another `close` waits for that.
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

    /// Returns the path that the file was opened by, or `None` if it was created by
    /// [`wrap_file`](crate::wrap_file) or a conversion.
    ///
    /// The path is as it was given: a relative path is not made absolute, and renaming the file does not change
    /// it. A clone has the path of its original, and a closed file still has its path.
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

    /// Discards the buffered bytes that are not written yet and returns their number.
    ///
    /// After a failed write, for example on a full disk, every `flush` and `close` fails until the bytes are
    /// written. This method discards them: the file is usable again, and its position is where the first
    /// discarded byte would have been written.
    ///
    /// A background write that has begun is finished first, and its bytes are not discarded.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, either all the bytes were discarded or none. Later calls on the file wait until that is
    /// certain, so no byte that is written afterwards is discarded.
    ///
    /// # Errors
    ///
    /// - The file is closed, or an earlier call on the object panicked.
    /// - The cursor cannot be moved to where the first byte would have been written. The bytes were discarded
    ///   all the same.
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
        future::poll_fn(|cx| self.poll_abandoned(cx)).await;
        future::poll_fn(|cx| self.writes.poll_job(cx).map(drop)).await;
        let drainer = self.writes.drainer();
        let discard = move |shared: &Shared| drainer.discard(shared);
        let shared = self.shared()?;
        let discarded = shared.change(Operation::Seek, discard).await?;
        // The object's own buffer is yet to be flushed.
        if !shared.is_exclusive() {
            self.writes.set_clean();
        }
        Ok(discarded)
    }
}
