//! The platform's positional calls, and the alignment that direct I/O requires.

use std::fs::File;
use std::io;

use crate::cached::Access;
use crate::retry::retry;

/// The alignment of the offset, the length and the memory of direct I/O: the block size of nearly every device,
/// and a multiple of the smaller ones.
const ALIGN: usize = 4096;

/// Reads at `offset` without moving the cursor.
#[cfg(unix)]
pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset)
}

/// Writes at `offset` without moving the cursor.
#[cfg(unix)]
pub(super) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, buf, offset)
}

/// Reads at `offset` and restores the cursor. The caller ensures that no other call uses the cursor at the
/// same time.
#[cfg(windows)]
pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    keeping_cursor(file, |file| {
        std::os::windows::fs::FileExt::seek_read(file, buf, offset)
    })
}

/// Writes at `offset` and restores the cursor. The caller ensures that no other call uses the cursor at the
/// same time.
#[cfg(windows)]
pub(super) fn write_at(file: &File, buf: &[u8], offset: u64) -> io::Result<usize> {
    keeping_cursor(file, |file| {
        std::os::windows::fs::FileExt::seek_write(file, buf, offset)
    })
}

#[cfg(windows)]
fn keeping_cursor<R>(mut file: &File, call: impl FnOnce(&File) -> io::Result<R>) -> io::Result<R> {
    use std::io::{Seek, SeekFrom};
    let position = file.stream_position()?;
    let result = call(file);
    file.seek(SeekFrom::Start(position))?;
    result
}

/// Reads at `offset` into the spare capacity of `bytes`, of which there must be some.
pub(super) fn append(
    file: &File,
    access: Access,
    bytes: &mut Vec<u8>,
    offset: u64,
) -> io::Result<usize> {
    if access.direct {
        return append_zeroed(bytes, |buf| read_direct(file, buf, offset));
    }
    #[cfg(unix)]
    {
        use rustix::buffer::spare_capacity;
        Ok(retry(|| {
            rustix::io::pread(file, spare_capacity(bytes), offset)
        })?)
    }
    #[cfg(windows)]
    append_zeroed(bytes, |buf| read_at(file, buf, offset))
}

/// Calls `read` with all of the spare capacity of `bytes`, and appends what it read.
fn append_zeroed(
    bytes: &mut Vec<u8>,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let len = bytes.len();
    bytes.resize(bytes.capacity(), 0);
    let result = retry(|| read(&mut bytes[len..]));
    bytes.truncate(len + result.as_ref().copied().unwrap_or(0));
    result
}

/// Reads at `offset` of a file that was opened for direct I/O: whole blocks into aligned memory, from which
/// `buf` is filled.
pub(super) fn read_direct(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let skipped = (offset % ALIGN as u64) as usize;
    let len = (skipped + buf.len()).next_multiple_of(ALIGN);
    with_aligned(len, |block| {
        let read = read_at(file, block, offset - skipped as u64)?;
        let read = read.saturating_sub(skipped).min(buf.len());
        buf[..read].copy_from_slice(&block[skipped..skipped + read]);
        Ok(read)
    })
}

/// Writes `bytes` from aligned memory.
///
/// Anything but whole blocks at a multiple of the block size is refused: writing a part of a block would
/// require reading it, and would overwrite what another process writes there at the same time.
pub(super) fn write_direct(
    bytes: &[u8],
    write: impl FnOnce(&[u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    with_aligned(bytes.len(), |block| {
        block.copy_from_slice(bytes);
        write(block).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => io::Error::new(
                error.kind(),
                "direct I/O (O_DIRECT) writes whole blocks, at offsets that are multiples of a block",
            ),
            _ => error,
        })
    })
}

/// Calls `call` with `len` zero bytes that are aligned to a block.
fn with_aligned<R>(len: usize, call: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut memory = vec![0; len + ALIGN];
    let begin = memory.as_ptr().align_offset(ALIGN);
    call(&mut memory[begin..begin + len])
}
