//! Conversions between `Path` and the path and string types of the standard library, and comparisons with them.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Div;
use std::path::{Component, PathBuf};
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;

use super::Path;
use super::info::Known;
use crate::pool::Lane;

/// Implements a family of traits for each of the types.
macro_rules! stamp {
    ($($type:ty),+ => $family:ident) => {
        $($family!($type);)+
    };
}

// ===== Into a `Path` =====

macro_rules! from {
    ($type:ty) => {
        impl From<$type> for Path {
            /// Copies the path into a new buffer.
            fn from(path: $type) -> Path {
                let path: &std::path::Path = path.as_ref();
                Path::from(Arc::<std::path::Path>::from(path))
            }
        }
    };
}

stamp!(
    &str, String, &String, &OsStr, OsString, &OsString, &std::path::Path, PathBuf, &PathBuf,
    Box<std::path::Path>, Rc<std::path::Path>, Cow<'_, std::path::Path>, Cow<'_, OsStr>,
    Component<'_> => from
);

impl From<Cow<'_, str>> for Path {
    /// Copies the path into a new buffer.
    fn from(path: Cow<'_, str>) -> Path {
        Path::from(&*path)
    }
}

impl From<Arc<std::path::Path>> for Path {
    /// Shares the buffer.
    fn from(inner: Arc<std::path::Path>) -> Path {
        Path {
            inner,
            known: Known::default(),
            lane: Lane::default(),
        }
    }
}

impl From<&Path> for Path {
    /// Shares the buffer, as `clone` does.
    fn from(path: &Path) -> Path {
        path.clone()
    }
}

impl FromStr for Path {
    type Err = Infallible;

    fn from_str(path: &str) -> Result<Path, Infallible> {
        Ok(Path::from(path))
    }
}

impl Default for Path {
    /// Returns the empty path.
    fn default() -> Path {
        Path::from("")
    }
}

// ===== Out of a `Path` =====

macro_rules! into {
    ($type:ty) => {
        impl From<Path> for $type {
            /// Copies the path out of the shared buffer.
            fn from(path: Path) -> $type {
                path.as_std_path().into()
            }
        }
    };
}

stamp!(PathBuf, OsString, Box<std::path::Path>, Rc<std::path::Path> => into);

impl From<Path> for Arc<std::path::Path> {
    /// Shares the buffer.
    fn from(path: Path) -> Arc<std::path::Path> {
        path.inner
    }
}

impl From<Path> for Cow<'_, std::path::Path> {
    /// Copies the path out of the shared buffer.
    fn from(path: Path) -> Self {
        Cow::Owned(path.into())
    }
}

impl<'a> From<&'a Path> for Cow<'a, std::path::Path> {
    /// Borrows the path.
    fn from(path: &'a Path) -> Self {
        Cow::Borrowed(path.as_std_path())
    }
}

// ===== Borrowing as a standard type =====

impl AsRef<std::path::Path> for Path {
    fn as_ref(&self) -> &std::path::Path {
        self.as_std_path()
    }
}

impl AsRef<OsStr> for Path {
    fn as_ref(&self) -> &OsStr {
        self.as_os_str()
    }
}

/// `Eq`, `Ord` and `Hash` agree with those of [`std::path::Path`], so that a map with `Path` keys can be queried
/// with one.
impl Borrow<std::path::Path> for Path {
    fn borrow(&self) -> &std::path::Path {
        self.as_std_path()
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_std_path(), f)
    }
}

// ===== Comparisons =====

impl Eq for Path {}

impl PartialEq for Path {
    fn eq(&self, other: &Path) -> bool {
        self.as_std_path() == other.as_std_path()
    }
}

impl Ord for Path {
    fn cmp(&self, other: &Path) -> Ordering {
        self.as_std_path().cmp(other.as_std_path())
    }
}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Path) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_std_path().hash(state);
    }
}

macro_rules! compare {
    ($type:ty) => {
        impl PartialEq<$type> for Path {
            fn eq(&self, other: &$type) -> bool {
                self.as_std_path() == AsRef::<std::path::Path>::as_ref(other)
            }
        }

        impl PartialEq<Path> for $type {
            fn eq(&self, other: &Path) -> bool {
                other == self
            }
        }

        impl PartialOrd<$type> for Path {
            fn partial_cmp(&self, other: &$type) -> Option<Ordering> {
                let other: &std::path::Path = other.as_ref();
                self.as_std_path().partial_cmp(other)
            }
        }

        impl PartialOrd<Path> for $type {
            fn partial_cmp(&self, other: &Path) -> Option<Ordering> {
                other.partial_cmp(self).map(Ordering::reverse)
            }
        }
    };
}

stamp!(
    str, &str, String, OsStr, &OsStr, OsString, std::path::Path, &std::path::Path,
    PathBuf, Cow<'_, std::path::Path>,
    Cow<'_, OsStr> => compare
);

// ===== Joining and iterating =====

impl<P: AsRef<std::path::Path>> Div<P> for Path {
    type Output = Path;

    /// Same as [`join`](Path::join), with `pathlib`'s operator.
    fn div(self, child: P) -> Path {
        self.join(child)
    }
}

impl<P: AsRef<std::path::Path>> Div<P> for &Path {
    type Output = Path;

    /// Same as [`join`](Path::join), with `pathlib`'s operator.
    fn div(self, child: P) -> Path {
        self.join(child)
    }
}

impl<P: AsRef<std::path::Path>> FromIterator<P> for Path {
    /// Joins all the parts, as [`PathBuf`] does.
    fn from_iter<I: IntoIterator<Item = P>>(parts: I) -> Path {
        parts.into_iter().collect::<PathBuf>().into()
    }
}

impl<P: AsRef<std::path::Path>> Extend<P> for Path {
    /// Joins all the parts to this path, as [`PathBuf`] does. Clones of the path do not change.
    fn extend<I: IntoIterator<Item = P>>(&mut self, parts: I) {
        let mut path = PathBuf::from(self.as_std_path());
        path.extend(parts);
        *self = path.into();
    }
}

impl<'a> IntoIterator for &'a Path {
    type Item = &'a OsStr;
    type IntoIter = std::path::Iter<'a>;

    fn into_iter(self) -> std::path::Iter<'a> {
        self.iter()
    }
}

// ===== serde =====

/// Serializes the path as a string. Fails if it is not valid Unicode, as std's paths do.
#[cfg(feature = "serde")]
impl serde::Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_std_path().serialize(serializer)
    }
}

/// Deserializes the path from a string or from bytes that are valid UTF-8, as std's paths do.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Path {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Path, D::Error> {
        PathBuf::deserialize(deserializer).map(Path::from)
    }
}
