//! Recipes for processes and networks: children, HTTP bodies, uploads, object stores, fork.
//!
//! # Give a child files as its input and output
//!
//! [`into_inner`](crate::AsyncFile::into_inner) returns the [`File`](std::fs::File), which can be the standard input
//! or output of a child. It writes what is buffered, and puts the cursor at the logical position. So the child
//! continues where you stopped, even if more was read ahead. On error nothing is lost: the error returns the file.
//!
//! smol's `Command` waits for the child without a thread of the pool. If the future is dropped, the child keeps
//! running, unless `kill_on_drop` is set.
//!
//! ```
//! # #[cfg(unix)]
//! # futures_lite::future::block_on(async {
//! use std::io;
//!
//! use anyfile::{Path, create_file, open_file};
//! use futures_lite::AsyncWriteExt;
//! use smol::process::Command;
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! let (table, sorted) = (&dir / "table.csv", &dir / "sorted.csv");
//! table.write_text("name\nzebra\nant\nmole\n").await?;
//!
//! // The header is copied here, and the child sorts the rest.
//! let (mut input, mut output) = (open_file(&table).await?, create_file(&sorted).await?);
//! let mut header = String::new();
//! input.read_line(&mut header).await?;
//! output.write_all(header.as_bytes()).await?;
//!
//! let status = Command::new("sort")
//!     .stdin(input.into_inner().await?)
//!     .stdout(output.into_inner().await?)
//!     .status()
//!     .await?;
//! assert!(status.success());
//! assert_eq!(sorted.read_text().await?, "name\nant\nmole\nzebra\n");
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Talk to a child through pipes
//!
//! [`wrap_file`](crate::wrap_file) makes the pipes of a child asynchronous. Write and read at the same time: when the
//! pipe of its output is full, the child stops reading its input, and a parent that only writes waits for ever. Close
//! the input at its end, or the child waits for more. Use `close` for that: if the child does not read its input, a
//! drop blocks for up to a second.
//!
//! A read that waits for the child blocks a thread of the pool. For many children that are often silent, use the
//! pipes of smol's `Command`, which wait in its reactor on Unix.
//!
//! ```
//! # #[cfg(unix)]
//! # futures_lite::future::block_on(async {
//! use std::io;
//! use std::process::{Command, Stdio};
//!
//! use anyfile::wrap_file;
//! use blocking::unblock;
//! use futures_lite::{AsyncWriteExt, StreamExt, future};
//!
//! let mut child = Command::new("tr")
//!     .args(["a-z", "A-Z"])
//!     .stdin(Stdio::piped())
//!     .stdout(Stdio::piped())
//!     .spawn()?;
//! let pipes = child.stdin.take().zip(child.stdout.take());
//! let (stdin, stdout) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
//!
//! let write = async {
//!     let mut stdin = wrap_file(stdin);
//!     for number in 0..10_000 {
//!         stdin
//!             .write_all(format!("line {number}\n").as_bytes())
//!             .await?;
//!     }
//!     stdin.close().await
//! };
//! let read = wrap_file(stdout).lines().try_collect::<_, _, Vec<_>>();
//!
//! let ((), lines) = future::try_zip(write, read).await?;
//! assert_eq!(lines.len(), 10_000);
//! assert_eq!(lines[9_999], "LINE 9999");
//! assert!(unblock(move || child.wait()).await?.success());
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Send a file as an HTTP body
//!
//! HTTP libraries take a body as a stream of chunks. [`chunks`](crate::AsyncFile::chunks) reads ahead of a client that
//! is fast, and stops for one that is slow, which then needs little memory and no thread. If the connection is lost, the
//! server drops the stream, which closes the file. If the file is truncated meanwhile, the body is shorter than its
//! `Content-Length`, and the server has to abort the connection.
//!
//! With hyper the body is `StreamBody::new(body.map_ok(|chunk| Frame::data(chunk.into())))`. The test
//! `clients/tests/web.rs` in the repository is a server with hyper and smol.
//!
//! ```
//! use std::io::{self, SeekFrom};
//! use std::ops::Range;
//!
//! use anyfile::{Chunks, Path, open_file};
//! use futures::{AsyncSeekExt, TryStreamExt};
//!
//! /// Opens a file, and returns the bytes in `range`.
//! async fn body(path: Path, range: Range<u64>) -> io::Result<Chunks> {
//!     let mut file = open_file(path).await?;
//!     file.seek(SeekFrom::Start(range.start)).await?;
//!     Ok(file.chunks().limit(range.end - range.start))
//! }
//!
//! # futures::executor::block_on(async {
//! # let dir = tempfile::tempdir()?;
//! # let path = Path::new(dir.path()) / "video";
//! # let bytes: Vec<u8> = (0..200_000).map(|number: u32| (number % 251) as u8).collect();
//! path.write_bytes(&bytes).await?;
//! let len = path.metadata().await?.len();
//!
//! // A client that resumes a download sends `Range: bytes=1000-`.
//! let chunks: Vec<_> = body(path, 1000..len).await?.try_collect().await?;
//! assert!(chunks.iter().all(|chunk| chunk.len() <= 64 << 10));
//! assert_eq!(chunks.concat(), bytes[1000..]);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Use a file where tokio's traits are wanted
//!
//! With the feature `tokio`, a file has tokio's four I/O traits beside those of futures-io, so that it goes where a
//! `tokio::fs::File` goes: to `tokio::io::copy`, to the codecs of `tokio_util`, to the body of a request. No runtime
//! comes with it, and none is needed. Import the extension traits of one of the two only, or calls of `read_line` and
//! the like are ambiguous.
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # futures_lite::future::block_on(async {
//! use anyfile::{Path, create_file, open_file};
//! use tokio::io::{self, AsyncBufReadExt, AsyncWriteExt};
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! let (notes, copied) = (&dir / "notes", &dir / "copied");
//! notes.write_text("first\nsecond\n").await?;
//! let (mut from, mut to) = (open_file(&notes).await?, create_file(&copied).await?);
//! assert_eq!(io::copy(&mut from, &mut to).await?, 13);
//! to.shutdown().await?;
//!
//! let mut line = String::new();
//! AsyncBufReadExt::read_line(&mut open_file(&copied).await?, &mut line).await?;
//! assert_eq!(line, "first\n");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Store an upload
//!
//! [`open_atomic`](crate::Path::open_atomic) writes to a temporary file in the directory of the target. When all bytes
//! have arrived, `commit` brings them to the disk and renames the file to the target; until then the old file stays. If
//! the client disconnects, the disk is full or a timeout drops the future, the drop removes the temporary file.
//! `write_all` waits if the disk is slower than the client, so memory is bounded. Bound the length as well.
//!
//! The file gets the permissions of the one that it replaces. [`mode`](crate::path::OpenAtomic::mode) sets those of a
//! new file.
//!
//! ```
//! use std::io::{self, ErrorKind};
//! use std::pin::pin;
//!
//! use anyfile::Path;
//! use futures::{AsyncWriteExt, Stream, TryStreamExt, stream};
//!
//! /// The most bytes that an upload may have.
//! const MAX_LEN: u64 = 1 << 20;
//!
//! async fn store(body: impl Stream<Item = io::Result<Vec<u8>>>, path: Path) -> io::Result<u64> {
//!     let mut file = path.open_atomic().await?;
//!     let (mut body, mut len) = (pin!(body), 0);
//!     while let Some(chunk) = body.try_next().await? {
//!         len += chunk.len() as u64;
//!         if len > MAX_LEN {
//!             return Err(ErrorKind::FileTooLarge.into());
//!         }
//!         file.write_all(&chunk).await?;
//!     }
//!     file.commit().await?;
//!     Ok(len)
//! }
//!
//! # futures::executor::block_on(async {
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! let path = &dir / "upload";
//! let body = stream::iter((0..10).map(|_| Ok(vec![b'x'; 1000])));
//! assert_eq!(store(body, path.clone()).await?, 10_000);
//! assert_eq!(path.metadata().await?.len(), 10_000);
//!
//! // A client that disconnects, and one that never stops.
//! let body = stream::iter([Ok(b"half".to_vec()), Err(ErrorKind::ConnectionReset.into())]);
//! let error = store(body, path.clone()).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::ConnectionReset);
//! let body = stream::repeat_with(|| Ok(vec![b'x'; 1000]));
//! let error = store(body, path.clone()).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::FileTooLarge);
//!
//! // The old file is still there, and nothing else.
//! let names: Vec<_> = dir.iterdir().try_collect().await?;
//! assert_eq!(names, [path.clone()]);
//! assert_eq!(path.metadata().await?.len(), 10_000);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Read and write objects of an object store
//!
//! [OpenDAL] reads objects of S3, Azure, Google Cloud and others. The reader of its blocking interface,
//! `blocking::Operator::reader(path)?.into_std_read(..)?`, is `Read` and `Seek`, so [`wrap_file`](crate::wrap_file)
//! makes it a file, and code that is generic over `AsyncFile<T>` reads objects as it reads local files. The example
//! `clients/examples/object_store.rs` in the repository does this with a server on loopback, and compares the times.
//!
//! * *Runtime.* OpenDAL needs a runtime of tokio with threads of its own, under any executor. Its blocking objects
//!   panic on a thread on which tokio runs tasks, even if they are only dropped there. So make and wrap them in one call
//!   of `unblock`: the file uses and drops them on the thread pool. Do not take them out with `into_inner`; use
//!   [`with_mut`](crate::AsyncFile::with_mut).
//! * *Reading.* A file that is read in sequence is one request, whose response is streamed. Nothing is read ahead: each
//!   time that the buffer is empty, a call on the pool waits for the next part of the response, and holds a thread
//!   meanwhile.
//! * *Seeking.* `seek` itself sends nothing, but the next read begins a new request, which asks for the rest of the
//!   object, and the connection of the old one is lost. `seek_relative` within the buffer costs nothing.
//! * *Errors.* Opening sends nothing, so a missing object is an error of the first read. After an error in the middle,
//!   OpenDAL's reader continues only after a seek to another position. Its `RetryLayer` requests the rest instead, and
//!   its `TimeoutLayer` bounds how long a thread waits. Versions before 0.59 report a broken connection as
//!   `Interrupted`. Then std and this crate read again, and find the end of the file.
//! * *Writing.* The object exists only after `file.with_mut(|writer| writer.close()).await??`. Closing or dropping the
//!   file is not enough: OpenDAL then discards what was written.
//!
//! Use OpenDAL's asynchronous interface directly if a program reads many ranges, or several at a time: `read` with a
//! range requests just these bytes, reuses the connection and needs no thread. Its readers request ahead if `chunk` and
//! `concurrent` are set. In the example, with 16 MiB and a server on loopback, lines take 2 times as long as those of a
//! cached local file, and 1.6 times with OpenDAL directly. A block at a random offset takes 0.32 ms, and 0.1 ms
//! directly.
//!
//! [OpenDAL]: https://docs.rs/opendal
//!
//! # Fork
//!
//! A child of `fork` has a copy of the memory, but only one thread. It has no threads of the pool, so a call that
//! needs one waits for ever, and so does a call that needs a lock which another thread held. Buffered bytes exist
//! twice, and both processes may write them. So fork before you open the first file and start the first thread, as a
//! daemon does.
//!
//! Afterwards use `Command`, which runs none of this library in the child. The child sees what was written after a
//! `flush`, a `close` or an [`into_inner`](crate::AsyncFile::into_inner). It does not inherit open files, except
//! those that `Command` is given.
//!
//! ```
//! # #[cfg(unix)]
//! # {
//! use anyfile::Path;
//! use futures_lite::future::block_on;
//! use nix::sys::wait::{WaitStatus, waitpid};
//! use nix::unistd::{ForkResult, fork};
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = Path::new(dir.path()) / "note";
//! // SAFETY: no other thread has been started.
//! match unsafe { fork() }? {
//!     ForkResult::Child => {
//!         let written = block_on(path.write_text("from the child"));
//!         std::process::exit(written.is_err().into());
//!     }
//!     ForkResult::Parent { child } => {
//!         assert_eq!(waitpid(child, None)?, WaitStatus::Exited(child, 0));
//!         assert_eq!(block_on(path.read_text())?, "from the child");
//!     }
//! }
//! # }
//! # std::io::Result::Ok(())
//! ```
