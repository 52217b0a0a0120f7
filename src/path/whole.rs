//! Opening files, and reading and writing whole files.

use std::fs;
use std::io;

use super::data::{Contents, Data, Text, data};
use super::{Path, atomic, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;
use crate::open::{OpenFile, create_file, open_file};

/// Opening files, and reading and writing whole files.
impl Path {
    /// Opens the file for reading.
    ///
    /// Same as [`open_file`]. The options of [`std::fs::OpenOptions`] can be set on the future.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file is closed if it was opened. See [`OpenFile`](OpenFile#cancel-safety).
    ///
    /// # Errors
    ///
    /// See [`OpenFile`](OpenFile#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// # notes.write_text("first\n").await?;
    /// let mut line = String::new();
    /// notes.open().await?.read_line(&mut line).await?;
    /// assert_eq!(line, "first\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn open(&self) -> OpenFile {
        open_file(self)
    }

    /// Opens the file for writing. Creates a missing file, and truncates an existing one.
    ///
    /// Same as [`create_file`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, the file is neither created nor truncated. A call
    /// that has begun is finished, and the file is closed.
    ///
    /// # Errors
    ///
    /// See [`OpenFile`](OpenFile#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// use futures_lite::AsyncWriteExt;
    ///
    /// let mut file = notes.create().await?;
    /// file.write_all(b"first\n").await?;
    /// file.close().await?;
    /// assert_eq!(notes.read_text().await?, "first\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn create(&self) -> OpenFile {
        create_file(self)
    }

    /// Reads the entire file.
    ///
    /// Semantics of [`std::fs::read`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the bytes read so far are lost. A regular file can be read again; a FIFO
    /// cannot.
    ///
    /// # Errors
    ///
    /// - The file does not exist or is a directory, or the process lacks permission to read it.
    /// - Reading fails halfway. The bytes read until then are lost.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_bytes(b"first\xFF").await?;
    /// assert_eq!(notes.read_bytes().await?, b"first\xFF");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "read")]
    pub fn read_bytes(&self) -> ReadBytes {
        ReadBytes(Lazy::New(ReadBytesCall { path: self.clone() }))
    }

    /// Reads the entire file as UTF-8.
    ///
    /// Semantics of [`std::fs::read_to_string`]: line endings are not converted.
    ///
    /// # Cancel safety
    ///
    /// Same as [`read_bytes`](Path::read_bytes).
    ///
    /// # Errors
    ///
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the contents are not valid UTF-8. The message names the
    ///   position of the first invalid byte. [`read_bytes`](Path::read_bytes) reads such a file.
    /// - The errors of [`read_bytes`](Path::read_bytes).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_text("first\n").await?;
    /// assert_eq!(notes.read_text().await?, "first\n");
    ///
    /// notes.write_bytes(b"first\xFF").await?;
    /// let error = notes.read_text().await.unwrap_err();
    /// assert!(error.to_string().ends_with("invalid UTF-8 at byte 5"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "read_to_string")]
    pub fn read_text(&self) -> ReadText {
        ReadText(Lazy::New(ReadTextCall { path: self.clone() }))
    }

    /// Writes `contents` as the entire contents of the file. Creates a missing file.
    ///
    /// Semantics of [`std::fs::write`]: an existing file is truncated first. On error, the file may contain a
    /// part of `contents`. With [`write_atomic`](Path::write_atomic), it has either the old or the new contents.
    ///
    /// An owned buffer is moved, a borrowed one is copied once; see [`Contents`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, the file does not change. A write that has begun
    /// is finished completely.
    ///
    /// # Errors
    ///
    /// - The parent directory does not exist, or the path is a directory.
    /// - The process lacks permission to create the file or to write to it.
    /// - Writing fails halfway.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_bytes(b"first\n").await?;
    /// notes.write_bytes(vec![0; 3]).await?;
    /// assert_eq!(notes.read_bytes().await?, [0; 3]);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "write")]
    pub fn write_bytes(&self, contents: impl Contents) -> WriteBytes {
        WriteBytes(Lazy::New(WriteBytesCall {
            path: self.clone(),
            data: data(contents),
        }))
    }

    /// Writes `text` as the entire contents of the file, in UTF-8. Creates a missing file.
    ///
    /// Same as [`write_bytes`](Path::write_bytes), for text: a `String` is moved, a `&str` is copied once; see
    /// [`Text`]. Line endings are not converted.
    ///
    /// # Cancel safety
    ///
    /// Same as [`write_bytes`](Path::write_bytes).
    ///
    /// # Errors
    ///
    /// The errors of [`write_bytes`](Path::write_bytes).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_text("first\n").await?;
    /// notes.write_text(format!("{}\n", 2)).await?;
    /// assert_eq!(notes.read_text().await?, "2\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "write")]
    pub fn write_text(&self, text: impl Text) -> WriteText {
        WriteText(Lazy::New(WriteTextCall {
            path: self.clone(),
            data: data(text),
        }))
    }

    /// Atomically replaces the contents of the file: readers see the old or the new contents, never a mix.
    ///
    /// The contents are written to a new file in the same directory, which then replaces the old one
    /// (`rename`). If the process is killed in the meantime, the old contents are still there. The file and the
    /// directory are synced before the future completes, so the same holds for a power failure.
    ///
    /// If no file exists, the new one gets the permissions of any new file: `0o666` without the bits of the
    /// umask, or the permissions that it inherits from the directory. A symbolic link is followed, whether its
    /// target exists or not. Other hard links to the old file keep the old contents.
    ///
    /// # Permissions
    ///
    /// Nobody except the user of this process gains access. The new file keeps the mode of the old one, and on
    /// Unix its owner and group if the process may set them. On Linux it also keeps the access control list
    /// (POSIX ACL), and does not keep a list inherited from the directory. On Linux and macOS it keeps the
    /// extended attributes that the process may read and set, except those that belong to the old contents and
    /// that the system removes when a file is written in place (`security.capability`).
    ///
    /// Where something cannot be kept, the mode is narrowed:
    ///
    /// - If the process lacks permission to set the group, the members of the new group and all others get only
    ///   what both the old group and all others had: `0o640` becomes `0o600`, `0o664` becomes `0o644`.
    /// - If the process lacks permission to set the owner, the file belongs to the user of the process. Nobody
    ///   else gets more than the old owner had, and the set-user-id and set-group-id bits are removed.
    /// - If the system refuses the ACL or does not show it, the group and all others get only what everybody
    ///   named in it had, or nothing.
    ///
    /// Until all of this is done, only the owner may use the temporary file.
    ///
    /// No temporary file is left behind, unless the process is killed. Its name begins with `.tmp`.
    ///
    /// `contents` are moved or copied as by [`write_bytes`](Path::write_bytes).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, the file does not change. A call that has begun
    /// is finished: the file gets the new contents, and no temporary file is left behind.
    ///
    /// # Errors
    ///
    /// - The parent directory does not exist, or the process lacks permission to read it or to create files in
    ///   it. Write permission for the old file is not needed.
    /// - [`IsADirectory`](io::ErrorKind::IsADirectory): the path is a directory.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is a device, a FIFO or a socket, which a
    ///   rename would destroy.
    /// - Writing or syncing fails. The old contents are still there, unless only syncing the directory failed.
    ///
    /// # Platform behavior
    ///
    /// Windows refuses to replace a file that is read-only or open. Directories are not synced there.
    ///
    /// Access control lists other than Linux's POSIX ACLs are not supported, among them those of macOS, FreeBSD
    /// and Windows: the new file has what it inherits from its directory. NFSv4 ACLs that Linux shows as
    /// extended attributes are kept as such.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_atomic("all of it").await?;
    /// assert_eq!(notes.read_text().await?, "all of it");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn write_atomic(&self, contents: impl Contents) -> WriteAtomic {
        WriteAtomic(Lazy::New(WriteAtomicCall {
            path: self.clone(),
            data: data(contents),
        }))
    }
}

