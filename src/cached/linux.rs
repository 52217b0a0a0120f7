//! Reads of the page cache, and whether they are allowed.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::linux::fs::MetadataExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::fs::{FileType, OFlags};
use rustix::io::{Errno, ReadWriteFlags};

use super::anchor;
use super::fifo::wait_for_writer;
use super::filesystem::{Filesystem, Medium, Stat};
use super::probation::Probation;
use super::stopwatch::Stopwatch;
use super::{Access, Answer, INLINE};
use crate::retry::retry;

/// Latched if the kernel does not implement the call.
static NO_PREADV2: AtomicBool = AtomicBool::new(false);

/// What an open file is, and where.
pub(super) struct State {
    pub(super) is_file: bool,
    pub(super) device: u64,
    /// `None` on a system without `statx`.
    stat: Option<Stat>,
}

impl State {
    pub(super) fn of(file: &File) -> Option<State> {
        if let Ok(stat) = Stat::of(file) {
            return Some(State {
                is_file: stat.is_regular,
                device: stat.mount.device(),
                stat: Some(stat),
            });
        }
        let metadata = retry(|| file.metadata()).ok()?;
        Some(State {
            is_file: metadata.is_file(),
            device: metadata.st_dev(),
            stat: None,
        })
    }
}

/// The filesystem of a file, and how the file has answered so far.
#[derive(Debug)]
pub(super) struct Local {
    /// `None` if the file is not a regular one.
    filesystem: Option<Filesystem>,
    /// Whether the data of this file cannot be read inline: the system refuses it, or the file was opened with
    /// `O_DIRECT`, which bypasses the page cache.
    refused: AtomicBool,
    pub(super) probation: Probation,
    /// When the file was last seen to be small.
    seen_small: Option<Stopwatch>,
    /// For a descriptor with `O_NONBLOCK`: set once it has the flags of one that std opened.
    has_usual_flags: Option<OnceLock<()>>,
}

/// How long a file is assumed to be small without checking again: what others can write into it in this time is
/// written out soon. Checking takes a tenth of the time of opening and closing a file.
const RECENT: Duration = Duration::from_millis(10);

impl Local {
    pub(super) fn foreign() -> Local {
        Local {
            filesystem: None,
            refused: AtomicBool::new(true),
            probation: Probation::of_file(),
            seen_small: None,
            has_usual_flags: None,
        }
    }

    pub(super) fn new(filesystem: Filesystem, access: Access) -> Local {
        Local {
            filesystem: Some(filesystem),
            refused: AtomicBool::new(access.direct),
            probation: Probation::of_file(),
            seen_small: None,
            has_usual_flags: None,
        }
    }

    /// For a file that was just opened on the caller's thread, with `O_NONBLOCK`, in a call that was begun at `start`.
    pub(super) fn opened(filesystem: Filesystem, stat: &Stat, start: Stopwatch) -> Local {
        Local {
            seen_small: is_small(stat.size, stat.links).then_some(start),
            has_usual_flags: Some(OnceLock::new()),
            ..Local::new(filesystem, Access::READ)
        }
    }

    pub(super) fn learn(file: &File, state: &State, access: Access) -> Local {
        // With the no-wait calls off, nothing shares a probation. How a file is closed depends on its
        // filesystem all the same.
        let filesystem = match &state.stat {
            Some(stat) if enabled() => anchor::learn(file, stat),
            _ => Filesystem::learn_alone(file),
        };
        Local::new(filesystem, access)
    }

    /// Clears `O_NONBLOCK`, which kept the open from blocking. Later calls do nothing, because the user of the
    /// descriptor may have set the flag again.
    pub(super) fn restore_flags(&self, file: &File) {
        if let Some(done) = &self.has_usual_flags {
            // Fails only if the descriptor is not open.
            done.get_or_init(|| {
                let _ = rustix::fs::fcntl_setfl(file, OFlags::empty());
            });
        }
    }

    pub(super) fn is_known(&self) -> bool {
        let filesystem = self.filesystem.as_ref();
        enabled() && filesystem.is_some_and(|filesystem| filesystem.medium.is_local())
    }

    pub(super) fn closes_on_the_spot(&self) -> bool {
        let filesystem = self.filesystem.as_ref();
        filesystem.is_some_and(|filesystem| filesystem.medium.closes_on_the_spot())
    }

    pub(super) fn has_cursors(&self) -> bool {
        let filesystem = self.filesystem.as_ref();
        filesystem.is_some_and(|filesystem| filesystem.medium.has_cursors())
    }

