//! [`FileId`], the identity of a file.

#[cfg(unix)]
use std::fs::{self, Metadata};
#[cfg(windows)]
use std::fs::{File, OpenOptions};
use std::io;
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;
#[cfg(windows)]
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

#[cfg(unix)]
use crate::retry::retry;

/// The identity of a file: paths and handles that have the same one lead to the same file.
///
/// [`Path::file_id`](crate::Path::file_id) and [`AsyncFile::file_id`](crate::AsyncFile::file_id) return it. All hard
/// links to a file have the same identity. So has a symbolic link that is followed, and a file that was renamed.
///
/// An identity is that of a file as long as the file exists. Afterwards, the system may give it to a new file. To
/// rule that out, keep the file open.
///
/// # Platform behavior
///
/// On Unix, these are the numbers of the device and of the inode (`st_dev`, `st_ino`). On Windows, they are the serial
/// number of the volume and the index of the file; on ReFS, the index is not guaranteed to be unique.
///
/// # Examples
///
/// A cache of what was read from files, whatever their names are:
///
/// ```
/// # futures_lite::future::block_on(async {
/// use std::collections::HashMap;
///
/// use anyfile::FileId;
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = anyfile::Path::new(dir.path());
/// let (notes, link) = (&dir / "notes", &dir / "link");
/// notes.write_text("text").await?;
/// link.hardlink_to(&notes).await?;
///
/// let mut cache: HashMap<FileId, String> = HashMap::new();
/// cache.insert(notes.file_id().await?, notes.read_text().await?);
/// assert!(cache.contains_key(&link.file_id().await?));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[doc(alias = "inode")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    volume: u64,
    index: u64,
}

#[cfg(unix)]
impl FileId {
    pub(crate) fn new(dev: u64, ino: u64) -> FileId {
        FileId {
            volume: dev,
            index: ino,
        }
    }

    pub(crate) fn of(metadata: &Metadata) -> FileId {
        FileId::new(metadata.dev(), metadata.ino())
    }

    /// Returns the identity of what `path` leads to. May block.
    pub(crate) fn at(path: &Path) -> io::Result<FileId> {
        retry(|| fs::metadata(path)).map(|found| FileId::of(&found))
    }
}

#[cfg(unix)]
impl From<&Metadata> for FileId {
    /// Returns the identity in the metadata of a file. Available on Unix: elsewhere std does not tell it.
    fn from(metadata: &Metadata) -> FileId {
        FileId::of(metadata)
    }
}

#[cfg(windows)]
impl FileId {
    /// Returns the identity of an open file. May block.
    pub(crate) fn of_file(file: &File) -> io::Result<FileId> {
        let found = winapi_util::file::information(file)?;
        Ok(FileId {
            volume: found.volume_serial_number(),
            index: found.file_index(),
        })
    }

    /// Returns the identity of what `path` leads to, a file or a directory. May block.
    pub(crate) fn at(path: &Path) -> io::Result<FileId> {
        const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
        let mut options = OpenOptions::new();
        // Neither reads nor writes, so that it does not matter how others have the file open.
        options.access_mode(0);
        // Required to open a directory.
        options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
        FileId::of_file(&options.open(path)?)
    }
}
