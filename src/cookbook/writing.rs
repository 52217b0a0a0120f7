//! Recipes for writing: closing, a configuration with many writers, temporary files.
//!
//! # Close a file, or drop it
//!
//! The drop of a file writes what is buffered, so an early return or a dropped future loses nothing. But a drop
//! cannot report errors, and it may block the executor. So call [`close`](crate::AsyncFile::close) on every file that
//! you have written: it reports errors and never blocks. A file that was only read needs no `close`.
//!
//! Small writes are buffered, so a full disk often shows only in `close`. On error the file stays open and keeps the
//! bytes. Call `close` again when there is room, or give up the bytes with
//! [`discard_unwritten`](crate::AsyncFile::discard_unwritten). Neither drop nor `close` makes data safe from a power
//! failure; [`sync_all`](crate::AsyncFile::sync_all) does.
//!
//! ```
//! # #[cfg(target_os = "linux")]
//! # futures_lite::future::block_on(async {
//! use std::io::{self, ErrorKind};
//!
//! use anyfile::{Path, create_file};
//! use futures_lite::AsyncWriteExt;
//!
//! async fn save(path: &Path, text: &str) -> io::Result<()> {
//!     let mut file = create_file(path).await?;
//!     file.write_all(text.as_bytes()).await?;
//!     file.close().await
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = Path::new(dir.path()) / "report";
//! save(&path, "all is well").await?;
//! assert_eq!(path.read_text().await?, "all is well");
//!
//! // This disk is always full.
//! let error = save(&Path::new("/dev/full"), "all is well")
//!     .await
//!     .unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::StorageFull);
//!
//! // Give up the bytes, and close the file without them.
//! let mut file = create_file("/dev/full").await?;
//! file.write_all(b"all is well").await?;
//! assert!(file.close().await.is_err());
//! assert_eq!(file.discard_unwritten().await?, 11);
//! file.close().await?;
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Change a configuration with many writers
//!
//! [`write_atomic`](crate::Path::write_atomic) replaces the contents in one step. Readers see the old file or the new
//! one, and need no lock. Writers need a lock, because each of them reads, changes and writes, and would undo changes
//! that others make meanwhile. Lock a separate file: `write_atomic` puts a new file in place of the old one, so a
//! lock on the configuration itself would be on a file that is no longer there. Never remove the lock file, or two
//! writers may lock two different files.
//!
//! [`lock`](crate::AsyncFile::lock) locks out other processes and other tasks, and holds no thread while it waits. If
//! the future is dropped, for example by a timeout, the lock is not held afterwards, and the configuration is the old
//! or the new one.
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io::{self, ErrorKind};
//!
//! use anyfile::{Path, open_file};
//! use futures::future;
//! use serde_json::{Value, json};
//!
//! /// Changes the configuration at `path`, which is empty if the file does not exist.
//! async fn update(path: &Path, change: impl FnOnce(&mut Value)) -> io::Result<()> {
//!     let lock_path = path.with_suffix(".lock")?;
//!     let mut lock = open_file(lock_path).write(true).create(true).await?;
//!     lock.lock().await?;
//!     let mut settings = match path.read_text().await {
//!         Ok(text) => serde_json::from_str(&text)?,
//!         Err(error) if error.kind() == ErrorKind::NotFound => json!({}),
//!         Err(error) => return Err(error),
//!     };
//!     change(&mut settings);
//!     path.write_atomic(serde_json::to_vec_pretty(&settings)?).await?;
//!     lock.close().await
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = Path::new(dir.path()) / "settings.json";
//! let writers = (0..10).map(|_| {
//!     update(&path, |settings| {
//!         let visits = settings["visits"].as_u64().unwrap_or(0);
//!         settings["visits"] = json!(visits + 1);
//!     })
//! });
//! future::try_join_all(writers).await?;
//!
//! let settings: Value = serde_json::from_str(&path.read_text().await?)?;
//! assert_eq!(settings, json!({ "visits": 10 }));
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Use a temporary file
//!
//! With the feature `tempfile`, `temp_file` creates a file without a name, for data that does not fit into memory. The
//! system removes it when it is closed, even if the process is killed. `spooled_temp_file` stays in memory until it is
//! too large for that. `named_temp_file` has a path to give to another program, and can be renamed when it is complete.
//! `temp_dir` is removed with all that is in it.
//!
//! Nothing is left behind on error, by a timeout or a panic. The drop of a directory removes it in the background, and on
//! most Unix systems the end of the thread waits for that, for one second at most. To be sure, `close` it.
//!
//! To replace a file, use [`open_atomic`](crate::Path::open_atomic) or [`write_atomic`](crate::Path::write_atomic),
//! which keep its permissions.
//!
//! ```
//! # #[cfg(feature = "tempfile")]
//! # futures_lite::future::block_on(async {
//! use std::io;
//!
//! use anyfile::{Path, named_temp_file, spooled_temp_file, temp_dir, temp_file};
//! use futures_lite::AsyncWriteExt;
//!
//! // Without a name.
//! let mut scratch = temp_file().await?;
//! scratch.write_all(b"intermediate results").await?;
//! scratch.rewind().await?;
//! let mut text = String::new();
//! scratch.read_to_string(&mut text).await?;
//! assert_eq!(text, "intermediate results");
//!
//! // In memory, unless it is larger than 64 KiB.
//! let mut upload = spooled_temp_file(64 * 1024);
//! upload.write_all(b"a small one").await?;
//!
//! // With a name, in the directory of the result: a rename cannot cross filesystems.
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! let result = &dir / "result";
//! let mut file = named_temp_file().dir(&dir).prefix("result-").await?;
//! file.write_all(b"all of it").await?;
//! file.sync_all().await?;
//! file.persist(&result).await?;
//! assert_eq!(result.read_text().await?, "all of it");
//!
//! // A directory to work in.
//! let mut work = temp_dir().await?;
//! let output = work.path() / "output";
//! output.write_text("of a tool").await?;
//! work.close().await?;
//! assert!(!output.exists().await);
//! # io::Result::Ok(()) }).unwrap();
//! ```
