//! Asynchronous file I/O under any executor. Reading cached data needs no thread hop, and nothing is lost on
//! drop, cancellation, a full disk or a panic.
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use anyfile::{create_file, open_file};
//! use futures_lite::{AsyncWriteExt, StreamExt};
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("notes.txt");
//! let mut file = create_file(&path).await?;
//! file.write_all(b"first\nsecond\n").await?;
//! file.close().await?;
//!
//! let mut lines = open_file(&path).await?.lines();
//! while let Some(line) = lines.try_next().await? {
//!     println!("{line}");
//! }
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! - [`open_file`] opens a file with the options of [`std::fs::OpenOptions`]; [`create_file`] creates or
//!   truncates one for writing.
//! - [`wrap_file`] makes any blocking object asynchronous: a [`std::fs::File`], a child's output, a
//!   decompressor, a temporary file, standard input.
//! - [`AsyncFile`] is what they return. It implements the I/O traits of `futures-io`, reads and writes at an
//!   offset, and has the operations of [`std::fs::File`].
//! - [`Path`] has the methods of [`std::path::Path`] and of Python's `pathlib`, and every operation on a path,
//!   from [`exists`](Path::exists) to [`write_atomic`](Path::write_atomic).
//!   Its [`iterdir`](Path::iterdir), [`walk`](Path::walk), [`glob`](Path::glob) and
//!   [`rglob`](Path::rglob) are streams of directory entries;
//!   [`copy`](Path::copy) and [`move_to`](Path::move_to) work on whole trees.
//! - [`Lines`] iterates over lines, as a stream of `String`s or borrowed one by one. [`Chunks`] is a stream of owned
//!   buffers, as HTTP bodies are made of.
//! - [`Pattern`] is a compiled shell pattern for paths.
//! - [`fs`] has the functions and types of async-fs, for programs that move.
//! - [`PathError`] is the operation and the path behind an error.
//!
//! The crate runs under smol, async-std, tokio, `futures`, pollster and any other executor. It needs no
//! runtime, no reactor and no feature flag, and starts no threads except those of the [`blocking`] crate's
//! pool. The I/O traits are those of `futures-io`; import the extension traits (`read_exact`, `write_all`,
//! `try_next` …) from `futures-lite` or `futures`. This crate does not export them again, so the version of either
//! is yours to choose.
//!
//! The [`cookbook`] has recipes for common tasks: following a log, reading any encoding or compressed files,
//! searching a tree, replacing a configuration file under a lock, timeouts, shutting down.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `encoding`: `encoding` of [`Lines`], of [`read_text`](Path::read_text) and of [`write_text`](Path::write_text), for
//!   text in other encodings than UTF-8, by `encoding_rs`.
//! - `serde`: `Serialize` and `Deserialize` for [`Path`].
//! - `tempfile`: `temp_file`, `named_temp_file`, `spooled_temp_file` and `temp_dir`, by the crate of that name.
//! - `tokio`: tokio's `AsyncRead`, `AsyncBufRead`, `AsyncWrite` and `AsyncSeek` for [`AsyncFile`], in addition to
//!   those of `futures-io`. No runtime comes with it, and none must be entered. `shutdown` is
//!   [`close`](AsyncFile::close): unlike `tokio::fs::File`, the file cannot be used afterwards. If the extension
//!   traits of tokio and of `futures-lite` or `futures` are both imported, calls such as `read` are ambiguous.
//! - `user-db`: `owner` and `group` of a [`Path`], and `~user` in [`expanduser`](Path::expanduser).
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # futures_lite::future::block_on(async {
//! use tokio::io::{AsyncWriteExt, copy};
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = |name| dir.path().join(name);
//! # std::fs::write(path("greeting"), "hello\nworld\n")?;
//! let mut from = anyfile::open_file(path("greeting")).await?;
//! let mut to = anyfile::create_file(path("copy")).await?;
//! assert_eq!(copy(&mut from, &mut to).await?, 12);
//! to.shutdown().await?;
//! assert_eq!(std::fs::read(path("copy"))?, b"hello\nworld\n");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # How it works
//!
//! On Linux, data in the page cache is read on the caller's thread, by a system call that returns an error
//! instead of blocking. In the same way, small files are read as a whole, files are opened for reading, and
//! metadata is looked up, once a first call has shown that the filesystem is local. Everything else runs on
//! the thread pool: read-ahead in chunks, buffered writes in batches, directories in batches of entries, and
//! single calls. Trees are copied, moved and removed in short slices: a slice ends after 20 ms, 64 entries or
//! 16 MiB, whichever comes first, and no thread is held between two slices. Nothing that is idle holds a thread.
//!
//! Waking a worker thread, and being woken by it, takes longer than most of these calls. Therefore a worker
//! that runs out of work spins for up to 30 µs before it sleeps, and a caller whose job was taken by a spinning
//! worker spins for up to 10 µs before it returns `Pending`. Back-to-back calls cost 1 to 1.5 µs more than
//! blocking ones. After four spins in a row time out, only one call in 32 spins.
//!
//! # Cancellation
//!
//! Every future may be dropped at any point, for example by a timeout or a `select`. The file stays usable, at a
//! defined position:
//!
//! - Bytes that were already taken from the file are returned by the next read.
//! - Bytes that a write accepted stay accepted, and are written.
//! - An operation that is dropped before a worker thread began it is not carried out. One that has begun is
//!   finished.
//!
//! There are two limits. A `seek` that was dropped may or may not have moved a wrapped object's own cursor. A write
//! with [`buffering(0)`](open::OpenFile::buffering) that was dropped may or may not have happened. The cookbook
//! shows [how to know what was written](cookbook::limits#time-out-and-know-what-was-written) after a timeout.
//!
//! # Drop
//!
//! Writes are buffered, as in Python. When the drop of a file that was written to returns, its bytes are
//! written, it is flushed and closed, unless a write failed or the time limit below is over. The process may
//! exit, the file may be executed, its lock may be taken:
//!
//! - On Linux, a file on a local filesystem or on overlayfs is written and closed by `drop` itself. This may
//!   block, as it does in std, but needs neither the executor nor a free worker thread.
//! - Any other file, and any wrapped object, is finished on the pool. `drop` waits for one second at most;
//!   after that the pool goes on in the background, so that a child process that does not read its input cannot
//!   deadlock an executor. A process that exits in the meantime loses what is not written yet. After such a
//!   timeout, drops of files on the same filesystem do not wait until the pool has closed one there.
//! - If no worker thread takes a regular file within 5 ms, `drop` itself writes and closes it, and may block for
//!   longer than a second. A file with a [`Limiter`] is left to the pool, because all turns may be taken by calls that
//!   block.
//! - A temporary directory, and the name of a temporary file that is not on a local filesystem, are removed in the
//!   background. On most Unix systems, the end of the thread waits for that, for one second at most.
//! - A file that was only read is closed by `drop` if it is local, has a name and is no larger than 1 MiB, and
//!   in the background otherwise. Which files are local is known on Linux only.
//!
//! `drop` cannot report errors. [`close`](AsyncFile::close) does, and never blocks the executor. Neither
//! protects data from a power failure; [`sync_all`](AsyncFile::sync_all) does. The cookbook tells
//! [when to close a file](cookbook::writing#close-a-file-or-drop-it).
//!
//! # Errors
//!
//! Every error of an I/O operation is a [`std::io::Error`], or converts to one with `?`
//! ([`IntoInnerError`](file::IntoInnerError), which returns the file as well). If the file was opened by its path,
//! the message names the operation and the path before the system's reason, and [`PathError::of`] returns the
//! parts:
//!
//! ```text
//! failed to open file `notes/a.txt`: No such file or directory (os error 2)
//! ```
//!
//! A failed write is not forgotten. The bytes stay in the buffer, and every operation that needs them
//! written fails until they are. Once there is room they are written, once each and in order.
//!
//! # Fairness
//!
//! A task that reads cached data in a loop yields to the other tasks of its executor after about 1 MiB, or 128
//! polls that were ready at once. The budget belongs to the thread, so it does not matter
//! whether the data comes from one file or from a thousand, or whether many futures of one task read it
//! (`join_all`, `FuturesUnordered`, `buffer_unordered`).
//!
//! # Memory
//!
//! An idle file has no buffer. A file that is read in sequence has 256 KiB, unless its lines are longer than
//! that; [`Lines::max_len`] limits them. A writer may be 128 KiB behind. Beyond that, all files of the process
//! share 16 MiB, which the environment variable `ANYFILE_BUFFERS` changes (in MiB): a lone writer may be 2 MiB
//! behind, a lone reader has 512 KiB, and each of many gets less. A stream of a directory or a tree finds about
//! two thousand entries ahead, and some hundred more for each worker, however many there are. An entry of
//! [`walk`](Path::walk) is a directory with the names of all that is in it; `walk` also holds the paths of the
//! directories that it has not read yet. With [`sort`](path::Glob::sort), a search needs all of its entries at
//! once.
//!
//! # Platforms
//!
//! The crate works on Linux, macOS, Windows and FreeBSD, with the same results everywhere. Targets that are neither
//! Unix nor Windows, such as `wasm32-wasip1`, do not compile. Calls without a thread hop exist on
//! Linux only: on kernel 5.11 and newer (and before 5.9), for files on ext2/3/4, xfs, btrfs, f2fs, tmpfs and
//! ramfs that are not opened with `O_DIRECT`. Looking up metadata and opening by path need kernel 5.12 or newer.
//! Other filesystems and other systems use the pool.
//!
//! Such a call does not wait for data, but the kernel does not promise that it never waits at all. It may have
//! to read the block map of a file first (a cold extent tree on a slow disk), wait for room in a full queue of
//! the block layer, or wait for a virus scanner that has to permit the access. Each of these calls is
//! timed. A call that took 12 ms or more sends the next calls on that file to the pool, and when it happens
//! again those on its filesystem, too: 8 calls at first, twice as many each time, 4,096 at most. Such waits
//! become rare, but the first ones block the executor.
//!
//! A path that led to a regular file the last time is opened again in one step, as long as it does not leave the
//! mount of the root directory or of the current directory. If a FIFO has taken the place of the file, its
//! writer finds a reader at once. The future returns this reader when the writer writes or closes, or up to
//! 0.1 s after the writer has opened the FIFO; if the future is dropped, the reader is closed. If a device has taken its place, it may be opened twice.
//!
//! Files on tmpfs are read without a thread hop only if the system has no swap. This is determined when the
//! crate first sees the filesystem, and again whenever a worker thread opens a file there.
//!
//! With the environment variable `ANYFILE_NOWAIT=0`, all calls use the pool on Linux, too; this is for tests
//! and comparisons. `BLOCKING_MAX_THREADS` limits the number of pool threads (500 by default). Set it where the
//! system limits threads to fewer (`RLIMIT_NPROC`, `pids.max` of a cgroup), because a pool that is refused a
//! thread retries with its lock held, and blocks whoever calls it. This
//! crate asks for no more threads than its own jobs need. `blocking` 1.6 and 1.7 both work: 1.6 ends
//! threads that were idle for half a second, 1.7.0 keeps them.
//!
//! # Coming from AnyIO or Python
//!
//! | AnyIO, Python | here |
//! | --- | --- |
//! | `await open_file(p)` | [`open_file(p).await`](open_file) |
//! | `open_file(p, "w")` | [`create_file(p)`](create_file) |
//! | `open_file(p, "a")`, `"x"`, `"r+"` | `.append(true).create(true)`, `.write(true).create_new(true)`, `.read(true).write(true)` |
//! | `open_file(p, buffering=0)` | `.buffering(0)` |
//! | `wrap_file(f)` | [`wrap_file(f)`](wrap_file) |
//! | `async for line in f` | [`lines()`](AsyncFile::lines), which strips line ends |
//! | `await f.readline()` | [`read_line`](AsyncFile::read_line) |
//! | `await f.read()` | [`read_to_string`](AsyncFile::read_to_string), [`read_to_end`](AsyncFile::read_to_end) |
//! | `await f.seek(n)`, `await f.tell()` | `seek(SeekFrom::Start(n))`, [`stream_position()`](AsyncFile::stream_position) |
//! | `await f.writelines(x)` | [`writelines(x)`](AsyncFile::writelines) |
//! | `await f.truncate()`, `f.truncate(n)` | [`truncate()`](AsyncFile::truncate), [`set_len(n)`](AsyncFile::set_len) |
//! | `await f.aclose()` | [`close()`](AsyncFile::close) |
//! | `CapacityLimiter(n)` | [`Limiter::new(n)`](Limiter::new), set on [paths](Path::with_limiter) and [files](AsyncFile::limiter) |
//! | `TemporaryFile()`, `NamedTemporaryFile()`, `SpooledTemporaryFile(n)` | `temp_file()`, `named_temp_file()`, `spooled_temp_file(n)`, with the feature `tempfile` |
//! | `TemporaryDirectory()`, `mkdtemp()`, `mkstemp()` | `temp_dir()`, with `keep`; `named_temp_file().delete(false)` |
//! | `gettempdir()` | [`std::env::temp_dir`], which does not block |
//! | `f.wrapped` | [`with_mut`](AsyncFile::with_mut), [`into_inner`](AsyncFile::into_inner) |
//! | `Path(p)`, `Path(p) / "x"`, `Path(a, b)` | [`Path::new(p)`](Path::new), `path / "x"`, `[a, b].iter().collect::<Path>()` |
//! | `p.name`, `p.stem`, `p.suffix`, `p.parts` | [`file_name`](Path::file_name), [`file_stem`](Path::file_stem), [`extension`](Path::extension) (no dot), [`components`](Path::components) |
//! | `p.with_name(n)`, `p.with_stem(s)`, `p.with_suffix(s)` | the same names; [`with_file_name`](Path::with_file_name) and [`with_extension`](Path::with_extension) (no dot) are std's |
//! | `p.parents`, `p.joinpath(x)`, `p.match(x)` | [`ancestors`](Path::ancestors) (begins with `p`), [`join`](Path::join), [`matches`](Path::matches) |
//! | `re.compile(fnmatch.translate(x))`, `p.match(x, case_sensitive=False)` | [`Pattern::new(x)`](Pattern::new), [`.case_sensitive(false)`](Pattern::case_sensitive) |
//! | `p.relative_to(x)`, `p.is_relative_to(x)` | the same names |
//! | `os.path.relpath(p, x)`, `p.relative_to(x, walk_up=True)` | [`relative_to_walk_up`](Path::relative_to_walk_up) |
//! | `p.as_posix()`, `p.as_uri()`, `Path.from_uri(u)` | [`to_posix`](Path::to_posix), [`to_uri`](Path::to_uri), [`Path::from_uri`] |
//! | `await p.open("w")` | [`p.create()`](Path::create); [`p.open()`](Path::open) with the setters of [`open_file`] |
//! | `await p.read_text()`, `read_bytes`, `write_text`, `write_bytes` | the same names |
//! | `await p.stat()`, `lstat` | [`metadata`](Path::metadata), [`symlink_metadata`](Path::symlink_metadata) |
//! | `await p.exists()`, `is_file`, `is_mount`, `samefile`, `owner` and the rest | the same names; `owner` and `group` with the feature `user-db` |
//! | `await p.mkdir(parents=True, exist_ok=True)` | [`p.mkdir().parents(true).exist_ok(true)`](Path::mkdir) |
//! | `await p.touch(exist_ok=False)` | [`p.touch().exist_ok(false)`](Path::touch) |
//! | `await p.unlink(missing_ok=True)`, `rmdir` | [`p.unlink().missing_ok(true)`](Path::unlink), [`rmdir`](Path::rmdir) |
//! | `shutil.rmtree(p)`, or `p.unlink()` of a file | [`p.remove()`](Path::remove), of whatever is there |
//! | `p.parent.mkdir(parents=True, exist_ok=True)`, then `p.write_text(x)` | [`p.write_text(x).parents(true)`](path::WriteText::parents); all methods that create something have it |
//! | `shutil.rmtree(p)`, `os.utime(p, times)` | [`remove_dir_all`](Path::remove_dir_all), [`set_times`](Path::set_times) |
//! | `await p.rename(q)`, `p.replace(q)` | [`rename`](Path::rename), which replaces a file on every platform |
//! | `await p.symlink_to(q)`, `hardlink_to`, `chmod` | the same names |
//! | `await p.readlink()`, `p.resolve()`, `absolute`, `expanduser` | [`read_link`](Path::read_link), the same names |
//! | `await p.resolve(strict=True)` | [`canonicalize`](Path::canonicalize) |
//! | `await Path.cwd()`, `Path.home()` | [`Path::cwd`], [`Path::home`] |
//! | `async for q in p.iterdir()`, `p.glob(x)`, `p.rglob(x)` | the same names; [`sort`](path::Glob::sort) for `sorted(…)` |
//! | `p.glob(x, case_sensitive=False, recurse_symlinks=True)` | [`p.glob(x).case_sensitive(false).recurse_symlinks(true)`](Path::glob) |
//! | `for path, dirs, files in p.walk()` | [`p.walk()`](Path::walk), a stream of [`WalkEntry`](path::WalkEntry) |
//! | `dirs.remove(x)`, `on_error=f`, `top_down=False`, `follow_symlinks=True` | [`prune`](path::Walk::prune), [`on_error`](path::Walk::on_error), [`top_down`](path::Walk::top_down), [`follow_symlinks`](path::Walk::follow_symlinks) |
//! | `await p.copy(q)`, `copy_into(d)`, `shutil.copytree` | [`copy`](Path::copy), [`copy_into`](Path::copy_into) |
//! | `shutil.copytree(p, q, ignore=f)` | [`p.copy(q).filter(f)`](path::CopyTo::filter): `f` returns `true` for what is copied |
//! | `await p.move(q)`, `move_into(d)`, `shutil.move` | [`move_to`](Path::move_to), [`move_into`](Path::move_into) |
//! | `p.info` | [`p.info()`](Path::info), and [`load`](path::PathInfo::load) for what is not known yet |
//!
//! Text is returned as it is in the file: `\r\n` stays, while Python's text mode converts it to `\n`.
//!
//! # Coming from async-fs or async-std
//!
//! The module [`fs`] has the names and signatures of async-fs: a program moves by changing its `use` lines.
//!
//! Both have a function for each operation on a path. Here these are methods of [`Path`], which also replaces
//! `async_std::path::Path`. [Some names have another meaning](#same-words-other-meaning).
//!
//! | async-fs, async-std | here |
//! | --- | --- |
//! | `File::open(p)` | [`open_file(p)`](open_file) |
//! | `File::create(p)` | [`create_file(p)`](create_file) |
//! | `OpenOptions::new()….open(p)` | `open_file(p)` with the same setters, or [`OpenFile::with_options`](open::OpenFile::with_options) |
//! | `BufReader::new(file).lines()` | [`file.lines()`](AsyncFile::lines): there is a buffer already |
//! | `BufWriter::new(file)` | the file: there is a buffer already |
//! | `Unblock::new(t)`, `spawn_blocking` | [`wrap_file(t)`](wrap_file), [`with_mut`](AsyncFile::with_mut) |
//! | `file.sync_all()` and the rest | the same names |
//! | `read(p)`, `read_to_string(p)` | [`p.read_bytes()`](Path::read_bytes), [`p.read_text()`](Path::read_text) |
//! | `write(p, data)` | [`p.write_bytes(data)`](Path::write_bytes), [`write_text`](Path::write_text), [`write_atomic`](Path::write_atomic) |
//! | `metadata(p)`, `symlink_metadata(p)`, `canonicalize(p)`, `read_link(p)` | the same names |
//! | `create_dir(p)`, `create_dir_all(p)` | [`p.create_dir()`](Path::create_dir), [`p.create_dir_all()`](Path::create_dir_all) |
//! | `DirBuilder::new().recursive(true).mode(m)` | `p.create_dir_all().mode(m)`; missing parents get the mode only from [`fs::DirBuilder`] |
//! | `remove_file(p)`, `remove_dir(p)`, `remove_dir_all(p)` | the same names |
//! | `rename(p, q)`, `set_permissions(p, perm)` | [`p.rename(q)`](Path::rename), [`p.set_permissions(perm)`](Path::set_permissions) |
//! | `hard_link(original, link)` | [`link.hardlink_to(original)`](Path::hardlink_to): the link comes first |
//! | `unix::symlink(original, link)`, `windows::symlink_dir` | [`link.symlink_to(original)`](Path::symlink_to), [`.target_is_directory(true)`](path::SymlinkTo::target_is_directory) |
//! | `read_dir(p).await?` | [`p.read_dir().await?`](Path::read_dir), a stream of paths; [`iterdir`](Path::iterdir) opens the directory at the first poll |
//! | `entry.path()`, `entry.file_name()`, `entry.metadata()` | the path itself, [`file_name`](Path::file_name), [`symlink_metadata`](Path::symlink_metadata) |
//! | `entry.file_type().await` | [`path.info().file_type()`](path::PathInfo::file_type), which needs no system call |
//! | `copy(p, q)` | [`p.copy(q)`](Path::copy), which takes directories too |
//! | `async_walkdir::WalkDir` | [`walk`](Path::walk), [`rglob("*")`](Path::rglob) |
//! | `walkdir::WalkDir` with `max_depth(n)` | [`rglob("*").max_depth(n)`](path::Glob::max_depth), [`walk().max_depth(n)`](path::Walk::max_depth) |
//! | `walkdir::WalkDir` with `filter_entry(f)`, `skip_current_dir()` | [`exclude(pattern)`](path::Glob::exclude) and [`prune(f)`](path::Glob::prune) of both: `f` returns `true` for directories that are found, but not entered |
//! | `walkdir::WalkDir` with `same_file_system(true)` | [`same_file_system(true)`](path::Glob::same_file_system) of both |
//! | `async_std::path::Path`, `PathBuf` | [`Path`], which is owned and cheap to clone; `exists`, `is_file`, `metadata` and the rest have the same names |
//!
//! # Coming from tokio
//!
//! tokio's functions are methods of [`Path`] here, too. They run with and without a tokio runtime. The extension
//! traits of an [`AsyncFile`] are those of `futures-lite` or `futures`.
//! [Some names have another meaning](#same-words-other-meaning).
//!
//! | tokio | here |
//! | --- | --- |
//! | `File::open(p)`, `File::create(p)`, `File::create_new(p)` | [`open_file(p)`](open_file), [`create_file(p)`](create_file), `open_file(p).read(true).write(true).create_new(true)` |
//! | `OpenOptions::new()….open(p)` | `open_file(p)` with the same setters, or [`OpenFile::with_options`](open::OpenFile::with_options) |
//! | `BufReader::new(file).lines()`, `lines.next_line()` | [`file.lines()`](AsyncFile::lines), whose [`next_line`](Lines::next_line) lends a `&str`; as a stream it gives `String`s |
//! | `BufWriter::new(file)`, `file.shutdown()` | the file: there is a buffer already; [`close`](AsyncFile::close) |
//! | `file.set_max_buf_size(n)` | [`buffering(n)`](open::OpenFile::buffering), for writes; reads need no setting |
//! | `File::from_std(file)`, `file.into_std()` | [`AsyncFile::from(file)`](AsyncFile), [`into_inner`](AsyncFile::into_inner) |
//! | `file.try_clone()`, `file.sync_all()` and the rest | the same names |
//! | `tokio::io::copy(&mut a, &mut b)` | `futures_lite::io::copy(a, b)`; [`p.copy(q)`](Path::copy) for whole files |
//! | `file`, where tokio's traits are wanted | `file.compat()`, with `FuturesAsyncReadCompatExt` of `tokio_util::compat` |
//! | `spawn_blocking(f)` | [`wrap_file(t)`](wrap_file), [`with_mut`](AsyncFile::with_mut) |
//! | `read(p)`, `read_to_string(p)` | [`p.read_bytes()`](Path::read_bytes), [`p.read_text()`](Path::read_text) |
//! | `write(p, data)` | [`p.write_bytes(data)`](Path::write_bytes), [`write_text`](Path::write_text), [`write_atomic`](Path::write_atomic) |
//! | `metadata(p)`, `symlink_metadata(p)`, `canonicalize(p)`, `read_link(p)`, `try_exists(p)` | the same names |
//! | `create_dir(p)`, `create_dir_all(p)` | [`p.create_dir()`](Path::create_dir), [`p.create_dir_all()`](Path::create_dir_all) |
//! | `DirBuilder::new().recursive(true).mode(m)` | `p.create_dir_all().mode(m)`; missing parents get the mode only from [`fs::DirBuilder`] |
//! | `remove_file(p)`, `remove_dir(p)`, `remove_dir_all(p)` | the same names |
//! | `rename(p, q)`, `set_permissions(p, perm)` | [`p.rename(q)`](Path::rename), [`p.set_permissions(perm)`](Path::set_permissions) |
//! | `hard_link(original, link)`, `symlink(original, link)` | [`link.hardlink_to(original)`](Path::hardlink_to), [`link.symlink_to(original)`](Path::symlink_to): the link comes first |
//! | `read_dir(p).await?`, `entries.next_entry()` | [`p.read_dir().await?`](Path::read_dir), a stream of paths, and `try_next` of its extension trait |
//! | `entry.path()`, `entry.file_name()`, `entry.metadata()` | the path itself, [`file_name`](Path::file_name), [`symlink_metadata`](Path::symlink_metadata) |
//! | `entry.file_type().await` | [`path.info().file_type()`](path::PathInfo::file_type), which needs no system call |
//! | `copy(p, q)` | [`p.copy(q)`](Path::copy), which takes directories too |
//!
//! # Same words, other meaning
//!
//! In async-fs, async-std and tokio, names mean what they mean in [`std::fs`]. These compile here as well, but do
//! something else:
//!
//! | there | here | the same as there |
//! | --- | --- | --- |
//! | `entry.metadata()` of a link is the link's | [`metadata`](Path::metadata) follows it | [`symlink_metadata`](Path::symlink_metadata) |
//! | `entry.file_type()` of a link is no file and no directory | [`is_file`](Path::is_file) and [`is_dir`](Path::is_dir) follow it | [`info().file_type()`](path::PathInfo::file_type), [`symlink_metadata`](Path::symlink_metadata) |
//! | `hard_link(a, b)`, `symlink(a, b)` make `b` | `a.hardlink_to(b)`, `a.symlink_to(b)` make `a` | `b.hardlink_to(a)`, `b.symlink_to(a)` |
//! | `copy(p, q)` returns the number of bytes | [`p.copy(q)`](Path::copy) returns the path `q` | `p.copy(q).await?.metadata().await?.len()` |
//! | `copy(p, q)` of a directory fails | [`p.copy(q)`](Path::copy) copies the tree | ask [`p.is_file()`](Path::is_file) first |
//! | `spawn_blocking(f)` runs `f`, awaited or not | [`with_mut(f)`](AsyncFile::with_mut) does nothing before it is awaited | await it |
//!
//! There, a file that is dropped without a flush may lose what was written. Here, [its drop](crate#drop) writes it.
//! [`close`](AsyncFile::close) does the same without blocking the executor, and reports errors.
//!
//! [`blocking`]: https://docs.rs/blocking

#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(not(any(unix, windows)))]
compile_error!("anyfile needs the files of Unix or Windows: this target has neither");

mod allowance;
mod budget;
mod cached;
mod call;
mod chunks;
pub mod cookbook;
mod dir;
mod encoding;
mod error;
pub mod file;
pub mod fs;
mod id;
mod lines;
pub mod open;
mod parents;
mod parts;
pub mod path;
mod pattern;
#[cfg(unix)]
mod permissions;
mod pool;
mod retry;
mod sync;
#[cfg(feature = "tempfile")]
#[cfg_attr(docsrs, doc(cfg(feature = "tempfile")))]
pub mod temporary;

pub use chunks::Chunks;
pub use error::PathError;
#[doc(inline)]
pub use file::{AsyncFile, wrap_file};
pub use id::FileId;
pub use lines::Lines;
#[doc(inline)]
pub use open::{create_file, open_file};
#[doc(inline)]
pub use path::Path;
pub use pattern::Pattern;
pub use pool::Limiter;
#[cfg(feature = "tempfile")]
#[cfg_attr(docsrs, doc(cfg(feature = "tempfile")))]
#[doc(inline)]
pub use temporary::{named_temp_file, spooled_temp_file, temp_dir, temp_file};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
