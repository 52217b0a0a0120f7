//! Filesystems that are known, and reads of the page cache.

use super::{Answer, INLINE};
use rustix::io::{Errno, ReadWriteFlags};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Latched when the kernel does not know the call at all.
static NO_PREADV2: AtomicBool = AtomicBool::new(false);

/// How a filesystem treats a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Medium {
    /// A local disk: the kernel tells what is cached from the rest.
    Disk,
    /// Memory: nothing waits.
    Memory,
    /// Anything else: every call may wait.
    Foreign,
}

impl Medium {
    /// Asks what filesystem a file is on. May wait.
    pub(super) fn learn(file: &File) -> Medium {
        let magic = rustix::fs::fstatfs(file).map(|stat| stat.f_type as u64 & 0xFFFF_FFFF);
        match magic {
            // ext2/3/4, xfs, btrfs, f2fs
            Ok(0xEF53 | 0x5846_5342 | 0x9123_683E | 0xF2F5_2010) => Medium::Disk,
            // tmpfs, ramfs
            Ok(0x0102_1994 | 0x8584_58F6) => Medium::Memory,
            _ => Medium::Foreign,
        }
    }
}

/// What is known of a file's filesystem, and how it has answered so far.
#[derive(Debug)]
pub(super) struct Local {
    medium: Medium,
    /// This file's reads are refused.
    refused: AtomicBool,
}

impl Local {
    pub(super) fn foreign() -> Local {
        Local::new(Medium::Foreign)
    }

    pub(super) fn new(medium: Medium) -> Local {
        Local {
            medium,
            refused: AtomicBool::new(false),
        }
    }

    pub(super) fn learn(file: &File) -> Local {
        if !enabled() {
            return Local::foreign();
        }
        // Direct I/O bypasses the cache that the no-wait calls ask.
        let flags = rustix::fs::fcntl_getfl(file);
        if !flags.is_ok_and(|flags| !flags.contains(rustix::fs::OFlags::DIRECT)) {
            return Local::foreign();
        }
        Local::new(Medium::learn(file))
    }

    pub(super) fn is_known(&self) -> bool {
        self.medium != Medium::Foreign
    }

    pub(super) fn reads_cached(&self) -> bool {
        match self.medium {
            Medium::Disk => {
                !self.refused.load(Ordering::Relaxed) && !NO_PREADV2.load(Ordering::Relaxed)
            }
            Medium::Memory => true,
            Medium::Foreign => false,
        }
    }

    pub(super) fn read_at(
        &self,
        file: &File,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Answer<io::Result<usize>> {
        let Some(first) = bufs.iter().position(|buf| !buf.is_empty()) else {
            return Answer::Now(Ok(0));
        };
        let bufs = &mut bufs[first..];
        // To `preadv2` the largest of the offsets that no file has means the cursor.
        if !self.reads_cached() || i64::try_from(offset).is_err() {
            return Answer::AskPool;
        }
        if self.medium == Medium::Memory {
            let len = bufs[0].len().min(INLINE);
            return match file.read_at(&mut bufs[0][..len], offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Answer::AskPool,
                result => Answer::Now(result),
            };
        }
        match preadv2(file, bufs, offset) {
            Ok(read) => Answer::Now(Ok(read)),
            Err(Errno::AGAIN | Errno::INTR) => Answer::AskPool,
            // A security module may refuse one file only: never latched for the process.
            Err(Errno::OPNOTSUPP | Errno::PERM) => {
                self.refused.store(true, Ordering::Relaxed);
                Answer::AskPool
            }
            Err(Errno::NOSYS) => {
                NO_PREADV2.store(true, Ordering::Relaxed);
                Answer::AskPool
            }
            Err(errno) => Answer::Now(Err(errno.into())),
        }
    }
}

fn preadv2(file: &File, bufs: &mut [IoSliceMut<'_>], offset: u64) -> rustix::io::Result<usize> {
    const NOWAIT: ReadWriteFlags = ReadWriteFlags::NOWAIT;
    let total = bufs
        .iter()
        .try_fold(0usize, |sum, buf| sum.checked_add(buf.len()));
    if total.is_some_and(|total| total <= INLINE) {
        return rustix::io::preadv2(file, bufs, offset, NOWAIT);
    }
    let len = bufs[0].len().min(INLINE);
    let mut first = [IoSliceMut::new(&mut bufs[0][..len])];
    rustix::io::preadv2(file, &mut first, offset, NOWAIT)
}

pub(super) fn has_cursor(file: &File) -> bool {
    rustix::fs::tell(file).is_ok()
}

/// Whether this process uses the no-wait calls at all.
pub(super) fn enabled() -> bool {
    static ENABLED: OnceLock<bool> = OnceLock::new();
    *ENABLED.get_or_init(|| {
        let turned_off = std::env::var_os("ANYFILE_NOWAIT").is_some_and(|value| value == "0");
        let release = rustix::system::uname();
        !turned_off && answers_rightly(&release.release().to_string_lossy())
    })
}

/// Kernels 5.9 and 5.10 answer a no-wait read of uncached data with a short count or 0.
fn answers_rightly(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    !matches!(
        (numbers.next(), numbers.next()),
        (Some("5"), Some("9" | "10"))
    )
}

#[cfg(test)]
mod tests {
    use super::answers_rightly;

    #[test]
    fn broken_kernels_are_left_alone() {
        for release in ["5.9.0", "5.9-rc1", "5.10.213-generic", "5.10"] {
            assert!(!answers_rightly(release), "{release}");
        }
        for release in [
            "5.8.18",
            "5.11.0",
            "5.100.1",
            "6.5.9",
            "6.18.44-fc",
            "4.19",
            "",
        ] {
            assert!(answers_rightly(release), "{release}");
        }
    }
}
