//! Opening files, and reading and writing whole files. Text is in `text`.

use std::fs;
use std::io;

use super::data::{Contents, Data, data};
use super::{Path, ops};
use crate::call::{Lazy, Start, future};
use crate::error::Operation;
use crate::open::{OpenFile, create_file, open_file};
use crate::parents::{Parents, parents_setter};

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
        open_file(self).lane(&self.lane)
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
        create_file(self).lane(&self.lane)
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
    /// - The parent directory does not exist, and [`parents`](WriteBytes::parents) is not set; or the path is a
    ///   directory.
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
            parents: Parents::default(),
        }))
    }
}

future! {
    /// Future returned by [`Path::read_bytes`].
    pub struct ReadBytes(ReadBytesCall {
        path: Path,
    }) -> io::Result<Vec<u8>>, by start;
}

impl ReadBytesCall {
    fn start(self) -> Start<io::Result<Vec<u8>>> {
        ops::read(self.path, Ok)
    }
}

future! {
    /// Future returned by [`Path::write_bytes`]. The option can be set until it is first polled.
    pub struct WriteBytes(WriteBytesCall {
        path: Path,
        data: Data,
        parents: Parents,
    }) -> io::Result<()>;
}

parents_setter! {
    WriteBytes: parents,
    [],
    "let notes = &dir / \"a/b/notes\";"
    "notes.write_bytes([1, 2, 3]).parents(true).await?;"
    "assert_eq!(notes.read_bytes().await?, [1, 2, 3]);"
}

impl WriteBytesCall {
    async fn run(self) -> io::Result<()> {
        write(self.path, self.data, self.parents).await
    }
}

pub(super) async fn write(path: Path, data: Data, parents: Parents) -> io::Result<()> {
    let write = move |path: &std::path::Path| put(path, data.as_ref(), parents);
    ops::run(Operation::WriteAll, path, write).await
}

/// Writes `data` as the contents of the file. May block.
pub(super) fn put(path: &std::path::Path, data: &[u8], parents: Parents) -> io::Result<()> {
    parents.attempt(path, || fs::write(path, data))
}
