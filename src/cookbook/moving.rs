//! Recipes for programs that used another library.
//!
//! # Move a program from async-fs
//!
//! [`anyfile::fs`](crate::fs) has the names and signatures of async-fs, which is `smol::fs`. Change the `use` lines,
//! and the program compiles:
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io;
//! use std::path::{Path, PathBuf};
//!
//! // use smol::fs::{self, File, OpenOptions};
//! use anyfile::fs::{self, File, OpenOptions};
//! use futures_lite::io::BufReader;
//! use futures_lite::{AsyncBufReadExt, AsyncWriteExt, StreamExt};
//!
//! /// Appends the first line of each file in a directory to an index.
//! async fn index(dir: &Path, index: PathBuf) -> io::Result<()> {
//!     let mut index = OpenOptions::new().append(true).create(true).open(index).await?;
//!     let mut entries = fs::read_dir(dir).await?;
//!     while let Some(entry) = entries.try_next().await? {
//!         if entry.file_type().await?.is_file() {
//!             let file = File::open(entry.path()).await?;
//!             if let Some(line) = BufReader::new(file).lines().next().await {
//!                 index.write_all(line?.as_bytes()).await?;
//!                 index.write_all(b"\n").await?;
//!             }
//!         }
//!     }
//!     index.flush().await
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = |name| dir.path().join(name);
//! fs::create_dir(path("notes")).await?;
//! fs::write(path("notes/a.txt"), "first\nsecond\n").await?;
//! index(&path("notes"), path("index")).await?;
//! assert_eq!(fs::read_to_string(path("index")).await?, "first\n");
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! Then use what is better here, as far as it is worth it. A file has a buffer and [`lines`](crate::AsyncFile::lines),
//! and its drop writes what is buffered, so `BufReader` and `flush` may go. The entries of a directory are
//! [paths](crate::Path) that know their type:
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io;
//!
//! use anyfile::{Path, open_file};
//! use futures_lite::{AsyncWriteExt, StreamExt};
//!
//! async fn index(dir: &Path, index: &Path) -> io::Result<()> {
//!     let mut index = open_file(index).append(true).create(true).await?;
//!     let mut entries = dir.read_dir().await?;
//!     while let Some(entry) = entries.try_next().await? {
//!         if entry.info().is_file() == Some(true) {
//!             if let Some(line) = entry.open().await?.lines().next_line().await? {
//!                 index.write_all(line.as_bytes()).await?;
//!                 index.write_all(b"\n").await?;
//!             }
//!         }
//!     }
//!     index.close().await
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! (&dir / "notes").create_dir().await?;
//! (&dir / "notes/a.txt").write_text("first\nsecond\n").await?;
//! index(&(&dir / "notes"), &(&dir / "index")).await?;
//! assert_eq!((&dir / "index").read_text().await?, "first\n");
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! Look through the program for three things that the compiler does not find:
//!
//! - `error.raw_os_error()` is `None`, because the error names the path. [`error.kind()`](std::io::Error::kind) is the
//!   same, and [`PathError::raw_os_error(&error)`](crate::PathError::raw_os_error) returns the code.
//! - A closed file cannot be used again. Call `sync_all` and `metadata` before `close`.
//! - A program that renames or removes a file, or passes it to another process, while it has it open and unflushed,
//!   needs its `flush` here as well.
//!
//! For `async_std::fs`, the same holds. Where its `Path` is used, too, the compiler finds a few places: a path that
//! [`DirEntry::path`](crate::fs::DirEntry::path), [`canonicalize`](crate::fs::canonicalize) or
//! [`read_link`](crate::fs::read_link) returns is a [`std::path::PathBuf`], and `.into()` makes it theirs.
