//! The platform's calls at an offset, and the alignment that direct I/O asks for.

use std::fs::File;
use std::io;

/// What the offset, the length and the memory of direct I/O are aligned to: the block of nearly every
/// device, and a multiple of those that are smaller.
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

/// Reads at `offset` and puts the cursor back: the caller sees to it that nobody else uses the
/// cursor meanwhile.
#[cfg(windows)]
pub(super) fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    keeping_cursor(file, |file| {
        std::os::windows::fs::FileExt::seek_read(file, buf, offset)
    })
}

/// Writes at `offset` and puts the cursor back: the caller sees to it that nobody else uses the
/// cursor meanwhile.
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

/// Reads at `offset` of a file that was opened for direct I/O: whole blocks into memory of our own, of
/// which `buf` gets its part.
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

/// Makes a write of `bytes` from memory that is aligned.
///
/// What is not a whole number of blocks, at a multiple of a block, cannot be written: to write the rest of a
/// block would need a read of it, and change what another process writes there meanwhile.
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

/// Lends `len` bytes of zeros that begin at a multiple of a block.
fn with_aligned<R>(len: usize, call: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut memory = vec![0; len + ALIGN];
    let begin = memory.as_ptr().align_offset(ALIGN);
    call(&mut memory[begin..begin + len])
}
