//! `pathlib`'s questions whether a path is as a pattern describes it.

use std::path::Path as StdPath;

use super::Path;
use crate::pattern::Pattern;

/// Patterns, as in Python's `pathlib`.
impl Path {
    /// Returns whether the whole path is as `pattern` describes it.
    ///
    /// This is [`Pattern::full_match`], with the pattern compiled on each call; [`Pattern`] has the syntax.
    /// Every pattern is valid here: the empty one, and `.`, describes the empty path and `.`.
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
    pub fn full_match(&self, pattern: impl AsRef<StdPath>) -> bool {
        Pattern::compile(pattern.as_ref(), !cfg!(windows)).full_match(self)
    }

    /// Returns whether the end of the path is as `pattern` describes it; all of it, if that is anchored.
    ///
    /// This is [`Pattern::matches`], with the pattern compiled on each call; [`Pattern`] has the syntax. A
    /// pattern that [`Pattern::new`] refuses, which is an empty one, `.`, or one with a NUL byte in it,
    /// describes nothing: the answer is `false`, where `pathlib`'s `match` raises `ValueError` for the empty
    /// one.
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
    pub fn matches(&self, pattern: impl AsRef<StdPath>) -> bool {
        Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(self))
    }
}
