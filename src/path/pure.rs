//! The lexical methods of [`std::path::Path`].

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::iter::{self, FusedIterator};
use std::path::{Components, Display, Iter, PathBuf, StripPrefixError, is_separator};

use super::Path;

/// Methods of [`std::path::Path`] that only look at the text of the path. They have the same meaning here;
/// where std returns a path, these return a `Path`.
impl Path {
    /// Creates a path from anything that can be borrowed as a [`std::path::Path`].
    ///
    /// The text is copied. `Path::from` shares the buffer of an `Arc<std::path::Path>` instead.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b"), Path::new(String::from("a/b")));
    /// assert_eq!(Path::new("a/b"), Path::new(std::path::Path::new("a/b")));
    /// ```
    pub fn new(path: impl AsRef<std::path::Path>) -> Path {
        Path::from(path.as_ref())
    }

    /// Returns the path as a [`std::path::Path`], whose I/O methods block.
    ///
    /// # Examples
    ///
    /// ```
    /// let path = anyfile::Path::new("a/b");
    /// assert_eq!(path.as_std_path(), std::path::Path::new("a/b"));
    /// ```
    pub fn as_std_path(&self) -> &std::path::Path {
        &self.inner
    }

    /// Returns the underlying [`OsStr`].
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(anyfile::Path::new("a/b").as_os_str(), "a/b");
    /// ```
    pub fn as_os_str(&self) -> &OsStr {
        self.inner.as_os_str()
    }

    /// Converts the path into an [`OsString`].
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(anyfile::Path::new("a/b").into_os_string(), "a/b");
    /// ```
    pub fn into_os_string(self) -> OsString {
        self.into()
    }

    /// Copies the path into a [`PathBuf`]. Same as `PathBuf::from(path)`.
    ///
    /// # Examples
    ///
    /// ```
    /// let path = anyfile::Path::new("a/b");
    /// assert_eq!(path.to_path_buf(), std::path::PathBuf::from("a/b"));
    /// ```
    pub fn to_path_buf(&self) -> PathBuf {
        self.inner.to_path_buf()
    }

    /// Returns the path as a `str`, or `None` if it is not valid Unicode.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(anyfile::Path::new("a/b").to_str(), Some("a/b"));
    /// ```
    pub fn to_str(&self) -> Option<&str> {
        self.inner.to_str()
    }

