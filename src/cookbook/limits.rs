//! Recipes for limits and failures: timeouts, a slow mount, shutting down, errors.
//!
//! # Time out, and know what was written
//!
//! A timeout drops the future, and the file stays usable: bytes that were read are delivered by the next read, and
//! bytes that a write accepted are written. But `write_all` does not tell how many it had accepted. To know that,
//! call `write` and count. A `write` that was dropped has accepted nothing, unless
//! [`buffering`](crate::open::OpenFile::buffering) is 0. So the caller can send the rest later. It is the same with
//! `read_exact`: call `read` and count if the time may run out.
//!
//! Accepted bytes may still be in the buffer of the file. If the peer never reads them, `close` waits for ever, and a
//! drop blocks for up to a second. [`discard_unwritten`](crate::AsyncFile::discard_unwritten) gives up the bytes in
//! the buffer.
//!
//! ```
//! # #[cfg(unix)]
//! # futures_lite::future::block_on(async {
//! use std::io::{self, ErrorKind, Read};
//! use std::os::unix::net::UnixStream;
//! use std::time::Duration;
//!
//! use anyfile::wrap_file;
//! use blocking::unblock;
//! use futures_lite::{AsyncWrite, AsyncWriteExt, future};
//! use smol::Timer;
//!
//! /// Writes `data` from `accepted` on, and counts the bytes in `accepted`.
//! async fn send<W>(sink: &mut W, data: &[u8], accepted: &mut usize) -> io::Result<()>
//! where
//!     W: AsyncWrite + Unpin,
//! {
//!     while *accepted < data.len() {
//!         *accepted += match sink.write(&data[*accepted..]).await? {
//!             0 => return Err(ErrorKind::WriteZero.into()),
//!             len => len,
//!         };
//!     }
//!     sink.flush().await
//! }
//!
//! /// Returns `None` if `call` takes longer than `time`.
//! async fn timeout<T>(time: Duration, call: impl Future<Output = T>) -> Option<T> {
//!     let expire = async {
//!         Timer::after(time).await;
//!         None
//!     };
//!     future::or(async { Some(call.await) }, expire).await
//! }
//!
//! // A peer that does not read.
//! let (socket, mut peer) = UnixStream::pair()?;
//! let (mut sink, data) = (wrap_file(socket), vec![7; 8 << 20]);
//! let mut accepted = 0;
//! let sent = timeout(
//!     Duration::from_millis(100),
//!     send(&mut sink, &data, &mut accepted),
//! )
//! .await;
//! assert!(sent.is_none());
//! assert!(0 < accepted && accepted < data.len());
//!
//! // Now it reads, and the rest is sent.
//! let received = unblock(move || {
//!     let mut bytes = Vec::new();
//!     peer.read_to_end(&mut bytes).map(|_| bytes)
//! });
//! send(&mut sink, &data, &mut accepted).await?;
//! sink.close().await?;
//! assert!(received.await? == data);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Limit the calls to a slow mount
//!
//! If the server of a network filesystem does not answer, each call on the mount blocks a thread of the pool. All
//! files share the pool, which has at most 500 threads, or as many as the environment variable `BLOCKING_MAX_THREADS`
//! says. A [`Limiter`](crate::Limiter) bounds the threads that work for such a mount, so that threads are left for
//! other files. Set it once on the path of the mount: what is made from this path inherits it.
//!
//! A timeout ends the wait, but not the call: a thread that is blocked in the kernel cannot be interrupted. So a call
//! that has begun keeps its turn until it returns, even if its future was dropped. A call that still waits for a turn
//! is not carried out after its timeout.
//!
//! ```
//! # #[cfg(unix)]
//! # smol::block_on(async {
//! use std::time::Duration;
//!
//! use anyfile::{Limiter, Path, create_file};
//! use futures_lite::future;
//! use smol::Timer;
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! let limiter = Limiter::new(2);
//! let mount = dir.with_limiter(&limiter);
//! // Opening a named pipe blocks until there is a writer, as a call on the mount blocks until the server answers.
//! let blocked = ["one", "two", "one", "two"].map(|name| mount.join(name));
//! # let mut mkfifo = smol::process::Command::new("mkfifo");
//! # assert!(mkfifo.args(["one", "two"]).current_dir(&dir).status().await?.success());
//! for path in &blocked {
//!     let read = async { path.read_text().await.map(Some) };
//!     let expire = async {
//!         Timer::after(Duration::from_millis(50)).await;
//!         Ok(None)
//!     };
//!     assert_eq!(future::or(read, expire).await?, None);
//! }
//! // Two calls block a thread each. The others have left the queue.
//! assert_eq!((limiter.in_use(), limiter.waiting()), (2, 0));
//! // A path without this limiter is not affected.
//! dir.join("notes").write_text("elsewhere").await?;
//!
//! // The mount answers: the calls return, and end their turns.
//! create_file(&blocked[0]).await?.close().await?;
//! create_file(&blocked[1]).await?.close().await?;
//! assert_eq!(mount.join("notes").read_text().await?, "elsewhere");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Bound the number of open files
//!
//! The system limits the descriptors of a process, often to 1,024. A [`Limiter`](crate::Limiter) does not help here: a
//! file that is open and idle holds no thread. If each task opens, uses and closes its file, bound the number of tasks
//! that run at once, as `buffer_unordered` of the crate `futures` does. If files stay open, let each file own a permit
//! of a semaphore.
//!
//! ```
//! # smol::block_on(async {
//! use std::io;
//! use std::sync::Arc;
//!
//! use anyfile::{AsyncFile, Path, open_file};
//! use futures::stream::{self, StreamExt, TryStreamExt};
//! use smol::lock::{Semaphore, SemaphoreGuardArc};
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! let paths: Vec<Path> = (0..100).map(|number| dir.join(format!("{number}"))).collect();
//! for path in &paths {
//!     path.write_text("asset").await?;
//! }
//!
//! /// Counts the bytes of a file.
//! async fn load(path: Path) -> io::Result<usize> {
//!     let mut file = open_file(path).await?;
//!     let mut bytes = Vec::new();
//!     file.read_to_end(&mut bytes).await
//! }
//!
//! // 16 files are open at most.
//! let loads = stream::iter(paths.clone()).map(load).buffer_unordered(16);
//! let sizes: Vec<usize> = loads.try_collect().await?;
//! assert_eq!(sizes.iter().sum::<usize>(), 500);
//!
//! /// A file that counts as open until it is dropped.
//! struct Asset {
//!     file: AsyncFile,
//!     _permit: SemaphoreGuardArc,
//! }
//!
//! async fn open(path: &Path, files: &Arc<Semaphore>) -> io::Result<Asset> {
//!     let permit = files.acquire_arc().await;
//!     let file = open_file(path).await?;
//!     Ok(Asset { file, _permit: permit })
//! }
//!
//! let files = Arc::new(Semaphore::new(2));
//! let first = open(&paths[0], &files).await?;
//! let second = open(&paths[1], &files).await?;
//! assert_eq!(first.file.metadata().await?.len(), 5);
//! assert!(files.try_acquire().is_none());
//! drop(second);
//! assert!(files.try_acquire().is_some());
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Shut down
//!
//! When `main` returns, detached tasks stop wherever they are. [`std::process::exit`] does not even run destructors,
//! so the buffers of open files are lost. Send a signal to the tasks that write, here the end of a channel. Let each
//! of them close its file, and wait for them before the process exits.
//!
//! A drop is no substitute for `close` here: it waits at most a second for a file on a network filesystem or for a
//! wrapped object, and what is not written by then is lost if the process exits. `close` waits as long as it takes.
//!
//! ```
//! use std::io;
//!
//! use anyfile::{Path, create_file};
//! use futures_lite::AsyncWriteExt;
//! use smol::channel::{self, Receiver};
//!
//! /// Writes what comes through the channel, until it is closed and empty.
//! async fn log(path: Path, lines: Receiver<String>) -> io::Result<()> {
//!     let mut file = create_file(path).await?;
//!     while let Ok(line) = lines.recv().await {
//!         file.write_all(line.as_bytes()).await?;
//!     }
//!     file.close().await
//! }
//!
//! # smol::block_on(async {
//! # let dir = tempfile::tempdir()?;
//! # let path = Path::new(dir.path()) / "log";
//! let (sender, receiver) = channel::bounded(16);
//! let logger = smol::spawn(log(path.clone(), receiver));
//! for number in 0..1000 {
//!     let line = format!("request {number}\n");
//!     sender.send(line).await.map_err(io::Error::other)?;
//! }
//!
//! // The task writes the lines that are in the channel, closes the file and returns its errors.
//! sender.close();
//! logger.await?;
//! assert_eq!(path.read_text().await?.lines().count(), 1000);
//! // From here on, `std::process::exit` loses nothing.
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Report errors
//!
//! The message of an error names the operation, the path and the reason of the system, each of them once. Print it as
//! it is, or make it the [`source`](std::error::Error::source) of an error of your own. A report that prints the
//! whole chain, as `anyhow` and `eyre` do, shows no reason twice.
//!
//! To decide what to do, match on the [`kind`](std::io::Error::kind). [`PathError`](crate::PathError) has the parts
//! of the message for a structured log. [`std::io::Error::raw_os_error`] returns `None` for these errors;
//! [`PathError::raw_os_error`](crate::PathError::raw_os_error) returns the number. A path can reveal secrets, so send
//! only the kind to a client.
//!
//! ```
//! use std::error::Error;
//! use std::{fmt, io};
//!
//! use anyfile::{Path, PathError};
//! use serde_json::json;
//!
//! #[derive(Debug)]
//! struct LoadError(io::Error);
//!
//! impl fmt::Display for LoadError {
//!     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         write!(f, "cannot load the settings")
//!     }
//! }
//!
//! impl Error for LoadError {
//!     fn source(&self) -> Option<&(dyn Error + 'static)> {
//!         Some(&self.0)
//!     }
//! }
//!
//! async fn load(path: &Path) -> Result<String, LoadError> {
//!     path.read_text().await.map_err(LoadError)
//! }
//!
//! /// Returns the messages of an error and of all that have caused it.
//! fn chain(mut error: &dyn Error) -> String {
//!     let mut text = error.to_string();
//!     while let Some(source) = error.source() {
//!         text = format!("{text}: {source}");
//!         error = source;
//!     }
//!     text
//! }
//!
//! # futures_lite::future::block_on(async {
//! let error = load(&Path::new("no/such/file")).await.unwrap_err();
//! let text = chain(&error);
//! let reason = "cannot load the settings: failed to read file `no/such/file`: ";
//! assert!(text.starts_with(reason), "{text}");
//! assert_eq!(text.matches("os error").count(), 1);
//!
//! // For a structured log.
//! let LoadError(error) = error;
//! let details = PathError::of(&error).unwrap();
//! let entry = json!({
//!     "operation": details.operation(),
//!     "path": details.path().to_string_lossy(),
//!     "code": PathError::raw_os_error(&error),
//! });
//! assert_eq!(entry["path"], "no/such/file");
//! # #[cfg(unix)]
//! assert_eq!(entry["code"], 2);
//!
//! // For a client.
//! assert_eq!(error.kind().to_string(), "entity not found");
//! # });
//! ```
