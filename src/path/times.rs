//! Setting the times of a file by its path, for which std has no stable function.

pub(super) use imp::{set, set_now};

#[cfg(unix)]
mod imp {
    use std::fs::{File, FileTimes, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

    use crate::retry::retry;

    /// Sets the times of the file at `path` without opening it. The owner may do this whatever the mode is, and
    /// opening a FIFO or a tape would have side effects.
    pub(crate) fn set(path: &Path, times: FileTimes, follow: bool) -> io::Result<()> {
        set_at(path, &stamps(times)?, follow)
    }

    /// Sets both times to the current time, for which write permission is enough.
    pub(crate) fn set_now(path: &Path) -> io::Result<()> {
        set_at(path, &both(at(0, UTIME_NOW)), true)
    }

    fn set_at(path: &Path, times: &Timestamps, follow: bool) -> io::Result<()> {
        let flags = if follow {
            AtFlags::empty()
        } else {
            AtFlags::SYMLINK_NOFOLLOW
        };
        Ok(retry(|| rustix::fs::utimensat(CWD, path, times, flags))?)
    }

    /// Converts the times into the argument of the system call.
    ///
    /// `FileTimes` has no accessors and can only be applied to a file. So it is applied to a scratch file twice,
    /// with different times before: a time that differs between the two results is not set in `times`.
    fn stamps(times: FileTimes) -> io::Result<Timestamps> {
        let scratch = scratch()?;
        let set_after = |seconds| {
            retry(|| rustix::fs::futimens(&scratch, &both(at(seconds, 0))))?;
            retry(|| scratch.set_times(times))?;
            retry(|| scratch.metadata())
        };
        let (one, other) = (set_after(0)?, set_after(1)?);
        let stamp = |time: fn(&Metadata) -> (i64, i64)| {
            if time(&one) == time(&other) {
                at(time(&one).0, time(&one).1 as _)
            } else {
                at(0, UTIME_OMIT)
            }
        };
        Ok(Timestamps {
            last_access: stamp(|found| (found.atime(), found.atime_nsec())),
            last_modification: stamp(|found| (found.mtime(), found.mtime_nsec())),
        })
    }

    /// Creates a file in memory.
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    fn scratch() -> io::Result<File> {
        let flags = rustix::fs::MemfdFlags::CLOEXEC;
        Ok(rustix::fs::memfd_create("times", flags)?.into())
    }

    /// Creates a temporary file.
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    fn scratch() -> io::Result<File> {
        tempfile::tempfile()
    }

    fn at(seconds: i64, nanos: rustix::fs::Nsecs) -> Timespec {
        Timespec {
            tv_sec: seconds,
            tv_nsec: nanos,
        }
    }

    fn both(time: Timespec) -> Timestamps {
        Timestamps {
            last_access: time,
            last_modification: time,
        }
    }
}

#[cfg(windows)]
mod imp {
    use std::fs::{File, FileTimes, OpenOptions};
    use std::io;
    use std::os::windows::fs::OpenOptionsExt;
    use std::path::Path;
    use std::time::SystemTime;

    /// Sets the times of the file or directory at `path`.
    pub(crate) fn set(path: &Path, times: FileTimes, follow: bool) -> io::Result<()> {
        const FILE_WRITE_ATTRIBUTES: u32 = 0x100;
        const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
        const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
        let mut options = OpenOptions::new();
        options.access_mode(FILE_WRITE_ATTRIBUTES);
        // The first flag is required to open a directory, the second one opens a link itself.
        options.custom_flags(if follow {
            FILE_FLAG_BACKUP_SEMANTICS
        } else {
            FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT
        });
        let file: File = options.open(path)?;
        file.set_times(times)
    }

    /// Sets both times to the current time.
    pub(crate) fn set_now(path: &Path) -> io::Result<()> {
        let now = SystemTime::now();
        let both = FileTimes::new().set_accessed(now).set_modified(now);
        set(path, both, true)
    }
}
