//! Reads and writes at an offset.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::{Bound, RangeBounds};

use super::async_file::AsyncFile;
use super::object::Shared;
use crate::budget;
use crate::cached::{Facts, INLINE};
use crate::error::Operation;

/// The maximum number of bytes of one pool job. Larger calls are short, as `pread` may be.
const MOST: usize = 1024 * 1024;

/// The largest range that is read on the caller's thread. Copying this much takes about as long as handing a job
/// to the pool and getting its result; the pool copies larger ranges on all cores.
const SMALL_RANGE: u64 = 64 * 1024;

impl AsyncFile<File> {
    /// Reads bytes at `offset` without changing the file's position, and returns their number.
    ///
    /// Semantics of POSIX `pread`: the number may be smaller than the buffer, and 0 means the end of the file.
    /// The method takes `&self`, so that several reads of one file can be in flight. Bytes that were written to
    /// this file before are seen. Cached data is read on the caller's thread.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect: the position is not involved.
    ///
    /// # Errors
    ///
    /// - `pread` fails, for example because the file is a directory or a pipe.
    /// - An earlier buffered write failed.
    ///
    /// # Platform behavior
    ///
    /// On Windows this is `ReadFile` with an offset; the cursor is restored afterwards.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "hello world")?;
    /// let file = anyfile::open_file(&path).await?;
    ///
    /// let mut word = [0; 5];
    /// assert_eq!(file.read_at(&mut word, 6).await?, 5);
    /// assert_eq!(&word, b"world");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        budget::proceed().await;
        let shared = self.in_order().await?;
        let cached = self.read_cached(buf, offset)?;
        if cached.is_all {
            budget::charge(cached.len);
            return Ok(cached.len);
        }
        let rest = &mut buf[cached.len..];
        let offset = offset.saturating_add(cached.len as u64);
        let len = rest.len().min(MOST);
        let read = self.after_writes(move |shared| {
            let mut bytes = vec![0; len];
            let read = shared.read(Some(offset), &mut bytes)?;
            bytes.truncate(read);
            Ok(bytes)
        });
        let bytes = fetch(shared, shared.work(Operation::Read, read)).await?;
        rest[..bytes.len()].copy_from_slice(&bytes);
        budget::charge_copy(bytes.len());
        Ok(cached.len + bytes.len())
    }

    /// Reads exactly `buf.len()` bytes at `offset` without changing the file's position.
    ///
    /// Semantics of [`std::os::unix::fs::FileExt::read_exact_at`], on every platform.
    ///
    /// # Cancel safety
    ///
    /// Same as [`read_at`](AsyncFile::read_at). The contents of `buf` are unspecified then.
    ///
    /// # Errors
    ///
    /// - [`UnexpectedEof`](io::ErrorKind::UnexpectedEof): the file ends before `buf` is full.
    /// - The errors of [`read_at`](AsyncFile::read_at).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "hello world")?;
    /// let file = anyfile::open_file(&path).await?;
    ///
    /// let (mut a, mut b) = ([0; 5], [0; 5]);
    /// futures_lite::future::try_zip(file.read_exact_at(&mut a, 0), file.read_exact_at(&mut b, 6))
    ///     .await?;
    /// assert_eq!((&a, &b), (b"hello", b"world"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read_at(buf, offset).await? {
                0 => {
                    let error = io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the file ends before the buffer is full",
                    );
                    return self.shared()?.name(Operation::Read, Err(error));
                }
                read => {
                    buf = &mut buf[read..];
                    offset += read as u64;
                }
            }
        }
        Ok(())
    }

    /// Reads the bytes of a range into a buffer of their own, without changing the file's position.
    ///
    /// The buffer has fewer bytes than the range only if the file ends before. A range without an end extends to
    /// the end of the file. Bytes that were written to this file before are seen.
    ///
    /// This is the method for large reads, many of which are in flight: the bytes are read straight into the
    /// buffer that is returned. A cached range of up to 64 KiB is read on the caller's thread, a larger one on
    /// the pool, so that several cores share the copying.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect: the position is not involved.
    ///
    /// # Errors
    ///
    /// - [`OutOfMemory`](io::ErrorKind::OutOfMemory): there is no memory for the buffer.
    /// - The errors of [`read_at`](AsyncFile::read_at).
    ///
    /// # Platform behavior
    ///
    /// Same as [`read_at`](AsyncFile::read_at).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// std::fs::write(&path, "hello world")?;
    /// let file = anyfile::open_file(&path).await?;
    ///
    /// assert_eq!(file.read_range(6..11).await?, b"world");
    /// assert_eq!(file.read_range(..=4).await?, b"hello");
    /// assert_eq!(file.read_range(9..100).await?, b"ld");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn read_range(
        &self,
        range: impl RangeBounds<u64>,
    ) -> impl Future<Output = io::Result<Vec<u8>>> + Send {
        // Taken apart here, so that the future is `Send` whatever the type of the range is.
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => last.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => u64::MAX,
        };
        self.read_up_to(end.saturating_sub(start), start)
    }

    async fn read_up_to(&self, len: u64, offset: u64) -> io::Result<Vec<u8>> {
        budget::proceed().await;
        let shared = self.in_order().await?;
        let mut bytes = Vec::new();
        if len <= SMALL_RANGE {
            bytes.resize(len as usize, 0);
            let cached = self.read_cached(&mut bytes, offset)?;
            bytes.truncate(cached.len);
            if cached.is_all {
                budget::charge(cached.len);
                return Ok(bytes);
            }
        }
        let read = self.after_writes(move |shared| {
            shared.read_range(&mut bytes, offset, len)?;
            Ok(bytes)
        });
        let read = shared.work(Operation::Read, read);
        if len <= SMALL_RANGE {
            fetch(shared, read).await
        } else {
            shared.lane().call(read).await
        }
    }

    /// Writes bytes at `offset` without changing the file's position, and returns their number.
    ///
    /// Semantics of POSIX `pwrite`. The bytes are not buffered: the kernel has them when this returns. Bytes
    /// that were written to this file before are written first. The method takes `&self`, so that several
    /// writes to one file can be in flight.
    ///
    /// # Cancel safety
    ///
    /// A write that is dropped before a worker thread began it is not carried out. One that has begun is finished, and
    /// later calls on the file wait for that.
    ///
    /// # Errors
    ///
    /// - `pwrite` fails, for example because the disk is full.
    /// - An earlier buffered write failed.
    ///
    /// # Platform behavior
    ///
    /// On Linux, a file that was opened for appending is written at its end, whatever the offset.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("greeting");
    /// let file = anyfile::open_file(&path).write(true).create_new(true).await?;
    /// file.write_all_at(b"world", 6).await?;
    /// file.write_all_at(b"hello ", 0).await?;
    /// assert_eq!(std::fs::read(&path)?, b"hello world");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        let shared = self.in_order().await?;
        shared.note_touch();
        let bytes = buf[..buf.len().min(MOST)].to_vec();
        budget::charge_copy(bytes.len());
        let write = move |shared: &Shared| shared.write_at(&bytes, offset);
        shared
            .change(Operation::Write, self.after_writes(write))
            .await
    }

    /// Writes all of `buf` at `offset` without changing the file's position.
    ///
    /// Semantics of [`std::os::unix::fs::FileExt::write_all_at`], on every platform.
    ///
    /// # Cancel safety
    ///
    /// Same as [`write_at`](AsyncFile::write_at). A buffer of more than 1 MiB may be written in part.
    ///
    /// # Errors
    ///
    /// - [`WriteZero`](io::ErrorKind::WriteZero): the system accepted no bytes.
    /// - The errors of [`write_at`](AsyncFile::write_at).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("notes");
    /// use anyfile::create_file;
    ///
    /// let file = create_file(&path).await?;
    /// file.write_all_at(b"world", 6).await?;
    /// file.write_all_at(b"hello ", 0).await?;
    /// assert_eq!(std::fs::read(&path)?, b"hello world");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub async fn write_all_at(&self, mut buf: &[u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match self.write_at(buf, offset).await? {
                0 => {
                    let error = io::Error::from(io::ErrorKind::WriteZero);
                    return self.shared()?.name(Operation::Write, Err(error));
                }
                written => {
                    buf = &buf[written..];
                    offset += written as u64;
                }
            }
        }
        Ok(())
    }
}