    /// Returns `true` if the file is at most 1 MiB in size and has a name.
    pub(super) fn is_small(&self, file: &File) -> bool {
        let seen = self.seen_small.as_ref();
        seen.is_some_and(|seen| seen.elapsed() < RECENT)
            // Takes half as long as `File::metadata`, which queries all fields.
            || rustix::fs::fstat(file)
                .is_ok_and(|stat| is_small(stat.st_size as u64, stat.st_nlink))
    }

    pub(super) fn reads_cached(&self) -> bool {
        self.readable().is_some()
    }

    /// Returns the filesystem if it may be read on the caller's thread.
    fn readable(&self) -> Option<&Filesystem> {
        let filesystem = self.filesystem.as_ref()?;
        let readable = !self.refused.load(Ordering::Relaxed) && reads_cached(filesystem.medium);
        readable.then_some(filesystem)
    }

    pub(super) fn read_at(
        &self,
        file: &File,
        bufs: &mut [IoSliceMut<'_>],
        offset: u64,
    ) -> Answer<io::Result<usize>> {
        let Some(filesystem) = self.readable() else {
            return Answer::AskPool;
        };
        if !self.probation.admits() || !filesystem.probation.admits() {
            return Answer::AskPool;
        }
        let watch = Stopwatch::start();
        let result = read_cached(filesystem.medium, file, bufs, offset);
        let waited = watch.waited();
        self.probation.record(waited);
        filesystem.probation.record(waited);
        match result {
            // An answer of 0 is not confirmed by the file's size: all of this is turned off on kernels that
            // answer 0 for uncached data.
            Ok(read) => Answer::Now(Ok(read)),
            Err(Errno::AGAIN | Errno::INTR) => Answer::AskPool,
            // A security module may refuse a single file, so this is never latched for the process.
            Err(Errno::OPNOTSUPP | Errno::PERM) => {
                self.refused.store(true, Ordering::Relaxed);
                Answer::AskPool
            }
            Err(Errno::NOSYS) => Answer::AskPool,
            Err(errno) => Answer::Now(Err(errno.into())),
        }
    }
}

/// The number of links is a word of another width on each architecture.
fn is_small(size: u64, links: impl Into<u64>) -> bool {
    size <= 1024 * 1024 && links.into() > 0
}

/// Returns `true` if files on this medium may be read on the caller's thread.
pub(super) fn reads_cached(medium: Medium) -> bool {
    let known = match medium {
        Medium::Disk => !NO_PREADV2.load(Ordering::Relaxed),
        Medium::Memory => true,
        Medium::Swappable | Medium::Overlay | Medium::Foreign => false,
    };
    known && enabled()
}

/// Reads at most [`INLINE`] bytes of cached data at `offset`.
pub(super) fn read_cached(
    medium: Medium,
    file: &File,
    bufs: &mut [IoSliceMut<'_>],
    offset: u64,
) -> rustix::io::Result<usize> {
    let Some(first) = bufs.iter().position(|buf| !buf.is_empty()) else {
        return Ok(0);
    };
    let bufs = &mut bufs[first..];
    // No file has so large an offset, and `preadv2` takes the largest one for the cursor. The pool reports the
    // system's error.
    if i64::try_from(offset).is_err() {
        return Err(Errno::AGAIN);
    }
    if medium == Medium::Memory {
        let len = bufs[0].len().min(INLINE);
        return rustix::io::pread(file, &mut bufs[0][..len], offset);
    }
    let result = preadv2(file, bufs, offset);
    if result == Err(Errno::NOSYS) {
        NO_PREADV2.store(true, Ordering::Relaxed);
    }
    result
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

/// Turns a file that was opened with `O_NONBLOCK` into one that was opened as usual. May block.
///
/// Closes any file that is neither a regular one nor a FIFO: some devices can be opened only once at a time.
pub(super) fn go_on_with(file: File) -> Option<File> {
    let stat = retry(|| rustix::fs::fstat(&file)).ok()?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Fifo => wait_for_writer(&file).ok()?,
        _ => return None,
    }
    rustix::fs::fcntl_setfl(&file, OFlags::empty()).ok()?;
    Some(file)
}

pub(super) fn has_cursor(file: &File) -> bool {
    rustix::fs::tell(file).is_ok()
}

/// Returns `true` if this process uses the no-wait calls.
pub(super) fn enabled() -> bool {
    static ENABLED: OnceLock<bool> = OnceLock::new();
    *ENABLED.get_or_init(|| {
        let turned_off = std::env::var_os("ANYFILE_NOWAIT").is_some_and(|value| value == "0");
        let release = rustix::system::uname();
        !turned_off && answers_rightly(&release.release().to_string_lossy())
    })
}

/// Returns `false` for the kernels 5.9 and 5.10, which answer a no-wait read of uncached data with a short
/// count or 0.
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