future! {
    /// Future returned by [`Path::read_bytes`].
    pub struct ReadBytes(ReadBytesCall {
        path: Path,
    }) -> io::Result<Vec<u8>>;
}

impl ReadBytesCall {
    async fn run(self) -> io::Result<Vec<u8>> {
        ops::read(self.path, Ok).await
    }
}

future! {
    /// Future returned by [`Path::read_text`].
    pub struct ReadText(ReadTextCall {
        path: Path,
    }) -> io::Result<String>;
}

impl ReadTextCall {
    async fn run(self) -> io::Result<String> {
        ops::read(self.path, text).await
    }
}

future! {
    /// Future returned by [`Path::write_bytes`].
    pub struct WriteBytes(WriteBytesCall {
        path: Path,
        data: Data,
    }) -> io::Result<()>;
}

impl WriteBytesCall {
    async fn run(self) -> io::Result<()> {
        write(self.path, self.data).await
    }
}

future! {
    /// Future returned by [`Path::write_text`].
    pub struct WriteText(WriteTextCall {
        path: Path,
        data: Data,
    }) -> io::Result<()>;
}

impl WriteTextCall {
    async fn run(self) -> io::Result<()> {
        write(self.path, self.data).await
    }
}

async fn write(path: Path, data: Data) -> io::Result<()> {
    ops::run(Operation::WriteAll, path, move |path| fs::write(path, data)).await
}

future! {
    /// Future returned by [`Path::write_atomic`].
    pub struct WriteAtomic(WriteAtomicCall {
        path: Path,
        data: Data,
    }) -> io::Result<()>;
}

impl WriteAtomicCall {
    async fn run(self) -> io::Result<()> {
        // One job, so that a dropped future cannot leave a temporary file behind between two jobs.
        let Self { path, data } = self;
        let replace = move |path: &std::path::Path| atomic::replace(path, data.as_ref());
        ops::run(Operation::Replace, path, replace).await
    }
}

/// Converts the contents into text.
fn text(contents: Vec<u8>) -> io::Result<String> {
    String::from_utf8(contents).map_err(|error| {
        let position = error.utf8_error().valid_up_to();
        let reason = format!("invalid UTF-8 at byte {position}");
        io::Error::new(io::ErrorKind::InvalidData, reason)
    })
}