/// Runs a read on the pool that was tried on the caller's thread, by which the kernel may be fetching the data.
async fn fetch(
    shared: &Shared,
    read: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
) -> io::Result<Vec<u8>> {
    if shared.facts().is_some_and(Facts::reads_cached) {
        shared.lane().call_fetch(read).await
    } else {
        shared.lane().call(read).await
    }
}

/// The result of a read without waiting.
struct Cached {
    len: usize,
    /// Nothing more can be read, or one call has copied its maximum.
    is_all: bool,
}

impl AsyncFile<File> {
    /// Reads cached data at `offset`, up to the first gap. Accepted bytes must have been written.
    fn read_cached(&self, buf: &mut [u8], offset: u64) -> io::Result<Cached> {
        let shared = self.shared()?;
        let end = buf.len().min(INLINE);
        let mut len = 0;
        while len < end {
            let bufs = &mut [IoSliceMut::new(&mut buf[len..end])];
            let read = if self.writes.is_empty() {
                shared.read_cached(bufs, offset.saturating_add(len as u64))
            } else {
                None
            };
            match read {
                Some(Ok(0)) => break,
                Some(Ok(read)) => len += read,
                Some(Err(error)) if len == 0 => return Err(error),
                _ => return Ok(Cached { len, is_all: false }),
            }
        }
        Ok(Cached { len, is_all: true })
    }
}
