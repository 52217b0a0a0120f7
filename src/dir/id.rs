//! The identity of files and directories, as trees need it.

#[cfg(unix)]
pub(crate) use crate::id::FileId as Id;
#[cfg(not(unix))]
pub(crate) use by_path::Id;

#[cfg(not(unix))]
mod by_path {
    use std::fs;
    use std::io;
    use std::path::{Path, PathBuf};

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
}
