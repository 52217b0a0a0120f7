//! [`Path`]: the asynchronous pathlib.

mod convert;
mod matching;
mod parts;
mod pathlib;
mod pure;
mod uri;

use std::sync::Arc;

pub use matching::{FullMatch, Matches};
pub use pathlib::RelativeTo;

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
/// # No blocking by accident
///
/// `Path` does not dereference to [`std::path::Path`], so that the blocking methods of that type cannot
/// be reached unawares. A function that wants a standard path gets one on request:
///
/// ```
/// fn wants_std(_: &std::path::Path) {}
///
/// wants_std(anyfile::Path::new("notes").as_std_path());
/// ```
///
/// but never silently:
///
/// ```compile_fail,E0308
/// fn wants_std(_: &std::path::Path) {}
///
/// wants_std(&anyfile::Path::new("notes"));
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
/// assert!(notes.matches("*.gz").get()?);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Path {
    inner: Arc<std::path::Path>,
}
