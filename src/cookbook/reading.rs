//! Recipes for reading: a growing log, encodings, compressed files, a library for any reader.
//!
//! # Follow a growing log
//!
//! With [`follow`](crate::Lines::follow), the stream of lines waits at the end of the file, as `tail -f` does. A last
//! line is kept back until its end is written. If the log is truncated, the stream continues at its start. It holds no
//! thread while it waits, and nothing is lost if the future is dropped: the next call returns the line.
//!
//! ```
//! use std::io;
//!
//! use anyfile::open_file;
//! use futures_lite::{AsyncWriteExt, future};
//!
//! # futures_lite::future::block_on(async {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("log");
//! // Another task, or another process, writes the log.
//! let mut writer = open_file(&path).append(true).create(true).await?;
//! let write = async {
//!     for part in ["started\n", "half a ", "line\n", "stopped\n"] {
//!         writer.write_all(part.as_bytes()).await?;
//!         writer.flush().await?;
//!     }
//!     io::Result::Ok(())
//! };
//!
//! let follow = async {
//!     let mut lines = open_file(&path).await?.lines().follow(true);
//!     let mut seen = Vec::new();
//!     while let Some(line) = lines.next_line().await? {
//!         seen.push(line.to_owned());
//!         if line == "stopped" {
//!             break;
//!         }
//!     }
//!     io::Result::Ok(seen)
//! };
//!
//! let ((), seen) = future::try_zip(write, follow).await?;
//! assert_eq!(seen, ["started", "half a line", "stopped"]);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! If logs are rotated, that is, renamed and created anew, the stream stays with the old file. So look from time to
//! time whether the path leads to another one. With `follow(false)`, the stream returns what is left of the old file.
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io;
//! use std::time::Duration;
//!
//! use anyfile::{AsyncFile, Path};
//! use futures_lite::{StreamExt, future};
//! use smol::Timer;
//!
//! /// Returns the file that now has the path of the log, if that is another one.
//! async fn successor(log: &Path, open: &AsyncFile) -> io::Result<Option<AsyncFile>> {
//!     // While logs are rotated, there may be none.
//!     if !log.exists().await || log.file_id().await? == open.file_id().await? {
//!         return Ok(None);
//!     }
//!     log.open().await.map(Some)
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! # let log = &dir / "log";
//! # log.write_text("one\ntwo").await?;
//! # let mut seen = Vec::new();
//! let mut lines = log.open().await?.lines().follow(true);
//! # log.rename(&dir / "log.1").await?;
//! # log.write_text("three\n").await?;
//! loop {
//!     let timer = async {
//!         Timer::after(Duration::from_millis(200)).await;
//!         Ok(None)
//!     };
//!     if let Some(line) = future::or(lines.try_next(), timer).await? {
//!         println!("{line}");
//! #       seen.push(line);
//! #       if seen.len() == 3 {
//! #           break;
//! #       }
//!     } else if let Some(file) = successor(&log, lines.get_ref()).await? {
//!         let mut rest = lines.follow(false);
//!         while let Some(line) = rest.try_next().await? {
//!             println!("{line}");
//! #           seen.push(line);
//!         }
//!         lines = file.lines().follow(true);
//!     }
//! }
//! # assert_eq!(seen, ["one", "two", "three"]);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Read text in any encoding
//!
//! [`lines`](crate::AsyncFile::lines) and [`read_text`](crate::Path::read_text) expect UTF-8. With the feature
//! `encoding`, they decode any encoding of the Encoding standard, which the crate `encoding_rs` names. A byte order mark
//! goes before the encoding that was set. Malformed input is an error; with `lossy`, it becomes `U+FFFD`.
//!
//! ```
//! # #[cfg(feature = "encoding")]
//! # futures_lite::future::block_on(async {
//! use anyfile::{Path, open_file};
//! use encoding_rs::WINDOWS_1252;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = Path::new(dir.path()) / "letter.txt";
//! path.write_bytes(b"caf\xE9\r\n10 \x80\r\n").await?;
//!
//! let mut lines = open_file(&path).await?.lines().encoding(WINDOWS_1252);
//! assert_eq!(lines.next_line().await?, Some("café"));
//! assert_eq!(lines.next_line().await?, Some("10 €"));
//! assert_eq!(lines.next_line().await?, None);
//!
//! path.write_text("10 €").encoding(WINDOWS_1252).await?;
//! assert_eq!(path.read_text().encoding(WINDOWS_1252).await?, "10 €");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Read compressed files line by line
//!
//! [`wrap_file`](crate::wrap_file) makes any decoder asynchronous. But the constructors of many decoders, those of
//! `flate2` and `ruzstd` among them, read the header of the file, which blocks the executor if the disk is slow. So
//! call them on the thread pool, with `unblock` of the crate `blocking` (smol exports it, too). Use `MultiGzDecoder`:
//! a file may have several members, and `GzDecoder` stops after the first. If the data is damaged, the lines before
//! the damage may come first, then an error.
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io;
//!
//! use anyfile::{Path, open_file, wrap_file};
//! use blocking::unblock;
//! use flate2::read::MultiGzDecoder;
//! use futures_lite::StreamExt;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = Path::new(dir.path()) / "poem.gz";
//! # let member = |text: &str| {
//! #     use std::io::Write;
//! #     let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
//! #     encoder.write_all(text.as_bytes())?;
//! #     encoder.finish()
//! # };
//! # path.write_bytes([member("one\n")?, member("two\n")?].concat()).await?;
//! // If this fails, the error names the path.
//! let file = open_file(&path).await?.into_inner().await?;
//! let decoder = unblock(|| MultiGzDecoder::new(file)).await;
//!
//! let lines: Vec<String> = wrap_file(decoder).lines().try_collect().await?;
//! assert_eq!(lines, ["one", "two"]);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! It is the same for zstd. The decoder of the crate `ruzstd` stops after the first frame. The crate `zstd`, which
//! binds the C library, continues with the next one: use `zstd::Decoder::new(file)` in its place.
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io;
//!
//! use anyfile::{Path, open_file, wrap_file};
//! use blocking::unblock;
//! use futures_lite::StreamExt;
//! use ruzstd::decoding::StreamingDecoder;
//!
//! # use ruzstd::encoding::{CompressionLevel, compress_to_vec};
//! # let dir = tempfile::tempdir()?;
//! # let path = Path::new(dir.path()) / "poem.zst";
//! # path.write_bytes(compress_to_vec("one\ntwo\n".as_bytes(), CompressionLevel::Fastest)).await?;
//! let file = open_file(&path).await?.into_inner().await?;
//! let decoder = unblock(|| StreamingDecoder::new(file))
//!     .await
//!     .map_err(io::Error::other)?;
//!
//! let lines: Vec<String> = wrap_file(decoder).lines().try_collect().await?;
//! assert_eq!(lines, ["one", "two"]);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Write a library for any reader
//!
//! A library that takes `AsyncRead + AsyncSeek` works with an [`AsyncFile`](crate::AsyncFile), with a buffer in
//! memory and with other readers of its users. It depends on `futures-lite` or `futures-io` for the traits, and needs
//! neither this crate nor an executor. Require [`Unpin`] too, or pin the reader. Take the reader by value: `&mut R`
//! implements the traits as well, so a user can lend a file and use it afterwards.
//!
//! If you know that it is a file, use [`read_at`](crate::AsyncFile::read_at): it reads at an offset without moving
//! the position, and several tasks may call it at once.
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io::{self, SeekFrom};
//!
//! use anyfile::{Path, open_file, wrap_file};
//! use futures_lite::io::Cursor;
//! use futures_lite::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt};
//!
//! /// Returns the last `len` bytes, or all if there are fewer.
//! async fn tail<R>(mut reader: R, len: u64) -> io::Result<Vec<u8>>
//! where
//!     R: AsyncRead + AsyncSeek + Unpin,
//! {
//!     let end = reader.seek(SeekFrom::End(0)).await?;
//!     reader
//!         .seek(SeekFrom::Start(end.saturating_sub(len)))
//!         .await?;
//!     let mut bytes = Vec::new();
//!     reader.read_to_end(&mut bytes).await?;
//!     Ok(bytes)
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = Path::new(dir.path()) / "greeting";
//! path.write_text("hello world").await?;
//! let mut file = open_file(&path).await?;
//! assert_eq!(tail(&mut file, 5).await?, b"world");
//! assert_eq!(tail(&mut file, 100).await?, b"hello world");
//!
//! assert_eq!(tail(Cursor::new(b"in memory"), 6).await?, b"memory");
//! assert_eq!(
//!     tail(wrap_file(io::Cursor::new(b"wrapped")), 4).await?,
//!     b"pped"
//! );
//! # io::Result::Ok(()) }).unwrap();
//! ```
