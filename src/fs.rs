//! The functions and types of [`std::fs`] with the names and signatures of [`async-fs`], which is `smol::fs`, too.
//!
//! A program that uses async-fs moves to this crate by changing its `use` lines. Everything here is a thin layer
//! over [`Path`] and [`AsyncFile`](crate::AsyncFile), which have more to offer; new code is better
//! written with them.
//!
//! # Coming from async-fs, smol::fs or async_std
//!
//! | there | here |
//! | --- | --- |
//! | `use async_fs::File;`, `use smol::fs::File;` | `use anyfile::fs::File;` |
//! | `use smol::fs;`, `use async_std::fs;` | `use anyfile::fs;` |
//! | `async_fs::read(p)` | the same after `use anyfile::fs as async_fs;` |
//! | `async_fs::unix`, `async_fs::windows` | `anyfile::fs::unix`, `anyfile::fs::windows` |
//! | `async_std::os::unix::fs::{symlink, OpenOptionsExt, DirBuilderExt}` | the same names in `anyfile::fs::unix` |
//!
//! What is different:
//!
//! - [`File`] is an [`AsyncFile`](crate::AsyncFile), so it has all its methods: [`lines`](crate::AsyncFile::lines),
//!   [`read_at`](crate::AsyncFile::read_at), [`lock`](crate::AsyncFile::lock) and the rest. It has a buffer: a
//!   `BufReader` or `BufWriter` around it does no harm and is not needed.
//! - Bytes that were written and not flushed are not lost when the file is dropped: [drop](crate#drop) writes them.
//!   async-fs loses up to 8 MiB of them.
//! - A file can be read, synced or resized, and read again. In async-fs 2.2, [`sync_all`](crate::AsyncFile::sync_all)
//!   and [`set_len`](crate::AsyncFile::set_len) discard what was read ahead, and the next read continues behind it.
//! - After [`close`](crate::AsyncFile::close), any use of the file is an error. In async-fs, a read or write then
//!   panics, and `metadata` and `sync_all` still work.
//! - An error has the same [`kind`](std::io::Error::kind), and names the operation and the path. Its
//!   [`raw_os_error`](std::io::Error::raw_os_error) is `None`;
//!   [`PathError::raw_os_error`](crate::PathError::raw_os_error) returns the code.
//! - A stream of [`ReadDir`] ends after an error.
//! - async_std has its own `async_std::path::Path`. It is accepted wherever a path is, but a path that is returned
//!   here is a [`std::path::PathBuf`]: `.into()` makes it theirs.
//! - async_std's `File` can be cloned, and read and written by shared reference. Here,
//!   [`try_clone`](crate::AsyncFile::try_clone) makes a second handle, and [`read_at`](crate::AsyncFile::read_at) and
//!   [`write_at`](crate::AsyncFile::write_at) take `&self`.
//!
//! The cookbook shows [a program that moves](crate::cookbook::moving#move-a-program-from-async-fs).
//!
//! # Examples
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use anyfile::fs::{self, File};
//! use futures_lite::AsyncWriteExt;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("greeting");
//! let mut file = File::create(&path).await?;
//! file.write_all(b"Hello, world!").await?;
//! file.flush().await?;
//! assert_eq!(fs::read_to_string(&path).await?, "Hello, world!");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! [`async-fs`]: https://docs.rs/async-fs

mod change;
mod dir_builder;
mod file;
mod make;
mod questions;
mod read_dir;
#[cfg(unix)]
pub mod unix;
mod whole;
#[cfg(windows)]
pub mod windows;

use crate::path::Path;

#[doc(no_inline)]
pub use std::fs::{FileType, Metadata, Permissions};

pub use change::{hard_link, remove_dir, remove_dir_all, remove_file, rename, set_permissions};
pub use dir_builder::DirBuilder;
pub use file::{File, OpenOptions};
pub use make::{create_dir, create_dir_all};
pub use questions::{canonicalize, metadata, read_link, symlink_metadata};
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use whole::{copy, read, read_to_string, write};

/// Returns the path whose methods do the work.
fn at(path: impl AsRef<std::path::Path>) -> Path {
    Path::new(path)
}

mod sealed {
    /// Prevents other implementations of the extension traits.
    pub trait Sealed {}

    impl Sealed for super::DirBuilder {}
    impl Sealed for super::DirEntry {}
    impl Sealed for super::OpenOptions {}
}
