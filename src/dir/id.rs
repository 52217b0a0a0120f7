//! The identity of files, directories and devices, as directories and trees need it.

#[cfg(unix)]
pub(crate) use crate::id::FileId as Id;
#[cfg(unix)]
pub(crate) use by_number::Device;
#[cfg(not(unix))]
pub(crate) use by_path::{Device, Id};

#[cfg(unix)]
mod by_number {
    use std::fs::{self, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use crate::retry::retry;

    /// The number of the device that a filesystem is on.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Device(u64);

    impl Device {
        pub(crate) fn of(metadata: &Metadata) -> Option<Device> {
            Some(Device(metadata.dev()))
        }

        /// Returns the device of what `path` leads to. May block, but on Linux not until the server of a network
        /// filesystem that is mounted there answers.
        pub(crate) fn at(path: &Path) -> io::Result<Device> {
            #[cfg(target_os = "linux")]
            if let Some(device) = Device::without_sync(path) {
                return Ok(device);
            }
            retry(|| fs::metadata(path)).map(|found| Device(found.dev()))
        }

        #[cfg(target_os = "linux")]
        fn without_sync(path: &Path) -> Option<Device> {
            use rustix::fs::{AtFlags, CWD, StatxFlags};
            let ask = || rustix::fs::statx(CWD, path, AtFlags::STATX_DONT_SYNC, StatxFlags::TYPE);
            let found = retry(ask).ok()?;
            let device = rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor);
            Some(Device(device))
        }
    }
}

#[cfg(not(unix))]
mod by_path {
    use std::ffi::OsString;
    use std::fs::{self, Metadata};
    use std::io;
    use std::path::{Component, Path, PathBuf};

    use crate::dir::or_current;

    /// The identity of a file or a directory: its canonical path. A [`FileId`](crate::FileId) need not be unique on
    /// every filesystem of Windows, and here a wrong answer would copy a tree into itself.
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    pub(crate) struct Id(PathBuf);

    impl Id {
        /// Returns the identity of what `path` leads to. May block.
        pub(crate) fn at(path: &Path) -> io::Result<Id> {
            fs::canonicalize(path).map(Id)
        }

        /// Returns the identity of `path` itself, even if it is a link. May block.
        pub(crate) fn of_link(path: &Path) -> io::Result<Id> {
            let parent = or_current(path.parent().unwrap_or(path));
            let name = path.file_name().unwrap_or_default();
            Ok(Id(fs::canonicalize(parent)?.join(name)))
        }
    }

    /// The drive or the share that a path leads to, in place of the number of a device.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct Device(Option<OsString>);

    impl Device {
        /// Returns `None`: metadata does not tell the drive.
        pub(crate) fn of(_metadata: &Metadata) -> Option<Device> {
            None
        }

        /// Returns the drive that `path` leads to. May block.
        pub(crate) fn at(path: &Path) -> io::Result<Device> {
            let path = fs::canonicalize(path)?;
            let prefix = path.components().find_map(|component| match component {
                Component::Prefix(prefix) => Some(prefix.as_os_str().to_owned()),
                _ => None,
            });
            Ok(Device(prefix))
        }
    }
}
