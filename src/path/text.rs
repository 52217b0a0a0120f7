//! Reading and writing whole files as text.

use std::io;

#[cfg(feature = "encoding")]
use encoding_rs::Encoding;

use super::data::{Data, Text, data};
use super::{Path, ops, whole};
use crate::call::{Lazy, Start, future};
use crate::encoding::{self, Malformed};
#[cfg(feature = "encoding")]
use crate::error::Operation;
use crate::parents::{Parents, parents_setter};

/// Reading and writing whole files as text.
impl Path {
    /// Reads the entire file as UTF-8, or in another encoding with the feature `encoding`.
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
    ///   position of the first invalid byte. [`read_bytes`](Path::read_bytes) reads such a file, and so does
    ///   [`lossy`](ReadText::lossy).
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
        ReadText(Lazy::New(ReadTextCall {
            path: self.clone(),
            malformed: Malformed::default(),
            #[cfg(feature = "encoding")]
            encoding: None,
        }))
    }

    /// Writes `text` as the entire contents of the file, in UTF-8, or in another encoding with the feature `encoding`.
    /// Creates a missing file.
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
            parents: Parents::default(),
            #[cfg(feature = "encoding")]
            encoding: None,
            #[cfg(feature = "encoding")]
            malformed: Malformed::default(),
        }))
    }
}

future! {
    /// Future returned by [`Path::read_text`]. Options can be set until the first poll.
    pub struct ReadText(ReadTextCall {
        path: Path,
        malformed: Malformed,
        #[cfg(feature = "encoding")]
        encoding: Option<&'static Encoding>,
    }) -> io::Result<String>, by start;
}

impl ReadText {
    /// Sets whether malformed sequences are replaced by U+FFFD. The default is `false`: they are an error.
    ///
    /// Semantics of [`String::from_utf8_lossy`].
    ///
    /// # Panics
    ///
    /// Panics if the future was polled already.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// notes.write_bytes(b"caf\xE9").await?;
    /// assert_eq!(notes.read_text().lossy(true).await?, "caf\u{FFFD}");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "errors")]
    #[track_caller]
    pub fn lossy(mut self, yes: bool) -> ReadText {
        self.0.options().malformed = Malformed::lossy(yes);
        self
    }

    /// Sets the encoding of the file. The default is UTF-8.
    ///
    /// Semantics of "decode" in the [Encoding standard]: a byte order mark is removed, and has precedence over
    /// `encoding`. Without this setter, it is part of the text.
    ///
    /// [Encoding standard]: https://encoding.spec.whatwg.org/#decode
    ///
    /// # Panics
    ///
    /// Panics if the future was polled already.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// use encoding_rs::{UTF_16LE, WINDOWS_1252};
    ///
    /// notes.write_bytes(b"caf\xE9").await?;
    /// assert_eq!(notes.read_text().encoding(WINDOWS_1252).await?, "café");
    ///
    /// notes.write_bytes(b"\xFE\xFF\0h\0i").await?;
    /// assert_eq!(notes.read_text().encoding(UTF_16LE).await?, "hi");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(feature = "encoding")]
    #[cfg_attr(docsrs, doc(cfg(feature = "encoding")))]
    #[track_caller]
    pub fn encoding(mut self, encoding: &'static Encoding) -> ReadText {
        self.0.options().encoding = Some(encoding);
        self
    }
}

impl ReadTextCall {
    fn start(self) -> Start<io::Result<String>> {
        let malformed = self.malformed;
        #[cfg(feature = "encoding")]
        if let Some(encoding) = self.encoding {
            let decode = move |contents| encoding::decode(encoding, contents, malformed);
            return ops::read(self.path, decode);
        }
        ops::read(self.path, move |contents| {
            encoding::utf8(contents, malformed)
        })
    }
}

future! {
    /// Future returned by [`Path::write_text`]. Options can be set until the first poll.
    pub struct WriteText(WriteTextCall {
        path: Path,
        data: Data,
        parents: Parents,
        #[cfg(feature = "encoding")]
        encoding: Option<&'static Encoding>,
        #[cfg(feature = "encoding")]
        malformed: Malformed,
    }) -> io::Result<()>;
}

parents_setter! {
    WriteText: parents,
    [],
    "let notes = &dir / \"a/b/notes\";"
    "notes.write_text(\"text\").parents(true).await?;"
    "assert_eq!(notes.read_text().await?, \"text\");"
}

#[cfg(feature = "encoding")]
#[cfg_attr(docsrs, doc(cfg(feature = "encoding")))]
impl WriteText {
    /// Sets the encoding of the file. The default is UTF-8.
    ///
    /// No byte order mark is written, unless the text begins with U+FEFF. The text is encoded on the thread pool.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): the encoding lacks a character of the text, and
    /// [`lossy`](WriteText::lossy) is not set. The file does not change. Nothing can be written in the encoding
    /// [`REPLACEMENT`](encoding_rs::REPLACEMENT).
    ///
    /// # Panics
    ///
    /// Panics if the future was polled already.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// use encoding_rs::{UTF_16LE, WINDOWS_1252};
    ///
    /// notes.write_text("café").encoding(WINDOWS_1252).await?;
    /// assert_eq!(notes.read_bytes().await?, b"caf\xE9");
    ///
    /// notes.write_text("\u{FEFF}hi").encoding(UTF_16LE).await?;
    /// assert_eq!(notes.read_bytes().await?, b"\xFF\xFEh\0i\0");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn encoding(mut self, encoding: &'static Encoding) -> WriteText {
        self.0.options().encoding = Some(encoding);
        self
    }

    /// Sets whether characters that the encoding lacks are replaced by `?`. The default is `false`: they are an
    /// error.
    ///
    /// # Panics
    ///
    /// Panics if the future was polled already.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let notes = anyfile::Path::new(dir.path()) / "notes";
    /// use encoding_rs::WINDOWS_1252;
    ///
    /// let write = || notes.write_text("1 → 2").encoding(WINDOWS_1252);
    /// assert!(write().await.is_err());
    /// write().lossy(true).await?;
    /// assert_eq!(notes.read_text().await?, "1 ? 2");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn lossy(mut self, yes: bool) -> WriteText {
        self.0.options().malformed = Malformed::lossy(yes);
        self
    }
}

impl WriteTextCall {
    async fn run(self) -> io::Result<()> {
        #[cfg(feature = "encoding")]
        if let Some(encoding) = self.encoding {
            let (data, malformed, parents) = (self.data, self.malformed, self.parents);
            let write = move |path: &std::path::Path| {
                // It was text, so nothing is replaced here.
                let text = String::from_utf8_lossy(data.as_ref());
                let data = encoding::encode(encoding, &text, malformed)?;
                whole::put(path, data.as_ref(), parents)
            };
            return ops::run(Operation::WriteAll, self.path, write).await;
        }
        whole::write(self.path, self.data, self.parents).await
    }
}
