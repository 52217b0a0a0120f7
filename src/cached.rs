//! The no-wait calls: what the kernel can answer from memory is answered on the spot.
//!
//! Every question here may be answered with "ask the pool", and off Linux every one is. Setting the
//! environment variable `ANYFILE_NOWAIT=0` turns the whole path off.

use std::fs::File;
use std::io::{self, IoSliceMut};

/// The most that one inline call copies.
pub(crate) const INLINE: usize = 256 * 1024;

/// An answer without waiting, or the advice to get it where waiting is allowed.
#[derive(Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "the pool answers")
)]
pub(crate) enum Answer<T> {
    Now(T),
    AskPool,
}

/// What a file is, as far as it decides where its calls may be made. Learned on the pool.
#[derive(Debug)]
pub(crate) struct Facts {
    /// A regular file with a cursor: it may be read ahead, and at any offset.
    pub(crate) regular: bool,
    pub(crate) seekable: bool,
    local: imp::Local,
}

impl Facts {
    /// The facts of anything that is not known to be a regular file.
    pub(crate) const STREAM: Facts = Facts {
        regular: false,
        seekable: false,
        local: imp::Local::FOREIGN,
    };

    /// Asks the system about `file`. May wait.
    pub(crate) fn learn(file: &File) -> Facts {
        // Some special files look regular but can neither seek nor be read at an offset.
        let seekable = imp::has_cursor(file);
        let regular = seekable && file.metadata().is_ok_and(|metadata| metadata.is_file());
        let local = if regular {
            imp::Local::learn(file)
        } else {
            imp::Local::FOREIGN
        };
        Facts {
            regular,
            seekable,
            local,
        }
    }

    /// Whether calls that only touch the inode (its size, its cursor, closing it) cannot wait.
    pub(crate) fn is_local(&self) -> bool {
        self.local.is_known()
    }

    /// Whether [`read_at`](Facts::read_at) has a chance to answer.
    pub(crate) fn reads_cached(&self) -> bool {
        self.local.reads_cached()
    }

    /// Reads what the page cache holds at `offset`; 0 is the end of the file, confirmed.
    pub(crate) fn read_at(
        &self,
        file: &File,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Answer<io::Result<usize>> {
        match self.local.read_at(file, bufs, offset) {
            // Some kernels answer 0 where the data is merely not cached.
            Answer::Now(Ok(0)) => match file.metadata() {
                Ok(metadata) if metadata.len() <= offset => Answer::Now(Ok(0)),
                _ => Answer::AskPool,
            },
            answer => answer,
        }
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use super::{Answer, INLINE};
    use rustix::io::{Errno, ReadWriteFlags};
    use std::fs::File;
    use std::io::{self, IoSliceMut};
    use std::os::unix::fs::FileExt;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Latched when the kernel does not know the call at all.
    static NO_PREADV2: AtomicBool = AtomicBool::new(false);

    /// How the filesystem under a file treats a read.
    #[derive(Debug)]
    enum Medium {
        /// A local disk: `RWF_NOWAIT` tells cached data from the rest.
        Disk { refused: AtomicBool },
        /// Memory: no read waits.
        Memory,
        /// Anything else: every call may wait.
        Foreign,
    }

    #[derive(Debug)]
    pub(super) struct Local(Medium);

    impl Local {
        pub(super) const FOREIGN: Local = Local(Medium::Foreign);

        pub(super) fn learn(file: &File) -> Local {
            if !enabled() {
                return Local::FOREIGN;
            }
            // Direct I/O bypasses the cache that the no-wait calls ask.
            let flags = rustix::fs::fcntl_getfl(file);
            if !flags.is_ok_and(|flags| !flags.contains(rustix::fs::OFlags::DIRECT)) {
                return Local::FOREIGN;
            }
            let magic = rustix::fs::fstatfs(file).map(|stat| stat.f_type as u64 & 0xFFFF_FFFF);
            Local(match magic {
                // ext2/3/4, xfs, btrfs, f2fs
                Ok(0xEF53 | 0x5846_5342 | 0x9123_683E | 0xF2F5_2010) => Medium::Disk {
                    refused: AtomicBool::new(false),
                },
                // tmpfs, ramfs
                Ok(0x0102_1994 | 0x8584_58F6) => Medium::Memory,
                _ => Medium::Foreign,
            })
        }

        pub(super) fn is_known(&self) -> bool {
            !matches!(self.0, Medium::Foreign)
        }

        pub(super) fn reads_cached(&self) -> bool {
            match &self.0 {
                Medium::Disk { refused } => {
                    !refused.load(Ordering::Relaxed) && !NO_PREADV2.load(Ordering::Relaxed)
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
            match &self.0 {
                Medium::Foreign => Answer::AskPool,
                Medium::Memory => {
                    let len = bufs[0].len().min(INLINE);
                    match file.read_at(&mut bufs[0][..len], offset) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => Answer::AskPool,
                        result => Answer::Now(result),
                    }
                }
                Medium::Disk { .. } if !self.reads_cached() => Answer::AskPool,
                Medium::Disk { refused } => match preadv2(file, bufs, offset) {
                    Ok(read) => Answer::Now(Ok(read)),
                    Err(Errno::AGAIN | Errno::INTR) => Answer::AskPool,
                    // A security module may refuse one file only: never latched for the process.
                    Err(Errno::OPNOTSUPP | Errno::PERM) => {
                        refused.store(true, Ordering::Relaxed);
                        Answer::AskPool
                    }
                    Err(Errno::NOSYS) => {
                        NO_PREADV2.store(true, Ordering::Relaxed);
                        Answer::AskPool
                    }
                    Err(errno) => Answer::Now(Err(errno.into())),
                },
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
    fn enabled() -> bool {
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
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use super::Answer;
    use std::fs::File;
    use std::io::{self, IoSliceMut, Seek};

    #[derive(Debug)]
    pub(super) struct Local;

    impl Local {
        pub(super) const FOREIGN: Local = Local;

        pub(super) fn learn(_: &File) -> Local {
            Local
        }

        pub(super) fn is_known(&self) -> bool {
            false
        }

        pub(super) fn reads_cached(&self) -> bool {
            false
        }

        pub(super) fn read_at(
            &self,
            _: &File,
            _: &mut [IoSliceMut<'_>],
            _: u64,
        ) -> Answer<io::Result<usize>> {
            Answer::AskPool
        }
    }

    pub(super) fn has_cursor(mut file: &File) -> bool {
        file.stream_position().is_ok()
    }
}
