//! The identity of the file at a path.

use std::io;

use super::{Path, ops};
use crate::error::Operation;
use crate::id::FileId;

/// Identity.
impl Path {
    /// Returns the identity of the file at the path, following symbolic links.
    ///
    /// # Errors
    ///
    /// The errors of [`metadata`](Path::metadata).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let (notes, renamed) = (&dir / "notes", &dir / "renamed");
    /// notes.touch().await?;
    /// let id = notes.file_id().await?;
    /// notes.rename(&renamed).await?;
    /// assert_eq!(renamed.file_id().await?, id);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn file_id(&self) -> impl Future<Output = io::Result<FileId>> + Send + 'static + use<> {
        let path = self.clone();
        ops::named(Operation::Metadata, path.clone(), id(path))
    }

    /// Returns `true` if both paths lead to the same file, following symbolic links.
    ///
    /// Semantics of `pathlib`'s `samefile`: two hard links are the same file.
    ///
    /// # Errors
    ///
    /// The errors of [`metadata`](Path::metadata) for either path. The message names both.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let (one, two) = (&dir / "one", &dir / "two");
    /// one.write_text("").await?;
    /// two.hardlink_to(&one).await?;
    /// assert!(one.samefile(&two).await?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn samefile<P: AsRef<std::path::Path>>(
        &self,
        other: P,
    ) -> impl Future<Output = io::Result<bool>> + Send + 'static + use<P> {
        let (path, other) = (self.clone(), self.derive(other.as_ref()));
        let answer = is_same(path.clone(), other.clone());
        ops::named_pair(Operation::Compare, path, other, answer)
    }
}

async fn is_same(path: Path, other: Path) -> io::Result<bool> {
    Ok(id(path).await? == id(other).await?)
}

#[cfg(unix)]
async fn id(path: Path) -> io::Result<FileId> {
    Ok(FileId::of(&ops::ask(path, true).await?))
}

#[cfg(not(unix))]
async fn id(path: Path) -> io::Result<FileId> {
    let lane = path.lane.clone();
    lane.call(move || FileId::at(path.as_ref())).await
}
