//! Opening files, and reading and writing whole files.

use std::fs;
use std::io;

use super::data::{Contents, Data, Text, data};
use super::{Path, ops};
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

/// Converts the contents into text.
fn text(contents: Vec<u8>) -> io::Result<String> {
    String::from_utf8(contents).map_err(|error| {
        let position = error.utf8_error().valid_up_to();
        let reason = format!("invalid UTF-8 at byte {position}");
        io::Error::new(io::ErrorKind::InvalidData, reason)
    })
}
