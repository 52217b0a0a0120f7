//! [`Path`], and the futures and streams of its methods.
//!
//! The types in this module are the arguments and return types of the methods of [`Path`]. The futures do
//! nothing until they are first polled, own everything that they need, and take their options by value before
//! that.

mod atomic;
mod atomic_file;
mod bounds;
mod change;
mod convert;
mod copy;
mod data;
mod file_type;
mod glob;
mod identity;
mod in_use;
mod info;
mod iterdir;
mod limiter;
mod link;
mod make;
mod matching;
mod move_to;
mod open_atomic;
mod ops;
mod ordered;
#[cfg(feature = "user-db")]
mod owner;
mod pathlib;
mod pure;
mod questions;
mod remove;
mod remove_all;
mod rename;
mod resolve;
mod text;
mod times;
mod uri;
mod user;
mod walk;
mod whole;
#[cfg(any(windows, test))]
mod windows;
mod write_atomic;

use std::sync::Arc;

pub use crate::dir::tree::{CopyCount, CopyProgress, RemoveProgress};
pub use atomic_file::AtomicFile;
#[cfg(unix)]
pub use change::Chown;
pub use change::{SetPermissions, SetTimes};
pub use copy::CopyTo;
pub use data::{Contents, Text};
pub use file_type::FileType;
pub use glob::Glob;
pub use info::PathInfo;
pub use iterdir::{Iterdir, ReadDir};
pub use link::{HardlinkTo, SymlinkTo};
pub use make::{Mkdir, Touch};
pub use move_to::MoveTo;
pub use open_atomic::OpenAtomic;
#[cfg(feature = "user-db")]
pub use owner::{Group, Owner};
pub use remove::{Rmdir, Unlink};
pub use remove_all::{Remove, RemoveDirAll};
pub use rename::Rename;
#[cfg(feature = "tempfile")]
pub(crate) use rename::rename_no_replace;
pub use resolve::{Canonicalize, Resolve};
pub use text::{ReadText, WriteText};
pub use walk::{Walk, WalkEntry};
pub use whole::{ReadBytes, WriteBytes};
pub use write_atomic::WriteAtomic;

use crate::pool::Lane;

/// A path in the file system, owned and cheap to clone.
///
/// `Path` corresponds to [`PathBuf`](std::path::PathBuf) and [`std::path::Path`] of the standard library. It
/// holds any name that the system allows, exactly as it was given. All clones share one immutable buffer.
///
/// Methods that use only the text of the path are plain functions. Methods that access the file system are
/// asynchronous. A name from [`std::path::Path`] has the meaning that it has there; functionality that only
/// Python's `pathlib` has uses the name from `pathlib`.
///
/// # Accessing the file system
///
/// Asynchronous methods return futures that are `Send`, own everything that they need, and do nothing until
/// they are first polled. Calls that may block run on the thread pool.
///
/// Futures with a named type, such as [`Mkdir`], take options by value before the first poll. They are `Unpin`,
/// so they can be spawned, joined, raced and polled directly. A setter that is called after the first poll
/// panics, so that no option is silently ignored.
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures_lite::future;
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = anyfile::Path::new(dir.path());
/// let (a, b) = (&dir / "a", &dir / "b/c");
/// future::try_zip(a.mkdir(), b.mkdir().parents(true)).await?;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
///
/// # Cancel safety
///
/// All these futures can be dropped at any time. A call that no worker thread has begun by then is not carried
/// out. A call that has begun is finished completely.
///
/// # Errors
///
/// The error of an asynchronous method names the operation and the path, or both paths, before the system's
/// reason; [`PathError`](crate::PathError) returns the parts. Its kind is that of the system's error. A path
/// that contains a NUL byte fails with [`InvalidInput`](std::io::ErrorKind::InvalidInput) in every method that
/// would pass it to the system.
///
/// # The empty path
///
/// The empty path is the [`parent`](Path::parent) of a single name. As in std, no file exists at it:
/// [`exists`](Path::exists) returns `false`, [`absolute`](Path::absolute) fails, and methods that would read,
/// create or change a file fail with [`NotFound`](std::io::ErrorKind::NotFound). There are two exceptions,
/// which make it useful as a parent:
///
/// - `mkdir().parents(true).exist_ok(true)` succeeds, as [`std::fs::create_dir_all`] does.
/// - [`iterdir`](Path::iterdir), [`walk`](Path::walk), [`glob`](Path::glob), [`rglob`](Path::rglob) and
///   [`resolve`](Path::resolve), which are methods of `pathlib`, treat it as the current directory, as
///   `pathlib` does.
///
/// # Cached file types
///
/// A path from [`iterdir`](Path::iterdir), [`glob`](Path::glob), [`rglob`](Path::rglob) or [`walk`](Path::walk)
/// carries the file type that came with the listing, if the filesystem reports it. [`info`](Path::info) returns
/// it without a system call. Clones keep it. A path derived from other paths, by [`join`](Path::join) or
/// [`parent`](Path::parent) for example, does not have it.
///
/// Equality, ordering and hashing are those of [`std::path::Path`] and ignore the cached type. Two equal paths
/// may carry different information, and a set keeps the one that was inserted first.
///
/// ```
/// # futures_lite::future::block_on(async {
/// use futures_lite::StreamExt;
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = anyfile::Path::new(dir.path());
/// let notes = dir.join("notes");
/// notes.write_text("").await?;
///
/// let found = dir.iterdir().try_next().await?.unwrap();
/// assert_eq!(found, notes);
/// assert_eq!(found.info().is_file(), Some(true));
/// assert_eq!(notes.info().is_file(), None);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
///
/// # No blocking by accident
///
/// `Path` does not dereference to [`std::path::Path`], so the blocking methods of that type cannot be called by
/// accident. A function that takes a `&std::path::Path` is called with an explicit conversion:
///
/// ```
/// fn wants_std(_: &std::path::Path) {}
///
/// wants_std(anyfile::Path::new("notes").as_std_path());
/// ```
///
/// There is no coercion:
///
/// ```compile_fail,E0308
/// fn wants_std(_: &std::path::Path) {}
///
/// wants_std(&anyfile::Path::new("notes"));
/// ```
///
/// This does not apply to functions. Most functions of [`std::fs`] take `impl AsRef<std::path::Path>`, accept a
/// `Path`, and block:
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let notes = anyfile::Path::new(dir.path().join("notes"));
/// # std::fs::write(&notes, "")?;
/// let contents = std::fs::read(&notes)?; // Blocks: `notes.read_bytes().await` does not.
/// # assert!(contents.is_empty());
/// # std::io::Result::Ok(())
/// ```
///
/// # Examples
///
/// ```
/// use anyfile::Path;
///
/// let notes = Path::new("home") / "ada" / "notes.tar.gz";
/// assert_eq!(notes, "home/ada/notes.tar.gz");
/// assert_eq!(notes.with_extension("xz"), "home/ada/notes.tar.xz");
/// assert_eq!(notes.suffixes(), [".tar", ".gz"]);
/// assert!(notes.matches("*.gz"));
/// ```
#[derive(Clone)]
pub struct Path {
    inner: Arc<std::path::Path>,
    /// The file type, if the path comes from a directory listing that reported it.
    known: info::Known,
    /// Where the jobs of this path enter the pool.
    lane: Lane,
}
