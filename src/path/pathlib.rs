//! Methods of Python's `pathlib.PurePath` that [`std::path::Path`] does not have.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, MAIN_SEPARATOR_STR, PathBuf};

use super::Path;
use super::pure::split_extension;
use crate::error::{Operation, PathError, invalid_input};
use crate::parts::{Parts, anchor, forward_slashes, same};

/// Methods of Python's `pathlib.PurePath` that [`std::path::Path`] does not have.
impl Path {
    /// Returns the drive and the root of the path, or the empty string if it begins with a name.
    ///
    /// Semantics of `pathlib`: on Unix the root is `//` if the path begins with exactly two slashes.
    ///
    /// # Examples
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

    /// Returns all extensions of the file name, each with its dot.
    ///
    /// Semantics of `pathlib` 3.14: leading dots of the name do not count, and a dot alone is an extension.
    ///
    /// # Examples
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

    /// Returns the path with its last name replaced, after checking the new name.
    ///
    /// [`with_file_name`](Path::with_file_name) does not check. Semantics of `pathlib` 3.14: the result is in
    /// [normal form](Path::to_posix), and `..` counts as a name.
    ///
    /// # Errors
    ///
    /// All are of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`]:
    ///
    /// - The path has no name: it is empty or a root.
    /// - The new name is not one name: it is empty or `.`, or contains a separator.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.txt").with_name("c.md")?, "a/c.md");
    /// assert!(Path::new("a/b.txt").with_name("c/d").is_err());
    /// assert!(Path::new("/").with_name("c").is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn with_name(&self, name: impl AsRef<OsStr>) -> io::Result<Path> {
        self.change_name(Operation::ChangeName, |_| Ok(name.as_ref().to_os_string()))
    }

    /// Returns the path with the stem of its last name replaced, keeping the last [suffix](Path::suffixes).
    ///
    /// Semantics of `pathlib` 3.14: the result is in [normal form](Path::to_posix), a trailing dot of the old
    /// name stays, and `..` counts as a name.
    ///
    /// # Errors
    ///
    /// All are of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`]:
    ///
    /// - The path has no name: it is empty or a root.
    /// - The new name would not be one name: it is empty or `.`, or contains a separator.
    /// - The stem is empty and the old name has a suffix, which would become the entire name.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.txt").with_stem("c")?, "a/c.txt");
    /// assert!(Path::new("a/b.txt").with_stem("c/d").is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn with_stem(&self, stem: impl AsRef<OsStr>) -> io::Result<Path> {
        let stem = stem.as_ref();
        self.change_name(Operation::ChangeStem, |old| match split_suffix(old) {
            Some(_) if stem.is_empty() => Err("the stem is empty"),
            Some((_, extension)) => Ok([stem, extension].join(".".as_ref())),
            None => Ok(stem.to_os_string()),
        })
    }

    /// Returns the path with its last [suffix](Path::suffixes) replaced or added, or removed if `suffix` is
    /// empty, after checking the suffix.
    ///
    /// The suffix includes its dot. [`with_extension`](Path::with_extension) takes the extension without it,
    /// and panics at a separator. Semantics of `pathlib` 3.14: the result is in [normal form](Path::to_posix),
    /// and a dot alone is a suffix.
    ///
    /// # Errors
    ///
    /// All are of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`]:
    ///
    /// - The path has no name: it is empty or a root.
    /// - The suffix does not begin with a dot, or contains a separator.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// let archive = Path::new("a/b.tar.gz");
    /// assert_eq!(archive.with_suffix(".xz")?, "a/b.tar.xz");
    /// assert_eq!(archive.with_suffix("")?, "a/b.tar");
    /// assert!(archive.with_suffix("xz").is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn with_suffix(&self, suffix: impl AsRef<OsStr>) -> io::Result<Path> {
        let suffix = suffix.as_ref();
        self.change_name(Operation::ChangeSuffix, |old| {
            if !suffix.is_empty() && !suffix.as_encoded_bytes().starts_with(b".") {
                return Err("the suffix does not begin with a dot");
            }
            let stem = split_suffix(old).map_or(old, |(stem, _)| stem);
            Ok([stem, suffix].join("".as_ref()))
        })
    }

    /// Returns the path with its last name replaced by the one that `change` makes of it.
    fn change_name(
        &self,
        operation: Operation,
        change: impl FnOnce(&OsStr) -> Result<OsString, &'static str>,
    ) -> io::Result<Path> {
        let mut parts = Parts::of(self.as_std_path());
        let old = parts.names.pop().ok_or("the path has no file name");
        let name = old
            .and_then(change)
            .and_then(checked_name)
            .map_err(|reason| PathError::wrap(operation, self.as_ref(), invalid_input(reason)))?;
        parts.names.push(&name);
        let path = parts.join(parts.anchor.to_os_string(), MAIN_SEPARATOR_STR);
        Ok(self.derive(path))
    }

    /// Returns the path relative to `other`, which must be the path itself or one of its ancestors. Does no I/O.
    ///
    /// A path relative to itself is `.`. Semantics of `pathlib`: every relative path is relative to `.` and to
    /// the empty path. [`strip_prefix`](Path::strip_prefix) has the semantics of std.
    ///
    /// # Errors
    ///
    /// All are of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`] that names both
    /// paths:
    ///
    /// - The paths have different [anchors](Path::anchor).
    /// - The path is not below `other`.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("/etc/hosts").relative_to("/etc")?, "hosts");
    /// assert_eq!(Path::new("a/b").relative_to("a/b")?, ".");
    /// assert!(Path::new("/etc/hosts").relative_to("/usr").is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn relative_to(&self, other: impl AsRef<std::path::Path>) -> io::Result<Path> {
        self.relate(other.as_ref(), WalkUp::Never)
    }

    /// Returns the path relative to `other`, with as many leading `..` as needed. Does no I/O.
    ///
    /// Semantics of `pathlib`'s `relative_to` with `walk_up=True`. If a name of `other` is a symbolic link, its
    /// `..` may lead elsewhere.
    ///
    /// # Errors
    ///
    /// All are of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`] that names both
    /// paths:
    ///
    /// - The paths have different [anchors](Path::anchor).
    /// - `other` contains a `..` that cannot be walked up.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// let hosts = Path::new("/etc/hosts");
    /// assert_eq!(hosts.relative_to_walk_up("/usr/lib")?, "../../etc/hosts");
    /// assert_eq!(hosts.relative_to_walk_up("/etc")?, "hosts");
    /// assert!(hosts.relative_to_walk_up("usr").is_err());
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "walk_up")]
    pub fn relative_to_walk_up(&self, other: impl AsRef<std::path::Path>) -> io::Result<Path> {
        self.relate(other.as_ref(), WalkUp::Allowed)
    }

    /// Returns `true` if the path is below `other` or the same, that is, if [`relative_to`](Path::relative_to)
    /// succeeds.
    ///
    /// Semantics of `pathlib`. std's [`starts_with`](Path::starts_with) differs: `a` does not start with `.`,
    /// and every path starts with the empty path.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert!(Path::new("/etc/hosts").is_relative_to("/etc"));
    /// assert!(!Path::new("/etc/hosts").is_relative_to("/e"));
    /// assert!(Path::new("etc").is_relative_to("."));
    /// ```
    pub fn is_relative_to(&self, other: impl AsRef<std::path::Path>) -> bool {
        let (from, to) = (Parts::of(other.as_ref()), Parts::of(self.as_std_path()));
        same(from.anchor, to.anchor) && common(&from, &to) == from.names.len()
    }

    fn relate(&self, other: &std::path::Path, walk_up: WalkUp) -> io::Result<Path> {
        let path = self.as_std_path();
        let fail =
            |reason| PathError::wrap_pair(Operation::Relate, path, other, invalid_input(reason));
        let (from, to) = (Parts::of(other), Parts::of(path));
        if !same(from.anchor, to.anchor) {
            return Err(fail("the paths have different anchors"));
        }
        let common = common(&from, &to);
        let (up, down) = (&from.names[common..], &to.names[common..]);
        if !up.is_empty() && walk_up == WalkUp::Never {
            return Err(fail("the first path is not below the second"));
        }
        if up.iter().any(|&name| name == "..") {
            return Err(fail(
                "the second path contains a `..` that cannot be walked up",
            ));
        }
        let steps = up.iter().map(|_| OsStr::new(".."));
        let relative: PathBuf = steps.chain(down.iter().copied()).collect();
        Ok(if relative.as_os_str().is_empty() {
            self.derive(".")
        } else {
            self.derive(relative)
        })
    }

    /// Returns the path in `pathlib`'s normal form with forward slashes.
    ///
    /// Semantics of `pathlib`'s `as_posix`: repeated and trailing slashes and every `.` are removed, `..`
    /// stays, and the empty path is `.`.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("./a//b/").to_posix(), "a/b");
    /// assert_eq!(Path::new("").to_posix(), ".");
    /// ```
    #[doc(alias = "as_posix")]
    pub fn to_posix(&self) -> OsString {
        let parts = Parts::of(self.as_std_path());
        let posix = parts.join(forward_slashes(parts.anchor), "/");
        if posix.is_empty() { ".".into() } else { posix }
    }
}

/// Whether a relative path may begin with `..`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WalkUp {
    Never,
    Allowed,
}

/// Returns the number of leading names that two paths have in common.
fn common(a: &Parts<'_>, b: &Parts<'_>) -> usize {
    let pairs = a.names.iter().zip(&b.names);
    pairs.take_while(|(a, b)| same(a, b)).count()
}

/// Splits a name into its stem and its last suffix without the dot. Unlike std, `pathlib` requires a character
/// other than a dot before the suffix.
fn split_suffix(name: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let is_dot = |&byte: &u8| byte == b'.';
    split_extension(name).filter(|(stem, _)| !stem.as_encoded_bytes().iter().all(is_dot))
}

/// Returns the name if it can be the last name of a path.
fn checked_name(name: OsString) -> Result<OsString, &'static str> {
    let mut components = std::path::Path::new(&name).components();
    match (components.next(), components.next()) {
        (Some(only @ (Component::Normal(_) | Component::ParentDir)), None)
            if only.as_os_str() == name =>
        {
            Ok(name)
        }
        _ => Err("the new name is not a valid file name"),
    }
}
