//! Matching paths against patterns.

use super::Path;
use crate::pattern::Pattern;

/// Matching against patterns, as in Python's `pathlib`.
impl Path {
    /// Returns `true` if the entire path matches `pattern`.
    ///
    /// Same as [`Pattern::full_match`], with the pattern compiled on each call. [`Pattern`] describes the
    /// syntax. Every pattern is valid here; the empty pattern and `.` match the empty path and `.`.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::{Path, Pattern};
    ///
    /// let main = Path::new("src/bin/main.rs");
    /// assert!(main.full_match("src/**/*.rs"));
    /// assert!(!main.full_match("src/*.rs"));
    ///
    /// let any_case = Pattern::new("SRC/**")?.case_sensitive(false);
    /// assert!(any_case.full_match(&main));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn full_match(&self, pattern: impl AsRef<std::path::Path>) -> bool {
        Pattern::compile(pattern.as_ref(), !cfg!(windows)).full_match(self)
    }

    /// Returns `true` if the end of the path matches `pattern`, or the entire path if the pattern is anchored.
    ///
    /// Same as [`Pattern::matches`], with the pattern compiled on each call. [`Pattern`] describes the syntax.
    /// A pattern that [`Pattern::new`] refuses (an empty one, `.`, or one that contains a NUL byte) matches
    /// nothing, while `pathlib`'s `match` raises `ValueError` for the empty one.
    ///
    /// # Examples
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// let main = Path::new("src/bin/main.rs");
    /// assert!(main.matches("*.rs"));
    /// assert!(main.matches("b?n/*"));
    /// assert!(!main.matches("/*.rs"));
    /// assert!(!main.matches(""));
    /// ```
    #[doc(alias = "match")]
    pub fn matches(&self, pattern: impl AsRef<std::path::Path>) -> bool {
        Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(self))
    }
}
