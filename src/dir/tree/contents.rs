//! Copying the contents of a file.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::ops::Range;

use crate::retry::retry;

/// The maximum number of bytes that are copied in one step.
const CHUNK: u64 = 4 << 20;

/// The number of bytes that are read at once where the kernel does not copy.
const BUFFER: usize = 256 * 1024;

/// A file that is being copied.
pub(super) struct Contents {
    pub(super) from: File,
    pub(super) to: File,
    /// The metadata from before the file was read.
    pub(super) metadata: Metadata,
    /// The offset up to which the copy is complete. Every call is given an offset: if a signal interrupts
    /// it, or it does not work for these files, another call continues at the same offset.
    position: u64,
    /// The end of the data at the position. A hole begins there, which is skipped.
    data_end: u64,
    means: Means,
}

/// The means of copying bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// `copy_file_range`: in the kernel, which shares the blocks if the filesystem can.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    Range,
    /// `sendfile`: in the kernel, from one filesystem to another.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    Pipe,
    /// Reading and writing, which works everywhere.
    Buffer,
}

impl Means {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const BEST: Means = Means::Range;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const BEST: Means = Means::Buffer;
}

/// The result of one step.
pub(super) struct Step {
    /// The number of bytes by which the position has advanced, holes included.
    pub(super) passed: u64,
    pub(super) copied: u64,
    pub(super) is_last: bool,
}

impl Contents {
    /// Begins to copy one file to another, which is empty.
    pub(super) fn new(from: File, to: File, metadata: Metadata) -> Contents {
        let data_end = if holes::may_have(&metadata) {
            0
        } else {
            u64::MAX
        };
        Contents {
            from,
            to,
            metadata,
            position: 0,
            data_end,
            means: Means::BEST,
        }
    }

    /// Copies the next data, up to a chunk.
    pub(super) fn advance(&mut self) -> io::Result<Step> {
        let (begin, mut copied) = (self.position, 0);
        let mut is_last = false;
        while !is_last && copied < CHUNK {
            is_last = match self.find_data()? {
                Some(most) => {
                    let part = self.copy_some(most.min(CHUNK - copied))?;
                    self.position += part;
                    copied += part;
                    part == 0
                }
                None => {
                    self.end_with_hole()?;
                    true
                }
            };
        }
        Ok(Step {
            passed: self.position - begin,
            copied,
            is_last,
        })
    }

    /// Moves on to the next data if there is a hole. Returns how much data there may be, or `None` after
    /// the last data.
    fn find_data(&mut self) -> io::Result<Option<u64>> {
        while self.position >= self.data_end {
            match holes::next_data(&self.from, self.position)? {
                Some(data) => (self.position, self.data_end) = (data.start, data.end),
                None => return Ok(None),
            }
        }
        Ok(Some(self.data_end - self.position))
    }

    /// Extends the copy to the length of the file, which ends with a hole.
    fn end_with_hole(&mut self) -> io::Result<()> {
        let len = retry(|| self.from.metadata())?.len();
        if len > self.position {
            self.to.set_len(len)?;
            self.position = len;
        }
        Ok(())
    }

    /// Copies some data, if there is any. Where the kernel does not copy, for whatever reason, reading and
    /// writing decide: 0 bytes from the kernel need not be the end of the file, and what it refuses may
    /// still be possible.
    fn copy_some(&mut self, most: u64) -> io::Result<u64> {
        // At the end of the file, there is most likely nothing left to copy, and some files do not report
        // their length.
        while self.means != Means::Buffer && self.position < self.metadata.len() {
            match self.copy_in_kernel(most) {
                Ok(copied) if copied > 0 => return Ok(copied),
                _ => self.means = self.means.next(),
            }
        }
        self.copy_by_buffer(most)
    }

    fn copy_by_buffer(&self, most: u64) -> io::Result<u64> {
        let room = usize::try_from(most).map_or(BUFFER, |most| most.min(BUFFER));
        // Most files are small.
        let rest = self.metadata.len().saturating_sub(self.position);
        let room = usize::try_from(rest).map_or(room, |rest| room.min(rest.max(4096)));
        let mut buffer = vec![0; room];
        let read = retry(|| read_at(&self.from, &mut buffer, self.position))?;
        let mut written = 0;
        while written < read {
            let (bytes, at) = (&buffer[written..read], self.position + written as u64);
            match retry(|| write_at(&self.to, bytes, at))? {
                0 => return Err(ErrorKind::WriteZero.into()),
                more => written += more,
            }
        }
        Ok(read as u64)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Means {
    fn next(self) -> Means {
        match self {
            Means::Range => Means::Pipe,
            Means::Pipe | Means::Buffer => Means::Buffer,
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Contents {
    fn copy_in_kernel(&self, most: u64) -> io::Result<u64> {
        use rustix::fs::{SeekFrom, copy_file_range, seek, sendfile};
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let copied = retry(|| {
            let (mut from, mut to) = (self.position, self.position);
            match self.means {
                Means::Range => {
                    copy_file_range(&self.from, Some(&mut from), &self.to, Some(&mut to), most)
                }
                Means::Pipe | Means::Buffer => {
                    seek(&self.to, SeekFrom::Start(to))?;
                    sendfile(&self.to, &self.from, Some(&mut from), most)
                }
            }
        });
        Ok(copied? as u64)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Means {
    fn next(self) -> Means {
        Means::Buffer
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Contents {
    fn copy_in_kernel(&self, _most: u64) -> io::Result<u64> {
        Err(ErrorKind::Unsupported.into())
    }
}

#[cfg(unix)]
use std::os::unix::fs::FileExt;

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    file.read_at(buffer, position)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], position: u64) -> io::Result<usize> {
    file.write_at(bytes, position)
}

#[cfg(windows)]
use std::os::windows::fs::FileExt;

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    file.seek_read(buffer, position)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], position: u64) -> io::Result<usize> {
    file.seek_write(bytes, position)
}

/// Holes, on systems that report them.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd"
))]
mod holes {
    use super::{File, Metadata, Range, io};
    use rustix::fs::{SeekFrom, seek};
    use rustix::io::Errno;
    use std::os::unix::fs::MetadataExt;

    /// The unit of `blocks`, in bytes.
    const BLOCK: u64 = 512;

    /// Returns `true` if the file has fewer blocks than its length takes.
    pub(super) fn may_have(metadata: &Metadata) -> bool {
        metadata.blocks().saturating_mul(BLOCK) < metadata.len()
    }

    /// Returns the next range of data from `position` on, or `None` if there is no more.
    pub(super) fn next_data(file: &File, position: u64) -> io::Result<Option<Range<u64>>> {
        match seek(file, SeekFrom::Data(position)) {
            Ok(start) => {
                let end = seek(file, SeekFrom::Hole(start)).unwrap_or(u64::MAX);
                Ok(Some(start..end))
            }
            Err(Errno::NXIO) => Ok(None),
            // The filesystem does not report holes.
            Err(_) => Ok(Some(position..u64::MAX)),
        }
    }
}

/// Holes, on systems that do not report them.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd"
)))]
mod holes {
    use super::{File, Metadata, Range, io};

    pub(super) fn may_have(_metadata: &Metadata) -> bool {
        false
    }

    pub(super) fn next_data(_file: &File, position: u64) -> io::Result<Option<Range<u64>>> {
        Ok(Some(position..u64::MAX))
    }
}
