//! Reads and writes at an offset, which leave the cursor alone.

use std::fs::File;
use std::io::{self, IoSliceMut};

use super::async_file::AsyncFile;
use super::object::Shared;
use crate::budget;
use crate::cached::{Facts, INLINE};
use crate::error::Operation;
use crate::pool;

/// The most that one pool job carries for one call: larger calls are answered short, as `pread` may.
const MOST: usize = 1024 * 1024;

impl AsyncFile<File> {
    /// Reads at `offset`, leaving the file's position alone, and returns how many bytes were read.
    ///
    /// As POSIX `pread`: the count may be short, and 0 means the end of the file. Takes `&self`, so
    /// that many reads of one file can be under way at once. Bytes that were written to this file
    /// before are seen. Cached data is read on the spot, without a thread hop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing: the position is not involved.
    ///
    /// # Errors
    ///
    /// * Whatever `pread` reports, for example when the file is a directory or a pipe.
    /// * A write that this file accepted earlier cannot be carried out.
    ///
    /// # Platform behavior
    ///
    /// On Windows this is `ReadFile` with an offset, with the cursor put back afterwards.
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
        let cached = self.read_cached(buf, offset)?;
        if cached.is_all {
            budget::charge(cached.len);
            return Ok(cached.len);
        }
        let rest = &mut buf[cached.len..];
        let offset = offset.saturating_add(cached.len as u64);
        let len = rest.len().min(MOST);
        let read = self.work(Operation::Read, move |shared| {
            let mut bytes = vec![0; len];
            let read = shared.read(Some(offset), &mut bytes)?;
            bytes.truncate(read);
            Ok(bytes)
        })?;
        let is_fetched = self.shared()?.facts().is_some_and(Facts::reads_cached);
        let bytes = match is_fetched {
            true => pool::call_fetch(read).await?,
            false => pool::call(read).await?,
        };
        rest[..bytes.len()].copy_from_slice(&bytes);
        budget::charge_copy(bytes.len());
        Ok(cached.len + bytes.len())
    }

    /// Reads exactly `buf.len()` bytes at `offset`, leaving the file's position alone.
    ///
    /// As [`std::os::unix::fs::FileExt::read_exact_at`], on every platform.
    ///
    /// # Cancel safety
    ///
    /// As [`read_at`](AsyncFile::read_at); what `buf` then holds is unspecified.
    ///
    /// # Errors
    ///
    /// * [`UnexpectedEof`](io::ErrorKind::UnexpectedEof): the file ends before `buf` is full.
    /// * Those of [`read_at`](AsyncFile::read_at).
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

    /// Writes at `offset`, leaving the file's position alone, and returns how many bytes were
    /// written.
    ///
    /// As POSIX `pwrite`. The bytes are with the kernel when this returns: they are not buffered.
    /// Bytes that were written to this file before are written first. Takes `&self`, so that many
    /// writes to one file can be under way at once.
    ///
    /// # Cancel safety
    ///
    /// A write that was dropped before a pool thread began it is not carried out; one that has begun
    /// is finished.
    ///
    /// # Errors
    ///
    /// * Whatever `pwrite` reports.
    /// * A write that this file accepted earlier cannot be carried out.
    ///
    /// # Platform behavior
    ///
    /// On Linux, a file opened for appending gets the bytes at its end, whatever the offset.
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
        let shared = self.shared()?;
        shared.note_touch();
        let bytes = buf[..buf.len().min(MOST)].to_vec();
        budget::charge_copy(bytes.len());
        let write = move |shared: &Shared| shared.write_at(&bytes, offset);
        let written = pool::call(self.work(Operation::Write, write)?).await;
        shared.note_known();
        written
    }

    /// Writes the whole of `buf` at `offset`, leaving the file's position alone.
    ///
    /// As [`std::os::unix::fs::FileExt::write_all_at`], on every platform.
    ///
    /// # Cancel safety
    ///
    /// As [`write_at`](AsyncFile::write_at); a buffer of over 1 MiB may be written in part.
    ///
    /// # Errors
    ///
    /// * [`WriteZero`](io::ErrorKind::WriteZero): the system took nothing.
    /// * Those of [`write_at`](AsyncFile::write_at).
    ///
    /// # Examples
    ///
    /// See [`write_at`](AsyncFile::write_at).
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

/// What was read without waiting.
struct Cached {
    len: usize,
    /// There is nothing more to read, or it is as much as one call may copy.
    is_all: bool,
}

impl AsyncFile<File> {
    /// Reads what is cached at `offset`, up to the first gap. Accepted writes must go first.
    fn read_cached(&self, buf: &mut [u8], offset: u64) -> io::Result<Cached> {
        let shared = self.shared()?;
        let end = buf.len().min(INLINE);
        let mut len = 0;
        while len < end {
            let bufs = &mut [IoSliceMut::new(&mut buf[len..end])];
            let read = match self.writes.is_empty() {
                true => shared.read_cached(bufs, offset.saturating_add(len as u64)),
                false => None,
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
