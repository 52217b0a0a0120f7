//! Absolute paths and symbolic links.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, PathBuf};

#[cfg(windows)]
use super::windows;
use super::{Path, ops};
use crate::call::{Lazy, future};
use crate::error::{Operation, invalid_input, symlink_loop};
use crate::retry::retry;

/// Absolute paths and symbolic links.
impl Path {
    /// Returns the absolute path of the file, without symbolic links, `.` and `..`.
    ///
    /// Semantics of [`std::fs::canonicalize`] (`realpath`), and `pathlib`'s `resolve(strict=True)`.
    ///
    /// # Errors
    ///
    /// - The path does not exist, or a symbolic link in it is broken or part of a loop.
    /// - The process lacks permission to search a directory in the path.
    ///
    /// # Platform behavior
    ///
    /// On Windows, the result has the form `\\?\C:\…`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::Path;
    ///
    /// assert!(Path::new("src/..").canonicalize().await?.is_absolute());
    /// assert!(Path::new("no/such/file").canonicalize().await.is_err());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "realpath")]
    pub fn canonicalize(&self) -> Canonicalize {
        Canonicalize(Lazy::New(CanonicalizeCall { path: self.clone() }))
    }

    /// Returns the absolute path without symbolic links, `.` and `..`. Missing parts are kept as they are.
    ///
    /// Semantics of `pathlib`'s `resolve` (`realpath -m`): a part that does not exist or that the process may
    /// not access is treated as a directory. A `..` after a symbolic link leads to the parent of the link's
    /// target.
    ///
    /// # Errors
    ///
    /// - A symbolic link is part of a loop (as in `pathlib` before 3.13).
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path contains a NUL byte.
    /// - The path is relative, and the current directory was removed.
    ///
    /// # Platform behavior
    ///
    /// On Windows, `..` after a symbolic link removes the link, as the system does. Existing names get the case
    /// that they have in their directory. The result begins with `\\?\` only if its meaning would change without
    /// it.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path()).canonicalize().await?;
    /// (&dir / "link").symlink_to("a/b").await?;
    /// assert_eq!((&dir / "link/new").resolve().await?, &dir / "a/b/new");
    /// assert_eq!((&dir / "link/..").resolve().await?, &dir / "a");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn resolve(&self) -> Resolve {
        Resolve(Lazy::New(ResolveCall { path: self.clone() }))
    }

    /// Returns the path made absolute with the current directory. Neither symbolic links nor `..` are resolved.
    ///
    /// Semantics of [`std::path::absolute`].
    ///
    /// # Errors
    ///
    /// - The path is empty.
    /// - The path is relative, and the current directory was removed.
    ///
    /// # Platform behavior
    ///
    /// On Windows, `..` is resolved lexically.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::Path;
    ///
    /// let notes = Path::new("./notes").absolute().await?;
    /// assert_eq!(notes, Path::cwd().await? / "notes");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn absolute(&self) -> impl Future<Output = io::Result<Path>> + Send + 'static + use<> {
        let path = self.clone();
        async move {
            let absolute = |path: &std::path::Path| std::path::absolute(path);
            let absolute = ops::run(Operation::MakeAbsolute, path.clone(), absolute).await?;
            Ok(path.derive(absolute))
        }
    }

    /// Returns the target of the symbolic link at the path, as it was written.
    ///
    /// Semantics of [`std::fs::read_link`] (`readlink`).
    ///
    /// # Errors
    ///
    /// - The path does not exist.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is not a symbolic link.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let link = anyfile::Path::new(dir.path()) / "link";
    /// link.symlink_to("../a").await?;
    /// assert_eq!(link.read_link().await?, "../a");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "readlink")]
    pub fn read_link(&self) -> impl Future<Output = io::Result<Path>> + Send + 'static + use<> {
        let path = self.clone();
        async move {
            let call = ops::shield(&path, async_fs::read_link, fs::read_link);
            let target = ops::named(Operation::ReadLink, path.clone(), call).await?;
            Ok(path.derive(target))
        }
    }

    /// Returns the current directory of the process.
    ///
    /// Semantics of [`std::env::current_dir`] (`getcwd`).
    ///
    /// # Errors
    ///
    /// - The directory was removed, or the process lacks permission to search one of its parents. The
    ///   [`PathError`] has `.` as its path.
    ///
    /// [`PathError`]: crate::PathError
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// assert!(anyfile::Path::cwd().await?.is_absolute());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "current_dir")]
    #[doc(alias = "getcwd")]
    pub fn cwd() -> impl Future<Output = io::Result<Path>> + Send + 'static {
        ops::run(Operation::CurrentDir, Path::from("."), |_| {
            Ok(env::current_dir()?.into())
        })
    }
}

