//! Creating missing parent directories.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::retry::retry;

/// What happens if the parent directory of a path at which something is created is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Parents {
    /// The call fails.
    #[default]
    Required,
    /// The directory is created, and its own missing parents.
    Created,
}

impl Parents {
    pub(crate) fn created(created: bool) -> Parents {
        if created {
            Parents::Created
        } else {
            Parents::Required
        }
    }

    /// Attempts to create something at `path`. If the parent directory is missing, creates it and tries again.
    /// May block.
    ///
    /// Nothing is looked up before the first attempt, so that it costs nothing where the directory exists.
    pub(crate) fn attempt<R>(
        self,
        path: &Path,
        attempt: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.attempt_if(|| Ok(()), path, attempt)
    }

    /// Same as [`attempt`](Parents::attempt), for an attempt that may not find something else than the
    /// directory. Nothing is created if `check` fails.
    pub(crate) fn attempt_if<R>(
        self,
        check: impl FnOnce() -> io::Result<()>,
        path: &Path,
        attempt: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.attempt_or(check, path, attempt, |missing, failed| {
            match failed.kind() {
                // A broken link is there. The kind must not say that of `path`.
                ErrorKind::AlreadyExists => missing,
                _ => failed,
            }
        })
    }

    /// Same as [`attempt`](Parents::attempt), for a directory: the errors are those of [`fs::create_dir_all`].
    pub(crate) fn attempt_dir(
        self,
        path: &Path,
        attempt: impl FnMut() -> io::Result<()>,
    ) -> io::Result<()> {
        self.attempt_or(|| Ok(()), path, attempt, |_, failed| failed)
    }

    /// `choose` returns one of two errors: that of the attempt, and that of creating the parent directory.
    fn attempt_or<R>(
        self,
        check: impl FnOnce() -> io::Result<()>,
        path: &Path,
        mut attempt: impl FnMut() -> io::Result<R>,
        choose: impl FnOnce(io::Error, io::Error) -> io::Error,
    ) -> io::Result<R> {
        match attempt() {
            Err(error) if self == Parents::Created && error.kind() == ErrorKind::NotFound => {
                let parent = path.parent().filter(|dir| *dir != Path::new(""));
                let Some(parent) = parent else {
                    return Err(error);
                };
                check()?;
                match retry(|| fs::create_dir_all(parent)) {
                    Ok(()) => attempt(),
                    Err(failed) => Err(choose(error, failed)),
                }
            }
            result => result,
        }
    }
}

/// Adds the setter `parents` to a builder: the place of its [`Parents`], more about it, and an example.
macro_rules! parents_setter {
    ($builder:ident: $($field:ident).+, [$($more:literal)*], $($example:literal)+) => {
        impl $builder {
            /// Sets whether missing parent directories are created. The default is `false`.
            ///
            /// They are created as by [`create_dir_all`](crate::Path::create_dir_all), after the first attempt has
            /// failed, so that nothing is spent where they exist. Several tasks and processes can do this at the
            /// same time. If the call fails nevertheless, they stay.
            $(#[doc = $more])*
            ///
            /// # Panics
            ///
            /// Panics if the future has been polled.
            ///
            /// # Examples
            ///
            /// ```
            /// # futures_lite::future::block_on(async {
            /// # let dir = tempfile::tempdir()?;
            /// # let dir = anyfile::Path::new(dir.path());
            $(#[doc = $example])+
            /// # std::io::Result::Ok(()) }).unwrap();
            /// ```
            #[track_caller]
            pub fn parents(mut self, parents: bool) -> Self {
                self.0.options().$($field).+ = $crate::parents::Parents::created(parents);
                self
            }
        }
    };
}
pub(crate) use parents_setter;
