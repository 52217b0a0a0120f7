//! [`Path`], and the futures and streams of its methods.
//!
//! The types here are what the methods of [`Path`] return and take. Each of the futures begins at its first poll
//! and owns all that it needs; its options are set by value before that.

mod atomic;
mod change;
mod convert;
mod data;
mod glob;
mod info;
mod iterdir;
mod make;
mod matching;
mod ops;
mod ordered;
#[cfg(feature = "user-db")]
mod owner;
mod pathlib;
mod pure;
mod questions;
mod remove;
mod resolve;
mod times;
mod trees;
mod uri;
mod user;
mod walk;
mod whole;
#[cfg(any(windows, test))]
mod windows;

use std::sync::Arc;

pub use crate::dir::tree::{CopyCount, CopyProgress, RemoveProgress};
pub use change::{Rename, SetPermissions, SetTimes};
pub use data::{Contents, Text};
pub use glob::Glob;
pub use info::PathInfo;
pub use iterdir::{Iterdir, ReadDir};
pub use make::{HardlinkTo, Mkdir, SymlinkTo, Touch};
#[cfg(feature = "user-db")]
pub use owner::{Group, Owner};
pub use remove::{RemoveDirAll, Rmdir, Unlink};
pub use resolve::{Canonicalize, Resolve};
pub use trees::{CopyTo, MoveTo};
pub use walk::{Walk, WalkEntry};
pub use whole::{ReadBytes, ReadText, WriteAtomic, WriteBytes, WriteText};

/// A path in the file system, owned and cheap to clone.
///
/// It is to this crate what [`PathBuf`](std::path::PathBuf) and [`std::path::Path`] are to the
/// standard library: any name that the system can hold, kept as it was given. All clones share one
/// buffer, which never changes.
///
/// Methods that only look at the text of the path are plain functions; those that ask the file system
/// are asynchronous. Where [`std::path::Path`] has a name, that name and its meaning are used; what only
/// Python's `pathlib` has comes under its name there.
///
/// # Asking the file system
///
/// An asynchronous method returns a future. All of them are `Send` and own what they need, and do nothing before
/// they are first polled. Whatever may wait runs on the thread pool.
///
/// The futures that have a type of their own, such as [`Mkdir`], take options by value before that. They are
/// `Unpin`, so they can be spawned, joined, raced and polled as they are. A setter that is called after the first
/// poll panics, so that no option is ignored.
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
/// Every one of these futures may be dropped at any time. A call that no thread has begun by then is not
/// carried out; one that has begun is finished, to its last step.
///
/// # Errors
///
/// The error of an asynchronous method names the operation and the path, or both paths, before the reason
/// of the system: [`PathError`](crate::PathError) gives the parts. Its kind is that of the system's error.
/// A path with a NUL byte in it is refused with [`InvalidInput`](std::io::ErrorKind::InvalidInput)
/// wherever the system would be asked about it.
///
/// # The empty path
///
/// It is what [`parent`](Path::parent) gives for a single name. Nothing is there, as for std and for the
/// system: [`exists`](Path::exists) is `false`, [`absolute`](Path::absolute) fails, and what would look at
/// it, make it or change it fails with [`NotFound`](std::io::ErrorKind::NotFound). Two things make it
/// useful as a parent all the same:
///
/// - `mkdir().parents(true).exist_ok(true)` succeeds, as [`std::fs::create_dir_all`] does.
/// - [`iterdir`](Path::iterdir), [`walk`](Path::walk), [`glob`](Path::glob), [`rglob`](Path::rglob) and
///   [`resolve`](Path::resolve), which are `pathlib`'s, take it for the current directory, as `pathlib` does.
///
/// # What a scan knew
///
/// A path from [`iterdir`](Path::iterdir), [`glob`](Path::glob), [`rglob`](Path::rglob) or
/// [`walk`](Path::walk) carries the file type that the scan of the directory found, if the filesystem tells it.
/// [`info`](Path::info) answers from that without a system call. Clones keep it; a path made of other paths, by
/// [`join`](Path::join) or [`parent`](Path::parent) for example, knows nothing.
///
/// Equality, order and hash are [`std::path::Path`]'s and ignore it. So two equal paths may know different
/// things, and a set keeps the one that came first.
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
/// `Path` does not dereference to [`std::path::Path`], so that none of the blocking methods of that type can be
/// called by accident. A function that takes a `&std::path::Path` gets one on request:
///
/// ```
/// fn wants_std(_: &std::path::Path) {}
///
/// wants_std(anyfile::Path::new("notes").as_std_path());
/// ```
///
/// and not by coercion:
///
/// ```compile_fail,E0308
/// fn wants_std(_: &std::path::Path) {}
///
/// wants_std(&anyfile::Path::new("notes"));
/// ```
///
/// Functions are not kept out. One that takes `impl AsRef<std::path::Path>`, as most of [`std::fs`] do, takes
/// a `Path` as it is, and blocks:
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
    /// What came with the path from where it was found.
    known: info::Known,
}
