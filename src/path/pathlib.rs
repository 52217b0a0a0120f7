//! What Python's `pathlib.PurePath` has and [`std::path::Path`] has not.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, MAIN_SEPARATOR_STR, Path as StdPath};

use super::Path;
use super::parts::{Parts, anchor, forward_slashes, same};
use super::pure::split_extension;
use crate::error::{Operation, PathError, invalid_input};

/// What Python's `pathlib.PurePath` has and [`std::path::Path`] has not.
impl Path {
    /// The drive and the root, as the path has them; empty if it begins with a name.
    ///
    /// Semantics of `pathlib`: on Unix the root is `//` if the path begins with exactly two slashes.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("/etc/hosts").anchor(), "/");
    /// assert_eq!(Path::new("etc/hosts").anchor(), "");
    /// ```
    #[doc(alias = "drive")]
    #[doc(alias = "root")]
    pub fn anchor(&self) -> &OsStr {
        anchor(self.as_std_path())
    }

    /// All extensions of the file name, each with its dot.
    ///
    /// Semantics of `pathlib` 3.14: dots in front of the name do not count, and a dot alone is an extension.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.tar.gz").suffixes(), [".tar", ".gz"]);
    /// assert_eq!(Path::new("a/b.").suffixes(), ["."]);
    /// assert!(Path::new("a/.profile").suffixes().is_empty());
    /// ```
    pub fn suffixes(&self) -> Vec<OsString> {
        let mut suffixes = Vec::new();
        let mut name = self.file_name().unwrap_or_default();
        while let Some((stem, extension)) = split_suffix(name) {
            let mut suffix = OsString::from(".");
            suffix.push(extension);
            suffixes.push(suffix);
            name = stem;
        }
        suffixes.reverse();
        suffixes
    }

    /// The path with another stem and the same last [suffix](Path::suffixes).
    ///
    /// Semantics of `pathlib` 3.14: the result is in [normal form](Path::as_posix), a dot at the end of the
    /// old name stays, and `..` counts as a name.
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`]:
    ///
    /// - The path has no name: it is empty or a root.
    /// - The new name would not be one name: it is empty or `.`, or contains a separator.
    /// - The stem is empty and the old name has a suffix, which would be the whole name.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.txt").with_stem("c")?, "a/c.txt");
    /// assert!(Path::new("a/b.txt").with_stem("c/d").is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn with_stem(&self, stem: impl AsRef<OsStr>) -> io::Result<Path> {
        let fail =
            |reason| PathError::wrap(Operation::ChangeStem, self.as_ref(), invalid_input(reason));
        let mut new = stem.as_ref().to_os_string();
        let mut parts = Parts::of(self.as_std_path());
        let Some(name) = parts.names.last_mut() else {
            return Err(fail("it has no file name"));
        };
        if let Some((_, extension)) = split_suffix(name) {
            if new.is_empty() {
                return Err(fail("the new name would be a suffix alone"));
            }
            new.push(".");
            new.push(extension);
        }
        if !is_name(&new) {
            return Err(fail("the new name would not be a file name"));
        }
        *name = &new;
        let path = parts.join(parts.anchor.to_os_string(), MAIN_SEPARATOR_STR);
        Ok(Path::new(path))
    }

    /// The path as seen from `other`, by the text of both alone.
    ///
    /// Finish with [`get`](RelativeTo::get). With [`walk_up(true)`](RelativeTo::walk_up) the result may
    /// begin with `..`; without, the path must lie below `other`.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// let hosts = Path::new("/etc/hosts");
    /// assert_eq!(hosts.relative_to("/etc").get()?, "hosts");
    /// assert_eq!(hosts.relative_to("/usr/lib").walk_up(true).get()?, "../../etc/hosts");
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "is_relative_to")]
    pub fn relative_to(&self, other: impl AsRef<StdPath>) -> RelativeTo {
        RelativeTo {
            path: self.clone(),
            other: Path::new(other),
            walk_up: false,
        }
    }

    /// The path in `pathlib`'s normal form with forward slashes.
    ///
    /// Semantics of `pathlib`: repeated and trailing slashes and every `.` are left out, `..` stays, and
    /// the empty path is `.`.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("./a//b/").as_posix(), "a/b");
    /// assert_eq!(Path::new("").as_posix(), ".");
    /// ```
    pub fn as_posix(&self) -> OsString {
        let parts = Parts::of(self.as_std_path());
        let posix = parts.join(forward_slashes(parts.anchor), "/");
        if posix.is_empty() { ".".into() } else { posix }
    }
}

/// The question that [`Path::relative_to`] asks.
#[derive(Debug, Clone)]
#[must_use = "nothing is computed before `get`"]
pub struct RelativeTo {
    path: Path,
    other: Path,
    walk_up: bool,
}

impl RelativeTo {
    /// Whether the result may begin with `..`; by default, it may not.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b").relative_to("a/c").walk_up(true).get()?, "../b");
    /// # std::io::Result::Ok(())
    /// ```
    pub fn walk_up(mut self, walk_up: bool) -> Self {
        self.walk_up = walk_up;
        self
    }

    /// The relative path; `.` if both paths are the same.
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`] that names both paths:
    ///
    /// - The path does not lie below the other one, and walking up is not allowed.
    /// - The paths have different [anchors](Path::anchor).
    /// - `..` in the other path would have to be walked up.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b").relative_to("a").get()?, "b");
    /// assert_eq!(Path::new("a/b").relative_to("a/b").get()?, ".");
    /// assert!(Path::new("a/b").relative_to("c").get().is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn get(self) -> io::Result<Path> {
        let (path, other) = (self.path.as_std_path(), self.other.as_std_path());
        let fail =
            |reason| PathError::wrap_pair(Operation::Relate, path, other, invalid_input(reason));
        let (from, to) = (Parts::of(other), Parts::of(path));
        if !same(from.anchor, to.anchor) {
            return Err(fail("they do not begin at the same root"));
        }
        let common = from.names.iter().zip(&to.names);
        let common = common.take_while(|(a, b)| same(a, b)).count();
        let (up, down) = (&from.names[common..], &to.names[common..]);
        if !up.is_empty() && !self.walk_up {
            return Err(fail("the first is not below the second"));
        }
        if up.iter().any(|&name| name == "..") {
            return Err(fail("`..` in the second cannot be walked up"));
        }
        let steps = up.iter().map(|_| OsStr::new(".."));
        let relative: Path = steps.chain(down.iter().copied()).collect();
        Ok(if relative == "" {
            Path::new(".")
        } else {
            relative
        })
    }
}

/// A name up to its last suffix, and that without its dot. `pathlib` wants more than dots before it, std
/// only one.
fn split_suffix(name: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let is_dot = |&byte: &u8| byte == b'.';
    split_extension(name).filter(|(stem, _)| !stem.as_encoded_bytes().iter().all(is_dot))
}

/// Whether `name` can stand as the last name of a path.
fn is_name(name: &OsStr) -> bool {
    let mut components = StdPath::new(name).components();
    match (components.next(), components.next()) {
        (Some(only @ (Component::Normal(_) | Component::ParentDir)), None) => {
            only.as_os_str() == name
        }
        _ => false,
    }
}
