//! `pathlib`'s questions whether a path is as a pattern describes it.

use std::ffi::OsStr;
use std::io;
use std::path::Path as StdPath;

use super::Path;
use super::parts::{Parts, same};
use crate::error::{Operation, PathError, invalid_input};
use crate::pattern::{self, Segment};

/// Patterns, as in Python's `pathlib`.
impl Path {
    /// Asks whether the whole path is as `pattern` describes it.
    ///
    /// Finish with [`get`](FullMatch::get). In `pattern`, `?` stands for one character of a name, `*` for
    /// any number, `[seq]` for one of a set, `[!seq]` for one outside it, and a segment `**` for any
    /// number of segments. Names that begin with a dot are names like any other. Every pattern is valid.
    ///
    /// Semantics of `pathlib` 3.14: `a/**` is whatever lies below `a`, but not `a` itself.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// let main = Path::new("src/bin/main.rs");
    /// assert!(main.full_match("src/**/*.rs").get());
    /// assert!(!main.full_match("src/*.rs").get());
    /// assert!(main.full_match("SRC/**").case_sensitive(false).get());
    /// ```
    pub fn full_match(&self, pattern: impl AsRef<StdPath>) -> FullMatch {
        FullMatch {
            path: self.clone(),
            pattern: Path::new(pattern),
            case_sensitive: !cfg!(windows),
        }
    }

    /// Asks whether the end of the path is as `pattern` describes it; all of it, if that is anchored.
    ///
    /// Finish with [`get`](Matches::get). The wildcards are [`full_match`](Path::full_match)'s, except
    /// that `**` means no more than `*`.
    ///
    /// Semantics of `pathlib`'s `match`, in 3.14.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// let main = Path::new("src/bin/main.rs");
    /// assert!(main.matches("*.rs").get()?);
    /// assert!(main.matches("b?n/*").get()?);
    /// assert!(!main.matches("/*.rs").get()?);
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "match")]
    pub fn matches(&self, pattern: impl AsRef<StdPath>) -> Matches {
        Matches {
            path: self.clone(),
            pattern: Path::new(pattern),
            case_sensitive: !cfg!(windows),
        }
    }
}

/// The question that [`Path::full_match`] asks.
#[derive(Debug, Clone)]
#[must_use = "nothing is compared before `get`"]
pub struct FullMatch {
    path: Path,
    pattern: Path,
    case_sensitive: bool,
}

impl FullMatch {
    /// Whether upper and lower case differ; by default, they do except on Windows.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert!(Path::new("README.md").full_match("readme.*").case_sensitive(false).get());
    /// assert!(!Path::new("README.md").full_match("readme.*").case_sensitive(true).get());
    /// ```
    pub fn case_sensitive(mut self, case_sensitive: bool) -> Self {
        self.case_sensitive = case_sensitive;
        self
    }

    /// The answer.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert!(Path::new("a/b.rs").full_match("a/?.rs").get());
    /// assert!(!Path::new("a/b.rs").full_match("?.rs").get());
    /// ```
    #[must_use]
    pub fn get(self) -> bool {
        let path = Parts::of(self.path.as_std_path());
        let pattern = Parts::of(self.pattern.as_std_path());
        let segment = |name: &OsStr| Segment::new(name, self.case_sensitive);
        let steps = pattern.names.iter();
        let steps = steps.map(|&name| (name != "**").then(|| segment(name)));
        let mut steps: Vec<Option<Segment>> = steps.collect();
        steps.dedup_by(|a, b| a.is_none() && b.is_none());
        let any_name = || Some(segment("*".as_ref()));
        if !same(pattern.anchor, path.anchor) {
            // Only `**` in front describes an anchor without naming it ...
            if !pattern.anchor.is_empty() || !matches!(steps.first(), Some(None)) {
                return false;
            }
            // ... and no anchor without a name after it, unless `**` is all there is.
            if steps.len() > 1 {
                steps.insert(0, any_name());
            }
        }
        // At the end, `**` wants at least one name, unless it is all there is.
        if steps.len() > 1 && matches!(steps.last(), Some(None)) {
            steps.insert(steps.len() - 1, any_name());
        }
        pattern::matches(&steps, path.names.iter(), |step, name| step.is_match(name))
    }
}

/// The question that [`Path::matches`] asks.
#[derive(Debug, Clone)]
#[must_use = "nothing is compared before `get`"]
pub struct Matches {
    path: Path,
    pattern: Path,
    case_sensitive: bool,
}

impl Matches {
    /// Whether upper and lower case differ; by default, they do except on Windows.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert!(Path::new("README.md").matches("readme.*").case_sensitive(false).get()?);
    /// assert!(!Path::new("README.md").matches("readme.*").case_sensitive(true).get()?);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn case_sensitive(mut self, case_sensitive: bool) -> Self {
        self.case_sensitive = case_sensitive;
        self
    }

    /// The answer.
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`] whose target is the
    /// pattern:
    ///
    /// - The pattern is empty, or nothing but `.`.
    ///
    /// ```
    /// use anyfile::Path;
    ///
    /// assert!(Path::new("a/b.rs").matches("?.rs").get()?);
    /// assert!(Path::new("a/b.rs").matches("").get().is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn get(self) -> io::Result<bool> {
        let path = Parts::of(self.path.as_std_path());
        let pattern = Parts::of(self.pattern.as_std_path());
        let anchored = !pattern.anchor.is_empty();
        if !anchored && pattern.names.is_empty() {
            let (path, pattern) = (self.path.as_std_path(), self.pattern.as_std_path());
            let empty = invalid_input("the pattern is empty");
            return Err(PathError::wrap_pair(Operation::Match, path, pattern, empty));
        }
        let Some(skipped) = path.names.len().checked_sub(pattern.names.len()) else {
            return Ok(false);
        };
        if anchored && (skipped > 0 || !same(pattern.anchor, path.anchor)) {
            return Ok(false);
        }
        let segment = |name: &OsStr| Segment::new(name, self.case_sensitive);
        let mut pairs = pattern.names.iter().zip(&path.names[skipped..]);
        Ok(pairs.all(|(pattern, name)| segment(pattern).is_match(name)))
    }
}
