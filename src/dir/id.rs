//! The identity of files and directories.

#[cfg(unix)]
pub(crate) use by_number::Id;
#[cfg(not(unix))]
pub(crate) use by_path::Id;

#[cfg(unix)]
mod by_number {
    use std::fs::{self, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use crate::retry::retry;

    /// The identity of a file or a directory: the numbers of its device and its inode.
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    pub(crate) struct Id {
        dev: u64,
        ino: u64,
    }

    impl Id {
        pub(crate) fn new(dev: u64, ino: u64) -> Id {
            Id { dev, ino }
        }

        pub(crate) fn of(metadata: &Metadata) -> Id {
            Id::new(metadata.dev(), metadata.ino())
        }

        /// Returns the identity of what `path` leads to. May block.
        pub(crate) fn at(path: &Path) -> io::Result<Id> {
            retry(|| fs::metadata(path)).map(|found| Id::of(&found))
        }
    }
}

#[cfg(not(unix))]
mod by_path {
    use std::fs;
    use std::io;
    use std::path::{Path, PathBuf};

    use crate::dir::or_current;

    /// The identity of a file or a directory: its canonical path. Stable Rust has no numbers for it.
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
}
