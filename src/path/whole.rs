//! Whole files in one go.

use std::fs;
use std::io;
use std::path::Path as StdPath;

use super::data::{Contents, Data, Text, data};
use super::{Path, atomic, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;
use crate::open::{OpenFile, create_file, open_file};

/// Whole files.
impl Path {
    /// Opens the file for reading: await the future, or set options first.
    ///
    /// Same as [`open_file`], whose options are those of [`std::fs::OpenOptions`].
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

    /// Opens the file for writing, creates it if it does not exist, and empties it if it does: await the future,
    /// or set options first.
    ///
    /// Same as [`create_file`].
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

    /// Reads the whole file.
    ///
    /// Semantics of [`std::fs::read`].
    ///
    /// # Errors
    ///
    /// - The file does not exist, is a directory, or may not be read.
    /// - Reading fails halfway; what was read is dropped.
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

    /// Reads the whole file as UTF-8.
    ///
    /// Semantics of [`std::fs::read_to_string`]: line ends stay as they are.
    ///
    /// # Errors
    ///
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the contents are not UTF-8. The message tells at
    ///   which byte; [`read_bytes`](Path::read_bytes) reads such a file.
    /// - Those of [`read_bytes`](Path::read_bytes).
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
    /// assert!(error.to_string().ends_with("not valid UTF-8 at byte 5"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "read_to_string")]
    pub fn read_text(&self) -> ReadText {
        ReadText(Lazy::New(ReadTextCall { path: self.clone() }))
    }

    /// Writes `contents` as the whole contents of the file, and creates it if it does not exist.
    ///
    /// Semantics of [`std::fs::write`]: the old contents are cut off first, and a failure leaves what
    /// was written until then. [`write_atomic`](Path::write_atomic) leaves one or the other whole.
    ///
    /// An owned buffer is moved, and a lent one copied once: see [`Contents`].
    ///
    /// # Errors
    ///
    /// - The directory does not exist, or the file may not be created or written, or is a directory.
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

    /// Writes `text` as the whole contents of the file, in UTF-8, and creates it if it does not exist.
    ///
    /// As [`write_bytes`](Path::write_bytes): a `String` is moved and a `&str` copied once, see [`Text`]. Line
    /// ends stay as they are.
    ///
    /// # Errors
    ///
    /// Those of [`write_bytes`](Path::write_bytes).
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
    /// The contents go to a new file in the same directory, which then replaces the old one (`rename`). If this
    /// process is killed meanwhile, the old contents are still there. Both file and directory are synced before
    /// it returns, so that the same holds for a power failure.
    ///
    /// A new file gets what any new file gets: `0o666` less the umask, or what the directory has new files
    /// inherit. At a symbolic link, what it points to is written, whether that exists or not. Other hard
    /// links to the old file keep the old contents.
    ///
    /// # Permissions
    ///
    /// Nobody can use the new file who could not use the old one, but the user of this process. Kept of an
    /// existing file are the mode, and on Unix the owner and the group if the process may set them; on
    /// Linux, the access control list (POSIX ACL), and no list that is inherited from the directory; on Linux
    /// and macOS, the extended attributes that the process may read and set. Those that belong to the old
    /// contents are left out, as the system removes them when a file is written in place
    /// (`security.capability`).
    ///
    /// What cannot be kept narrows the mode:
    ///
    /// - If the process may not set the group, the members of the new group get what both all others
    ///   and the old group had, and so do all others: `0o640` becomes `0o600`, `0o664` becomes `0o644`.
    /// - If the process may not set the owner, the file belongs to the user of the process, nobody else gets
    ///   more than the old owner had, and the bits for set-user-id and set-group-id are removed.
    /// - If the system refuses the ACL or does not show it, the group and all others get what everybody had
    ///   who was named in it, or nothing.
    ///
    /// Until all of this is settled, only the owner may use the temporary file.
    ///
    /// No temporary file is left behind, unless the process is killed: then one named `.tmp…` may be.
    ///
    /// `contents` are moved or copied as in [`write_bytes`](Path::write_bytes).
    ///
    /// # Errors
    ///
    /// - The directory does not exist; or the process may not read it or create files in it. Whether
    ///   it might write to the old file does not matter.
    /// - [`IsADirectory`](io::ErrorKind::IsADirectory): a directory is in the way.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): what exists is neither, but a device or a FIFO, which
    ///   a rename would destroy.
    /// - Writing or syncing fails. The old contents are still there, unless all that failed was to sync the
    ///   directory.
    ///
    /// # Platform behavior
    ///
    /// Windows refuses to replace a file that is read-only, or which somebody has open. Directories are
    /// not synced there.
    ///
    /// Access control lists other than POSIX ACLs of Linux are out of reach, those of macOS, FreeBSD and
    /// Windows among them: the new file has what it inherits from its directory. The NFSv4 ACLs that Linux
    /// shows as extended attributes are kept as such.
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
    /// The future of [`Path::read_bytes`].
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
    /// The future of [`Path::read_text`].
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
    /// The future of [`Path::write_bytes`].
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
    /// The future of [`Path::write_text`].
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
    /// The future of [`Path::write_atomic`].
    pub struct WriteAtomic(WriteAtomicCall {
        path: Path,
        data: Data,
    }) -> io::Result<()>;
}

impl WriteAtomicCall {
    async fn run(self) -> io::Result<()> {
        // One job: a dropped future must not leave the temporary file behind between two of them.
        let Self { path, data } = self;
        let replace = move |path: &StdPath| atomic::replace(path, data.as_ref());
        ops::run(Operation::Replace, path, replace).await
    }
}

/// The contents as text.
fn text(contents: Vec<u8>) -> io::Result<String> {
    String::from_utf8(contents).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let reason = format!("its contents are not valid UTF-8 at byte {place}");
        io::Error::new(io::ErrorKind::InvalidData, reason)
    })
}