    /// Returns the path as text, with `�` in place of anything that is not valid Unicode.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(anyfile::Path::new("a/b").to_string_lossy(), "a/b");
    /// ```
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        self.inner.to_string_lossy()
    }

    /// Returns an object that displays the path, in the same lossy way as
    /// [`to_string_lossy`](Path::to_string_lossy).
    ///
    /// # Examples
    ///
    /// ```
    /// let path = anyfile::Path::new("a/b");
    /// assert_eq!(format!("reading {}", path.display()), "reading a/b");
    /// ```
    pub fn display(&self) -> Display<'_> {
        self.inner.display()
    }

    /// Returns this path with `path` appended. An absolute `path` replaces this one.
    ///
    /// The operator `/` does the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// let etc = Path::new("/etc");
    /// assert_eq!(etc.join("hosts"), "/etc/hosts");
    /// assert_eq!(&etc / "hosts", "/etc/hosts");
    /// assert_eq!(etc.join("/usr"), "/usr");
    /// ```
    #[doc(alias = "joinpath")]
    #[must_use]
    pub fn join(&self, path: impl AsRef<std::path::Path>) -> Path {
        self.derive(self.inner.join(path))
    }

    /// Returns the path without its last component, or `None` for a root and for the empty path.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b").parent(), Some(Path::new("a")));
    /// assert_eq!(Path::new("a").parent(), Some(Path::new("")));
    /// assert_eq!(Path::new("/").parent(), None);
    /// ```
    pub fn parent(&self) -> Option<Path> {
        self.inner.parent().map(|parent| self.derive(parent))
    }

    /// Returns an iterator over the path itself, its [`parent`](Path::parent), the parent's parent, and so on.
    ///
    /// `pathlib`'s `parents` starts one later: `.ancestors().skip(1)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// let ancestors: Vec<Path> = Path::new("/a/b").ancestors().collect();
    /// assert_eq!(ancestors, ["/a/b", "/a", "/"]);
    /// ```
    #[doc(alias = "parents")]
    pub fn ancestors(&self) -> impl FusedIterator<Item = Path> + Clone + use<> {
        iter::successors(Some(self.clone()), Path::parent)
    }

    /// Returns the last component, or `None` if it is a root or `..`.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.tar.gz").file_name().unwrap(), "b.tar.gz");
    /// assert_eq!(Path::new("a/..").file_name(), None);
    /// ```
    #[doc(alias = "name")]
    pub fn file_name(&self) -> Option<&OsStr> {
        self.inner.file_name()
    }

    /// Returns the [`file_name`](Path::file_name) up to its last dot, ignoring a leading dot.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.tar.gz").file_stem().unwrap(), "b.tar");
    /// assert_eq!(Path::new("a/.profile").file_stem().unwrap(), ".profile");
    /// ```
    #[doc(alias = "stem")]
    pub fn file_stem(&self) -> Option<&OsStr> {
        self.inner.file_stem()
    }

    /// Returns the [`file_name`](Path::file_name) up to its first dot, ignoring a leading dot.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.tar.gz").file_prefix().unwrap(), "b");
    /// assert_eq!(Path::new("a/.config.toml").file_prefix().unwrap(), ".config");
    /// ```
    pub fn file_prefix(&self) -> Option<&OsStr> {
        let name = self.file_name()?;
        // The second dot ends the prefix. Splitting further would lead to `..`, which has no stem.
        if name.as_encoded_bytes().starts_with(b"..") {
            return Some(OsStr::new("."));
        }
        let mut prefix = name;
        while let Some((stem, _)) = split_extension(prefix) {
            prefix = stem;
        }
        Some(prefix)
    }

    /// Returns the part of the [`file_name`](Path::file_name) after its last dot.
    ///
    /// `pathlib`'s `suffix` includes the dot.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.tar.gz").extension().unwrap(), "gz");
    /// assert_eq!(Path::new("a/.profile").extension(), None);
    /// ```
    #[doc(alias = "suffix")]
    pub fn extension(&self) -> Option<&OsStr> {
        self.inner.extension()
    }

    /// Returns the path with its [`file_name`](Path::file_name) replaced, or with one appended if it has none.
    ///
    /// `file_name` is not checked; [`with_name`](Path::with_name) checks it.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.txt").with_file_name("c.md"), "a/c.md");
    /// assert_eq!(Path::new("/").with_file_name("c.md"), "/c.md");
    /// ```
    #[must_use]
    pub fn with_file_name(&self, file_name: impl AsRef<OsStr>) -> Path {
        self.derive(self.inner.with_file_name(file_name))
    }

    /// Returns the path with its [`extension`](Path::extension) replaced or added, or removed if `extension` is
    /// empty.
    ///
    /// A path without a file name is returned unchanged. [`with_suffix`](Path::with_suffix) takes the extension
    /// with its dot, and fails in that case.
    ///
    /// # Panics
    ///
    /// Panics if `extension` contains a path separator, as the standard library's method does.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.txt").with_extension("md"), "a/b.md");
    /// assert_eq!(Path::new("a/b").with_extension("md"), "a/b.md");
    /// assert_eq!(Path::new("a/b.txt").with_extension(""), "a/b");
    /// ```
    #[must_use]
    pub fn with_extension(&self, extension: impl AsRef<OsStr>) -> Path {
        self.derive(self.inner.with_extension(extension))
    }

    /// Returns the path with one more extension.
    ///
    /// A path without a file name is returned unchanged. An empty `extension` adds nothing.
    ///
    /// # Panics
    ///
    /// Panics if `extension` contains a path separator, as the standard library's method does.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("a/b.tar").with_added_extension("gz"), "a/b.tar.gz");
    /// assert_eq!(Path::new("a/b").with_added_extension("gz"), "a/b.gz");
    /// ```
    #[must_use]
    pub fn with_added_extension(&self, extension: impl AsRef<OsStr>) -> Path {
        let added = extension.as_ref();
        assert!(
            !added
                .as_encoded_bytes()
                .iter()
                .any(|&byte| is_separator(char::from(byte))),
            "extension cannot contain path separators: {added:?}"
        );
        if added.is_empty() || self.file_name().is_none() {
            return self.clone();
        }
        // `components` removes a trailing separator, so the path ends with its name.
        let mut path = self.components().as_path().as_os_str().to_os_string();
        path.push(".");
        path.push(added);
        self.derive(path)
    }

    /// Returns an iterator over the components. Empty components are skipped, and `.` except at the beginning.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::path::Component;
    ///
    /// let path = anyfile::Path::new("/a//./b/");
    /// assert!(path.components().eq([
    ///     Component::RootDir,
    ///     Component::Normal("a".as_ref()),
    ///     Component::Normal("b".as_ref()),
    /// ]));
    /// ```
    #[doc(alias = "parts")]
    pub fn components(&self) -> Components<'_> {
        self.inner.components()
    }

    /// Returns an iterator over the [`components`](Path::components) as [`OsStr`]s.
    ///
    /// # Examples
    ///
    /// ```
    /// let path = anyfile::Path::new("a//b/");
    /// assert_eq!(path.iter().collect::<Vec<_>>(), ["a", "b"]);
    /// ```
    pub fn iter(&self) -> Iter<'_> {
        self.inner.iter()
    }

    /// Returns `true` if the first components of the path are those of `base`. Only whole components match.
    ///
    /// `pathlib`'s [`is_relative_to`](Path::is_relative_to) differs for `.` and the empty path: every relative
    /// path starts with them, and no absolute path does.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert!(Path::new("/etc/hosts").starts_with("/etc"));
    /// assert!(!Path::new("/etc/hosts").starts_with("/e"));
    /// ```
    pub fn starts_with(&self, base: impl AsRef<std::path::Path>) -> bool {
        self.inner.starts_with(base)
    }

    /// Returns `true` if the last components of the path are those of `child`. Only whole components match.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert!(Path::new("/etc/hosts").ends_with("hosts"));
    /// assert!(!Path::new("/etc/hosts").ends_with("sts"));
    /// ```
    pub fn ends_with(&self, child: impl AsRef<std::path::Path>) -> bool {
        self.inner.ends_with(child)
    }

    /// Returns the path without the leading components of `base`.
    ///
    /// [`relative_to_walk_up`](Path::relative_to_walk_up) uses `..` where that is needed.
    ///
    /// # Errors
    ///
    /// - The path does not [start with](Path::starts_with) `base`.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// let hosts = Path::new("/etc/hosts");
    /// assert_eq!(hosts.strip_prefix("/etc").unwrap(), "hosts");
    /// assert!(hosts.strip_prefix("/usr").is_err());
    /// ```
    pub fn strip_prefix(
        &self,
        base: impl AsRef<std::path::Path>,
    ) -> Result<Path, StripPrefixError> {
        let rest = self.inner.strip_prefix(base)?;
        Ok(self.derive(rest))
    }

    /// Returns `true` if the path does not depend on the current directory.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("/etc").is_absolute(), cfg!(unix));
    /// assert!(!Path::new("etc").is_absolute());
    /// ```
    pub fn is_absolute(&self) -> bool {
        self.inner.is_absolute()
    }

    /// Returns `true` if the path is not [absolute](Path::is_absolute).
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(anyfile::Path::new("etc").is_relative());
    /// ```
    pub fn is_relative(&self) -> bool {
        self.inner.is_relative()
    }

    /// Returns `true` if the path begins at a root. On Windows, such a path may still lack a drive.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(anyfile::Path::new("/etc").has_root());
    /// ```
    pub fn has_root(&self) -> bool {
        self.inner.has_root()
    }
}

/// Splits a file name at its last dot, if it has an extension.
pub(super) fn split_extension(name: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let name = std::path::Path::new(name);
    Some((name.file_stem()?, name.extension()?))
}