future! {
    /// Future returned by [`Path::canonicalize`].
    pub struct Canonicalize(CanonicalizeCall {
        path: Path,
    }) -> io::Result<Path>;
}

impl CanonicalizeCall {
    async fn run(self) -> io::Result<Path> {
        let call = ops::shield(&self.path, async_fs::canonicalize, fs::canonicalize);
        let canonical = ops::named(Operation::Canonicalize, self.path.clone(), call).await?;
        Ok(self.path.derive(canonical))
    }
}

future! {
    /// Future returned by [`Path::resolve`].
    pub struct Resolve(ResolveCall {
        path: Path,
    }) -> io::Result<Path>;
}

impl ResolveCall {
    async fn run(self) -> io::Result<Path> {
        // One job, because each part of the path takes a system call.
        let resolved = ops::run(Operation::Resolve, self.path.clone(), resolve).await?;
        Ok(self.path.derive(resolved))
    }
}

/// A step that remains to be done. The list of steps is a stack: the next one is at its end.
enum Step {
    Enter(OsString),
    Leave,
    /// The target of the link at this path has been resolved.
    Followed(PathBuf),
}

fn resolve(path: &std::path::Path) -> io::Result<PathBuf> {
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(invalid_input("the path contains a NUL byte"));
    }
    // Windows resolves `..` lexically. On Unix, the links before a `..` have to be resolved first.
    #[cfg(windows)]
    let path = &std::path::absolute(path)?;

    let mut resolved = if path.is_absolute() {
        PathBuf::new()
    } else {
        env::current_dir()?
    };
    // The links that were found, with their resolved targets: `None` while a link is being resolved, so that a
    // loop is noticed. No link is followed twice.
    let mut links: HashMap<PathBuf, Option<PathBuf>> = HashMap::new();
    let mut steps = Vec::new();
    plan(path, &mut resolved, &mut steps);
    while let Some(step) = steps.pop() {
        match step {
            Step::Followed(link) => {
                links.insert(link, Some(resolved.clone()));
            }
            Step::Leave => {
                resolved.pop();
            }
            Step::Enter(name) => {
                resolved.push(name);
                match links.get(&resolved) {
                    Some(Some(led_to)) => resolved.clone_from(led_to),
                    Some(None) => return Err(symlink_loop()),
                    None => {
                        // On error, it is not a link or cannot be looked up. It is kept as it is.
                        if let Ok(target) = retry(|| fs::read_link(&resolved)) {
                            links.insert(resolved.clone(), None);
                            steps.push(Step::Followed(resolved.clone()));
                            resolved.pop();
                            plan(&target, &mut resolved, &mut steps);
                        }
                    }
                }
            }
        }
    }
    #[cfg(windows)]
    let resolved = windows::spelled(&resolved);
    Ok(resolved)
}

/// Pushes the parts of `path` onto the steps. A root or drive takes effect at once.
fn plan(path: &std::path::Path, resolved: &mut PathBuf, steps: &mut Vec<Step>) {
    let above = steps.len();
    for component in path.components() {
        match component {
            Component::Prefix(_) | Component::RootDir => resolved.push(component),
            Component::CurDir => {}
            Component::ParentDir => steps.push(Step::Leave),
            Component::Normal(name) => steps.push(Step::Enter(name.to_os_string())),
        }
    }
    steps[above..].reverse();
}
