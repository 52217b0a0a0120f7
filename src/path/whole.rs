//! Whole files in one go.

use std::fs;
use std::io;
use std::path::Path as StdPath;

use super::{Path, atomic, ops};
use crate::error::Operation;
use crate::open::{OpenFile, open_file};

/// Whole files.
impl Path {
    /// Opens the file: await the result to read, or set options first.
    ///
    /// The same as [`open_file`], whose options are those of [`std::fs::OpenOptions`].
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// use futures_lite::AsyncWriteExt;
    ///
    /// let mut file = notes.open().write(true).create(true).await?;
    /// file.write_all(b"first\n").await?;
    /// file.close().await?;
    /// assert_eq!(notes.open().await?.metadata().await?.len(), 6);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn open(&self) -> OpenFile {
        open_file(self)
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
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_bytes(b"first\xFF").await?;
    /// assert_eq!(notes.read_bytes().await?, b"first\xFF");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "read")]
    pub fn read_bytes(&self) -> impl Future<Output = io::Result<Vec<u8>>> + Send + 'static + use<> {
        ops::read(self.clone(), Ok)
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
    pub fn read_text(&self) -> impl Future<Output = io::Result<String>> + Send + 'static + use<> {
        ops::read(self.clone(), text)
    }

    /// Makes `data` the contents of the file, which is created if it does not exist.
    ///
    /// Semantics of [`std::fs::write`]: the old contents are cut off first, and a failure leaves what
    /// was written until then. [`write_atomic`](Path::write_atomic) leaves one or the other whole.
    ///
    /// `data` is owned, since it must outlive a dropped future: a `Vec<u8>` or a `String` is moved and not
    /// copied, and a slice is copied once.
    ///
    /// # Errors
    ///
    /// - The directory does not exist, or the file may not be created or written, or is a directory.
    /// - Writing fails halfway.
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
    pub fn write_bytes<D: Into<Vec<u8>>>(
        &self,
        data: D,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static + use<D> {
        let data = data.into();
        ops::run(Operation::WriteAll, self.clone(), move |path| {
            fs::write(path, data)
        })
    }

    /// Makes `text`, in UTF-8, the contents of the file, which is created if it does not exist.
    ///
    /// As [`write_bytes`](Path::write_bytes): a `String` is moved and a `&str` copied once. Line ends stay
    /// as they are.
    ///
    /// # Errors
    ///
    /// Those of [`write_bytes`](Path::write_bytes).
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
    pub fn write_text<T: Into<String>>(
        &self,
        text: T,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static + use<T> {
        self.write_bytes(text.into())
    }

    /// Makes `data` the contents of the file, so that there is no moment at which it has anything but
    /// the old contents or the new ones, whole.
    ///
    /// The data goes to a new file in the same directory, which then takes the place of the old one
    /// (`rename`). That holds for whoever reads the file meanwhile, and if this process is killed; both
    /// file and directory are synced before it returns, so that it holds for a power failure too.
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
    /// `data` is moved or copied as in [`write_bytes`](Path::write_bytes).
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
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_atomic("all of it").await?;
    /// assert_eq!(notes.read_text().await?, "all of it");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn write_atomic<D: Into<Vec<u8>>>(
        &self,
        data: D,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static + use<D> {
        let data = data.into();
        // One job: a dropped future must not leave the temporary file behind between two of them.
        ops::run(Operation::Replace, self.clone(), move |path: &StdPath| {
            atomic::replace(path, &data)
        })
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
