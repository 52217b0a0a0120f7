//! The calls on the object.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};

use super::other::unlearned;
use super::{Object, Shared};
use crate::cached::Answer;
use crate::error::Operation;
use crate::file::pread;
use crate::retry::retry;
#[cfg(windows)]
use crate::sync::PoisonError;
use crate::sync::atomic::Ordering;

/// All of these calls may block, except those that read cached data.
impl Shared {
    /// Reads cached data at `offset`. Returns `None` if that takes the pool.
    #[inline]
    pub(in crate::file) fn read_cached(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Option<io::Result<usize>> {
        let (file, facts) = (self.file()?, self.facts()?);
        if !facts.reads_cached() {
            return None;
        }
        match facts.read_at(file, bufs, offset) {
            Answer::Now(answer) => Some(self.name(Operation::Read, answer)),
            Answer::AskPool => None,
        }
    }

    /// Reads at the cursor, or at an offset of a regular file.
    pub(in crate::file) fn read(&self, offset: Option<u64>, buf: &mut [u8]) -> io::Result<usize> {
        let read = retry(|| match (&self.object, offset) {
            (Object::File(file), None) => (&*file).read(buf),
            (Object::File(file), Some(offset)) => self.with_cursor(|| {
                if self.access().direct {
                    pread::read_direct(file, buf, offset)
                } else {
                    pread::read_at(file, buf, offset)
                }
            }),
            (Object::Other(other), _) => other.read(buf),
        })?;
        check_count(read, buf.len(), "read")
    }

    /// Appends the bytes of a range to those at its beginning that `bytes` has already.
    pub(in crate::file) fn read_range(
        &self,
        bytes: &mut Vec<u8>,
        offset: u64,
        len: u64,
    ) -> io::Result<()> {
        let file = self.file().ok_or_else(unlearned)?;
        // With room for one more byte, the end of the file is found without a larger buffer.
        let there = self.size()?.saturating_sub(offset).saturating_add(1);
        let mut room = len.min(there).saturating_sub(bytes.len() as u64);
        while let rest @ 1.. = len.saturating_sub(bytes.len() as u64) {
            if bytes.len() == bytes.capacity() {
                bytes.try_reserve_exact(usize::try_from(room).unwrap_or(usize::MAX))?;
            }
            let offset = offset.saturating_add(bytes.len() as u64);
            let read = self.with_cursor(|| pread::append(file, self.access(), bytes, offset))?;
            if read == 0 {
                break;
            }
            // It grows, or it has more bytes than it says, as the files of `/proc` do.
            room = rest.min(64 * 1024);
        }
        // There may have been more room than was asked for.
        bytes.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }

    /// Writes at the cursor.
    pub(in crate::file) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let written = retry(|| match &self.object {
            Object::File(file) => self.with_cursor(|| {
                if self.access().direct {
                    pread::write_direct(bytes, |bytes| (&*file).write(bytes))
                } else {
                    (&*file).write(bytes)
                }
            }),
            Object::Other(other) => other.write(bytes),
        })?;
        check_count(written, bytes.len(), "write")
    }

    /// Writes at the cursor. Not for direct I/O.
    pub(in crate::file) fn write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        match &self.object {
            Object::File(file) => retry(|| self.with_cursor(|| (&*file).write_vectored(bufs))),
            Object::Other(_) => bufs.first().map_or(Ok(0), |buf| self.write(buf)),
        }
    }

    pub(in crate::file) fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let file = self.file().ok_or_else(unlearned)?;
        let write = |bytes: &[u8]| self.with_cursor(|| pread::write_at(file, bytes, offset));
        let written = retry(|| {
            if self.access().direct {
                pread::write_direct(bytes, write)
            } else {
                write(bytes)
            }
        });
        self.note_change();
        written
    }

    pub(in crate::file) fn seek(&self, to: SeekFrom) -> io::Result<u64> {
        match &self.object {
            Object::File(file) => {
                let position = self.with_cursor(|| (&*file).seek(to))?;
                self.sought.fetch_max(position, Ordering::Relaxed);
                Ok(position)
            }
            Object::Other(other) => other.seek(to),
        }
    }

    /// Flushes the object's own buffer. A file has none.
    pub(in crate::file) fn flush(&self) -> io::Result<()> {
        self.other().map_or(Ok(()), |other| retry(|| other.flush()))
    }

    /// Runs a call that uses or temporarily moves the cursor, excluding others that do.
    fn with_cursor<R>(&self, call: impl FnOnce() -> R) -> R {
        #[cfg(windows)]
        let _guard = self.cursor.lock().unwrap_or_else(PoisonError::into_inner);
        call()
    }
}

/// Returns an error for an impossible count, before anything is sliced by it.
fn check_count(count: usize, len: usize, call: &str) -> io::Result<usize> {
    if count <= len {
        return Ok(count);
    }
    let message =
        format!("the wrapped object's `{call}` reported {count} bytes for a buffer of {len}");
    Err(io::Error::new(ErrorKind::InvalidData, message))
}
