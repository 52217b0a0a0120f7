//! What this crate and others have.
//!
//! ● is there; ◐ is there in part, or with another crate; – is not there. AnyIO 4 and trio run Python's `open` and
//! [`pathlib`] on threads, so they have what Python 3.14 has. smol's files are those of async-fs.
//!
//! [`pathlib`]: https://docs.python.org/3/library/pathlib.html
//!
//! # Files
//!
//! | | anyfile | AnyIO, trio | async-fs | async-std | tokio | compio |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | runs under any executor | ● | – | ● | ◐ | – | – |
//! | [open](crate::open_file) with std's options | ● | ● | ● | ● | ● | ● |
//! | [wrap](crate::wrap_file) any blocking object | ● | ● | ◐ `blocking` | – | – | – |
//! | cached data without a thread hop | ● Linux | – | – | – | – | ◐ io_uring |
//! | one buffer for reading and writing, built in | ● | ● | ◐ | ◐ | ◐ | – |
//! | [lines](crate::AsyncFile::lines) as a stream | ● | ● | ◐ `BufReader` | ◐ `BufReader` | ◐ `BufReader` | ◐ |
//! | lines [without an allocation](crate::Lines::next_line), with a [limit](crate::Lines::max_len) | ● | – | – | – | – | – |
//! | [follow](crate::Lines::follow) a growing file | ● | – | – | – | – | – |
//! | [chunks](crate::AsyncFile::chunks) of owned bytes | ● | – | – | – | ◐ `tokio-util` | – |
//! | [positional reads and writes](crate::AsyncFile::read_at), many in flight | ● | – | – | – | – | ● |
//! | [ranges](crate::AsyncFile::read_range) into owned buffers | ● | – | – | – | – | ● |
//! | futures-io's traits | ● | – | ● | ● | ◐ `compat` | ◐ `compat` |
//! | tokio's traits | ● `tokio` | – | ◐ `compat` | ◐ `compat` | ● | ◐ `compat` |
//! | encodings, byte order marks, strict or [lossy](crate::Lines::lossy) | ● `encoding` | ● | – | – | – | – |
//! | translation of line endings | – | ● | – | – | – | – |
//! | [locks](crate::AsyncFile::lock) that hold no thread, and that a timeout does not keep | ● | – | – | – | – | – |
//! | [writes in one call](crate::AsyncFile::writelines) from several buffers | ● | ● | ● | ● | ● | ● |
//! | [truncate at the position](crate::AsyncFile::truncate) | ● | ● | – | – | – | – |
//! | metadata, permissions, [times](crate::AsyncFile::set_times) of an open file | ● | – | ◐ | ◐ | ◐ | ◐ |
//! | a [second handle](crate::AsyncFile::try_clone) | ● | – | – | ● | ● | ● |
//! | nothing lost by a [drop](crate#drop) without a flush | ● | ◐ | – | – | – | ● unbuffered |
//! | errors that name the [operation and the path](crate::PathError) | ● | ● | – | ● | – | – |
//! | temporary files and directories | ● `tempfile` | ● | – | – | – | – |
//! | a limit on the [threads](crate::Limiter) for a part of the files | ● | ● | – | – | – | – |
//! | standard input and output | ◐ [`wrap_file`](crate::wrap_file) | ◐ | – | ● | ● | ● |
//!
//! # Paths
//!
//! | | anyfile | AnyIO, trio, pathlib | async-fs | async-std | tokio | compio |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | a [path](crate::Path) with asynchronous methods | ● | ● | – | ◐ | – | – |
//! | pathlib's pure methods | ● | ● | – | – | – | – |
//! | whole files: [bytes](crate::Path::read_bytes) and [text](crate::Path::read_text) | ● | ● | ● | ● | ● | ● |
//! | [replacing in one step](crate::Path::write_atomic), also [as a stream](crate::Path::open_atomic) | ● | – | – | – | – | – |
//! | renaming [without replacing](crate::path::Rename::no_replace) | ● | – | – | – | – | – |
//! | missing parents on the way, for [every method that creates](crate::path::Rename::parents) | ● | ◐ `mkdir` | ◐ `create_dir_all` | ◐ | ◐ | ◐ |
//! | questions: [exists](crate::Path::exists), [is_mount](crate::Path::is_mount), [samefile](crate::Path::samefile), owner … | ● | ● | – | ◐ | ◐ | – |
//! | what a listing knew about an entry ([`info`](crate::Path::info)) | ● | ● | ◐ | ◐ | ◐ | – |
//! | the [identity](crate::Path::file_id) of a file, on every platform | ● | ◐ | – | – | – | – |
//! | [directories](crate::Path::iterdir) as streams | ● | ● | ● | ● | ◐ | – |
//! | [glob](crate::Path::glob) and [walk](crate::Path::walk) | ● | ● | – | – | – | – |
//! | with [metadata](crate::path::Glob::metadata), [depth](crate::path::Glob::max_depth), [exclusions](crate::path::Glob::exclude), [one filesystem](crate::path::Glob::same_file_system) | ● | – | – | – | – | – |
//! | [removing](crate::Path::remove_dir_all) a tree | ● | ◐ `shutil` | ● | ● | ● | – |
//! | [copying](crate::Path::copy) and [moving](crate::Path::move_to) a tree | ● | ● | – | – | – | – |
//! | with progress, a filter, any depth; links, holes, access control lists kept | ● | – | – | – | – | – |
//! | the names of [async-fs](crate::fs) | ● | – | ● | ◐ | – | – |
//!
//! # What is not there, and why
//!
//! - *Translation of line endings.* Text is what the file has. [`lines`](crate::AsyncFile::lines) takes `\n` and `\r\n`.
//! - *`lchmod`*, which Linux does not have. *`link_to`*, which Python has removed.
//! - *Directory handles* (`openat` and the like), which std is about to have. Trees use them inside.
//! - *Types for standard streams.* [`wrap_file`](crate::wrap_file) takes them, and [`AsyncFile::from`](crate::AsyncFile::from) files and pipes.
//! - *Watching* for changes; the crate `notify` does that.
//! - *Object stores.* OpenDAL has them with an interface of its own; its readers and writers can be
//!   [wrapped](super::exchange#read-and-write-objects-of-an-object-store).
