//! The options of [`Path::copy`].

use super::CopyTo;
use crate::dir::tree::{CopyProgress, Reporter};
use crate::dir::{Choice, Entry};
use crate::parents::parents_setter;
use crate::path::Path;

parents_setter! {
    CopyTo: options.parents,
    [],
    "let notes = &dir / \"notes\";"
    "notes.write_text(\"text\").await?;"
    "let copied = notes.copy_into(&dir / \"a/b\").parents(true).await?;"
    "assert_eq!(copied, &dir / \"a/b/notes\");"
}

impl CopyTo {
    /// Sets whether symbolic links are followed, both the source itself and links in it. The default is `true`.
    ///
    /// If `false`, a link is copied as a link with the same target.
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
    /// # #[cfg(unix)] {
    /// let link = &dir / "link";
    /// link.symlink_to("anywhere").await?;
    /// let copied = link.copy(&dir / "copied").follow_symlinks(false).await?;
    /// assert_eq!(copied.read_link().await?, "anywhere");
    /// # }
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn follow_symlinks(mut self, follow_symlinks: bool) -> Self {
        self.0.options().options.follow_symlinks = follow_symlinks;
        self
    }

    /// Sets whether metadata is copied. The default is `false`.
    ///
    /// Metadata are the times and all bits of the mode; on Linux, the access control list; on Linux and macOS,
    /// the extended attributes. On Unix, hard links within a tree stay links to one file.
    ///
    /// Owner and group are not copied, nor are the set-user-id and set-group-id bits of a file whose copy has
    /// another owner or group. [Permissions](CopyTo#permissions) are narrowed where they would apply to somebody
    /// else. An attribute is skipped if the process lacks permission to read or set it, or if the filesystem
    /// does not support it or has no room for it. Extended attributes of links are not copied.
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
    /// let notes = &dir / "notes";
    /// notes.write_text("text").await?;
    /// let copied = notes.copy(&dir / "copied").preserve_metadata(true).await?;
    /// assert_eq!(copied.metadata().await?.modified()?, notes.metadata().await?.modified()?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn preserve_metadata(mut self, preserve_metadata: bool) -> Self {
        self.0.options().options.preserve_metadata = preserve_metadata;
        self
    }

    /// Sets whether existing directories are accepted. The default is `false`.
    ///
    /// If `true`, a directory is merged into the existing one: its files overwrite files of the same name, and
    /// its links and files replace links. Any other conflict is an error. No link in the tree at the target is
    /// followed; the target itself may be a link.
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
    /// let (source, target) = (&dir / "source", &dir / "target");
    /// source.mkdir().await?;
    /// (&source / "new").write_text("new").await?;
    /// target.mkdir().await?;
    /// (&target / "old").write_text("old").await?;
    ///
    /// source.copy(&target).exist_ok(true).await?;
    /// assert!((&target / "new").exists().await);
    /// assert!((&target / "old").exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn exist_ok(mut self, exist_ok: bool) -> Self {
        self.0.options().options.exist_ok = exist_ok;
        self
    }

    /// Sets whether existing files and links at the target are overwritten. The default is `true`.
    ///
    /// If `false`, each is an error. Checking and creating are one step (`O_EXCL`): if several tasks or processes
    /// copy files to one path, exactly one of them succeeds, and nothing that another process created is lost.
    /// Existing directories are accepted if [`exist_ok`](CopyTo::exist_ok) is set, as with the default. A symbolic
    /// link at the target is not followed; it is an existing file, even if it is broken.
    ///
    /// While a large file is copied, others can see the part of it that is there.
    ///
    /// # Errors
    ///
    /// The future fails with [`AlreadyExists`](std::io::ErrorKind::AlreadyExists) at the first existing file. What was
    /// copied until then stays.
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
    /// let (notes, backup) = (&dir / "notes", &dir / "backup");
    /// notes.write_text("new").await?;
    /// backup.write_text("old").await?;
    ///
    /// let error = notes.copy(&backup).overwrite(false).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// assert_eq!(backup.read_text().await?, "old");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.0.options().options.overwrite = overwrite;
        self
    }

    /// Copies only the entries for which `f` returns `true`. By default, all are copied.
    ///
    /// `f` is called for each file, directory and link in the tree, and not for the source itself.
    /// [`info`](Path::info) tells the type of the entry; for a symbolic link it is that of the link, even if links
    /// are followed. The contents of a directory that is left out are not looked at. What exists at the target is
    /// left as it is.
    ///
    /// `f` is called on the pool, where it may block, by one thread at a time. If
    /// [`on_progress`](CopyTo::on_progress) is set, the tree is counted as well, and `f` is called twice for an
    /// entry. A panic in it resumes in the task that polls the future.
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
    /// # for name in ["src", "target"] { (&dir / "project" / name).create_dir_all().await?; }
    /// let project = &dir / "project";
    /// project.copy(&dir / "backup").filter(|path| !path.ends_with("target")).await?;
    /// assert!((&dir / "backup/src").exists().await);
    /// assert!(!(&dir / "backup/target").exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "ignore")]
    #[doc(alias = "exclude")]
    #[track_caller]
    pub fn filter(mut self, mut f: impl FnMut(&Path) -> bool + Send + 'static) -> Self {
        let call = self.0.options();
        let lane = call.source.lane.clone();
        let includes = move |entry: &Entry| f(&Path::listed(entry.clone(), &lane));
        call.filter = Some(Choice::new(includes));
        self
    }

    /// Calls `f` with the progress repeatedly during the copy, and at the end. There is no callback by default.
    ///
    /// `f` runs where the future is polled, not on the thread pool. The totals are counted during the copy.
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
    /// let notes = &dir / "notes";
    /// notes.write_text("text").await?;
    /// let (send, receive) = std::sync::mpsc::channel();
    /// notes.copy(&dir / "copied").on_progress(move |progress| { let _ = send.send(progress); }).await?;
    /// assert_eq!(receive.iter().last().unwrap().done.bytes, 4);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn on_progress(mut self, f: impl FnMut(CopyProgress) + Send + 'static) -> Self {
        self.0.options().reporter = Reporter::new(f);
        self
    }
}
