//! Setting the times of what is at a path, for which std has no stable function.

use std::fs::{File, FileTimes, OpenOptions};
use std::io;
use std::path::Path as StdPath;

/// Sets the times of a file or a directory.
#[cfg(unix)]
pub(super) fn set(path: &StdPath, times: FileTimes) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let found = std::fs::metadata(path)?;
    // To open anything else may wait for another process, or move a tape.
    if !found.is_file() && !found.is_dir() {
        let reason = "it is neither a regular file nor a directory";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
    }
    // What has taken its place since is not waited for either.
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits() as i32;
    let open = |options: &mut OpenOptions| options.custom_flags(flags).open(path);
    let file = match open(File::options().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            // The error for a directory that may be neither read nor, of course, written is the first.
            open(File::options().write(true)).map_err(|_| error)?
        }
        opened => opened?,
    };
    file.set_times(times)
}

/// Sets the times of a file or a directory.
#[cfg(windows)]
pub(super) fn set(path: &StdPath, times: FileTimes) -> io::Result<()> {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_WRITE_ATTRIBUTES: u32 = 0x100;
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    let mut options = OpenOptions::new();
    options.access_mode(FILE_WRITE_ATTRIBUTES);
    // Without it, directories cannot be opened.
    options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    let file: File = options.open(path)?;
    file.set_times(times)
}

/// Sets both times to the current one, which whoever may write to the file may do.
#[cfg(unix)]
pub(super) fn set_now(path: &StdPath) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW};
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    Ok(rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())?)
}

/// Sets both times to the current one.
#[cfg(windows)]
pub(super) fn set_now(path: &StdPath) -> io::Result<()> {
    let now = std::time::SystemTime::now();
    set(path, FileTimes::new().set_accessed(now).set_modified(now))
}
