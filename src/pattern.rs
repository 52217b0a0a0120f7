//! [`Pattern`], a compiled shell pattern for paths.

mod segment;
mod wildcard;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use crate::error::{Operation, PathError, invalid_input};
use crate::parts::{self, same};

pub(crate) use segment::Segment;

/// A compiled shell pattern for paths.
///
/// [`Path::matches`](crate::Path::matches) and [`Path::full_match`](crate::Path::full_match) compile their
/// pattern on each call. A `Pattern` is compiled once, reports errors in the pattern, and can ignore case.
///
/// # Syntax
///
/// | in a segment | matches |
/// | --- | --- |
/// | `?` | one character |
/// | `*` | any number of characters, including none |
/// | `[seq]` | one character of the set, which may contain ranges: `[a-z_]` |
/// | `[!seq]` | one character that is not in the set |
/// | `**` as a whole segment | any number of segments, including none; same as `*` in [`matches`](Pattern::matches) |
///
/// All other characters match themselves, including braces and the backslash. A wildcard in brackets is
/// literal, too: `[*]`. No wildcard matches a separator. A leading dot in a name is not special. `.` segments,
/// repeated slashes and trailing slashes are ignored, and `..` is a name. A byte that is not part of a
/// character counts as a character.
///
/// The semantics are those of Python's `pathlib` 3.14.
///
/// # Examples
///
/// ```
/// use anyfile::{Path, Pattern};
///
/// let sources = Pattern::new("src/**/*.rs")?;
/// let paths = ["src/lib.rs", "src/bin/main.rs", "README.md"].map(Path::new);
/// let found: Vec<_> = paths.iter().filter(|path| sources.full_match(path)).collect();
/// assert_eq!(found, ["src/lib.rs", "src/bin/main.rs"]);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: OsString,
    case_sensitive: bool,
    /// The drive and the root, or empty if the pattern begins with a segment.
    anchor: OsString,
    /// The segments; `None` is `**`.
    segments: Vec<Option<Segment>>,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// All are of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`] that has the pattern
    /// as its path:
    ///
    /// - The pattern is empty or `.`.
    /// - The pattern contains a NUL byte, which no path contains.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Pattern;
    ///
    /// assert!(Pattern::new("*.tar.[gx]z")?.matches("backup/home.tar.gz"));
    /// assert!(Pattern::new("").is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn new(pattern: impl AsRef<Path>) -> io::Result<Pattern> {
        let text = pattern.as_ref();
        let pattern = Pattern::compile(text, !cfg!(windows));
        pattern.check().map_err(|reason| {
            PathError::wrap(Operation::CompilePattern, text, invalid_input(reason))
        })?;
        Ok(pattern)
    }

    /// Sets whether upper and lower case differ. The default is `true`, except on Windows.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Pattern;
    ///
    /// let readme = Pattern::new("readme.*")?.case_sensitive(false);
    /// assert!(readme.matches("docs/README.md"));
    /// # std::io::Result::Ok(())
    /// ```
    #[must_use]
    pub fn case_sensitive(self, case_sensitive: bool) -> Self {
        Pattern::compile(self.text.as_ref(), case_sensitive)
    }

    /// Returns `true` if the end of the path matches the pattern, or the entire path if the pattern is
    /// anchored.
    ///
    /// A segment `**` matches one name, as `*` does. Semantics of `pathlib` 3.14's `match`.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Pattern;
    ///
    /// let pattern = Pattern::new("b?n/*.rs")?;
    /// assert!(pattern.matches("src/bin/main.rs"));
    /// assert!(!pattern.matches("main.rs"));
    /// assert!(!Pattern::new("/*.rs")?.matches("/src/main.rs"));
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "match")]
    #[doc(alias = "is_match")]
    pub fn matches(&self, path: impl AsRef<Path>) -> bool {
        let path = path.as_ref();
        let mut names = parts::names(path);
        let mut segments = self.segments.iter().rev();
        let end_matches = segments.all(|segment| match (segment, names.next_back()) {
            (Some(segment), Some(name)) => segment.is_match(name),
            (None, Some(_)) => true,
            (_, None) => false,
        });
        if self.anchor.is_empty() {
            return end_matches;
        }
        end_matches && names.next().is_none() && same(&self.anchor, parts::anchor(path))
    }

    /// Returns `true` if the entire path matches the pattern.
    ///
    /// A segment `**` matches any number of names. Semantics of `pathlib` 3.14: `a/**` matches everything below
    /// `a`, but not `a` itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Pattern;
    ///
    /// let sources = Pattern::new("src/**/*.rs")?;
    /// assert!(sources.full_match("src/main.rs"));
    /// assert!(sources.full_match("src/bin/main.rs"));
    /// assert!(!sources.full_match("/home/ada/src/main.rs"));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn full_match(&self, path: impl AsRef<Path>) -> bool {
        let path = path.as_ref();
        let mut names = parts::names(path);
        let same_anchor = same(&self.anchor, parts::anchor(path));
        let any_first = matches!(self.segments.first(), Some(None));
        let any_last = matches!(self.segments.last(), Some(None));
        // Only a leading `**` matches an anchor without naming it.
        if !(same_anchor || self.anchor.is_empty() && any_first) {
            return false;
        }
        // Unless `**` is the entire pattern, it needs at least one name after such an anchor, and one at the
        // end.
        if self.segments.iter().any(Option::is_some) {
            let no_first = !same_anchor && names.next().is_none();
            if no_first || any_last && names.next_back().is_none() {
                return false;
            }
        }
        wildcard::matches(&self.segments, names, |segment, name| {
            segment.is_match(name)
        })
    }

    /// Returns the text of the pattern.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Pattern;
    ///
    /// assert_eq!(Pattern::new("*.rs")?.as_os_str(), "*.rs");
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "as_str")]
    pub fn as_os_str(&self) -> &OsStr {
        &self.text
    }

    /// Compiles a pattern without the checks of [`new`](Pattern::new).
    pub(crate) fn compile(text: &Path, case_sensitive: bool) -> Pattern {
        let segment = |name| (name != "**").then(|| Segment::new(name, case_sensitive));
        Pattern {
            text: text.into(),
            case_sensitive,
            anchor: parts::anchor(text).into(),
            segments: parts::names(text).map(segment).collect(),
        }
    }

    /// Compiles a pattern that matches at any depth, as if `**/` stood in front of it. It must be relative.
    pub(crate) fn anywhere(text: &Path, case_sensitive: bool) -> io::Result<Pattern> {
        let mut pattern = Pattern::new(text)?.case_sensitive(case_sensitive);
        if !pattern.anchor.is_empty() {
            let error = invalid_input("the pattern is not relative");
            return Err(PathError::wrap(Operation::CompilePattern, text, error));
        }
        pattern.segments.insert(0, None);
        Ok(pattern)
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.anchor.is_empty() && self.segments.is_empty() {
            return Err("the pattern is empty");
        }
        if self.text.as_encoded_bytes().contains(&0) {
            return Err("the pattern contains a NUL byte");
        }
        Ok(())
    }
}

impl FromStr for Pattern {
    type Err = io::Error;

    /// Same as [`Pattern::new`].
    fn from_str(pattern: &str) -> io::Result<Pattern> {
        Pattern::new(pattern)
    }
}

/// Displays the text of the pattern, with `�` in place of anything that is not valid Unicode.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Path::new(&self.text).display(), f)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pattern")
            .field("text", &self.text)
            .field("case_sensitive", &self.case_sensitive)
            .finish()
    }
}
