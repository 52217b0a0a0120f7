//! Recipes for directory trees: many files at once, copying and measuring a part of a tree.
//!
//! # Find duplicates, with futures
//!
//! [`rglob`](crate::Path::rglob) is a stream of every path below a directory, and [`info`](crate::Path::info) tells
//! the type of each without a system call. `try_buffer_unordered` works on a bounded number of files at once, which
//! bounds the open files. Only files of the same length are read. The first error ends the search; to skip a file
//! instead, handle its error in its own future. If the future is dropped, calls that have begun on the pool are
//! finished, and no others begin.
//!
//! The hash of std finds candidates. Before you delete a file, compare the bytes, or use a cryptographic hash.
//!
//! ```
//! use std::collections::HashMap;
//! use std::hash::{DefaultHasher, Hasher};
//! use std::io;
//!
//! use anyfile::{Path, open_file};
//! use futures::{AsyncReadExt, TryStreamExt, future, stream};
//!
//! /// The most files that are worked on at once.
//! const AT_ONCE: usize = 32;
//!
//! async fn hash(path: &Path) -> io::Result<u64> {
//!     let (mut file, mut buf) = (open_file(path).await?, vec![0; 64 << 10]);
//!     let mut hasher = DefaultHasher::new();
//!     loop {
//!         let len = file.read(&mut buf).await?;
//!         if len == 0 {
//!             return Ok(hasher.finish());
//!         }
//!         hasher.write(&buf[..len]);
//!     }
//! }
//!
//! /// Returns groups of files that have the same contents.
//! async fn duplicates(root: &Path) -> io::Result<Vec<Vec<Path>>> {
//!     let mut by_len: HashMap<u64, Vec<Path>> = HashMap::new();
//!     let mut files = root
//!         .rglob("*")
//!         .try_filter(|path| future::ready(path.info().is_file() == Some(true)))
//!         .map_ok(|path| async move { io::Result::Ok((path.metadata().await?.len(), path)) })
//!         .try_buffer_unordered(AT_ONCE);
//!     while let Some((len, path)) = files.try_next().await? {
//!         by_len.entry(len).or_default().push(path);
//!     }
//!
//!     let candidates = by_len
//!         .into_iter()
//!         .filter(|(_, paths)| paths.len() > 1)
//!         .flat_map(|(len, paths)| paths.into_iter().map(move |path| (len, path)));
//!     let mut by_hash: HashMap<(u64, u64), Vec<Path>> = HashMap::new();
//!     let mut hashed = stream::iter(candidates.map(io::Result::Ok))
//!         .map_ok(|(len, path)| async move { io::Result::Ok(((len, hash(&path).await?), path)) })
//!         .try_buffer_unordered(AT_ONCE);
//!     while let Some((key, path)) = hashed.try_next().await? {
//!         by_hash.entry(key).or_default().push(path);
//!     }
//!     Ok(by_hash
//!         .into_values()
//!         .filter(|paths| paths.len() > 1)
//!         .collect())
//! }
//!
//! # futures::executor::block_on(async {
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! # (&dir / "old/2025").create_dir_all().await?;
//! for (name, text) in [
//!     ("a", "same"),
//!     ("b", "else"),
//!     ("old/2025/c", "same"),
//!     ("old/d", "longer"),
//! ] {
//!     (&dir / name).write_text(text).await?;
//! }
//! let mut groups = duplicates(&dir).await?;
//! groups[0].sort();
//! assert_eq!(groups, [[&dir / "a", &dir / "old/2025/c"]]);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Search all files, with smol
//!
//! One task walks the tree and sends paths through a channel, and several tasks search the files. They run on all
//! threads of the executor; smol has one, unless the environment variable `SMOL_THREADS` says more. The channel is
//! bounded, so the walk waits if the search is slower. [`exclude`](crate::path::Walk::exclude) leaves directories out.
//! The drop of a smol `Task` cancels it, so an early return ends the whole search.
//!
//! A file that cannot be read or is not UTF-8 is reported, and the search continues.
//!
//! ```
//! use std::io;
//!
//! use anyfile::{Path, open_file};
//! use futures_lite::StreamExt;
//! use smol::channel::{self, Receiver, Sender};
//!
//! async fn walk(root: Path, paths: Sender<Path>) -> io::Result<()> {
//!     let mut walk = root.walk().exclude("target/").exclude(".git/");
//!     while let Some(entry) = walk.try_next().await? {
//!         for name in &entry.files {
//!             // An error means that no task searches any more.
//!             paths
//!                 .send(entry.path.join(name))
//!                 .await
//!                 .map_err(io::Error::other)?;
//!         }
//!     }
//!     Ok(())
//! }
//!
//! /// Searches files until the channel is closed, and returns the lines that contain `word`.
//! async fn search(paths: Receiver<Path>, word: &str) -> Vec<String> {
//!     let mut found = Vec::new();
//!     while let Ok(path) = paths.recv().await {
//!         if let Err(error) = grep(&path, word, &mut found).await {
//!             eprintln!("{error}");
//!         }
//!     }
//!     found
//! }
//!
//! async fn grep(path: &Path, word: &str, found: &mut Vec<String>) -> io::Result<()> {
//!     let (mut lines, mut number) = (open_file(path).await?.lines(), 0);
//!     while let Some(line) = lines.next_line().await? {
//!         number += 1;
//!         if line.contains(word) {
//!             found.push(format!("{}:{number}:{line}", path.display()));
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # smol::block_on(async {
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! # (&dir / "src").mkdir().await?;
//! # (&dir / "target").mkdir().await?;
//! (&dir / "src/lib.rs").write_text("// A needle.\n").await?;
//! (&dir / "notes")
//!     .write_text("hay\nhay and a needle\n")
//!     .await?;
//! (&dir / "target/lib.rs")
//!     .write_text("// A needle.\n")
//!     .await?;
//! (&dir / "image").write_bytes(b"\xFF\xD8").await?;
//!
//! let (sender, receiver) = channel::bounded(64);
//! let searchers: Vec<_> = (0..8)
//!     .map(|_| smol::spawn(search(receiver.clone(), "needle")))
//!     .collect();
//! drop(receiver);
//! walk(dir.clone(), sender).await?;
//!
//! let mut found = Vec::new();
//! for searcher in searchers {
//!     found.extend(searcher.await);
//! }
//! found.sort();
//! let (notes, lib) = (&dir / "notes", &dir / "src" / "lib.rs");
//! assert_eq!(
//!     found,
//!     [
//!         format!("{}:2:hay and a needle", notes.display()),
//!         format!("{}:1:// A needle.", lib.display()),
//!     ]
//! );
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Count lines, with futures-lite
//!
//! futures-lite has no tasks, but it can poll several futures at once: four workers share a stream, and each takes
//! one path after the other. `try_zip` combines two futures, and pairs of pairs make four. They all run on the thread
//! that polls them, while the pool reads their files. The first error drops the others. The mutex is that of the
//! crate `async-lock`, which smol exports.
//!
//! ```
//! use std::io;
//!
//! use anyfile::Path;
//! use anyfile::path::Glob;
//! use futures_lite::StreamExt;
//! use futures_lite::future::{block_on, try_zip};
//! use smol::lock::Mutex;
//!
//! async fn count(files: &Mutex<Glob>) -> io::Result<usize> {
//!     let mut lines = 0;
//!     loop {
//!         // The lock is not held while the file is read.
//!         let next = files.lock().await.try_next().await?;
//!         let Some(path) = next else { return Ok(lines) };
//!         lines += path.read_text().await?.lines().count();
//!     }
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! # block_on(async {
//! for number in 0..20 {
//!     let path = &dir / format!("{number}.txt");
//!     path.write_text("line\n".repeat(number)).await?;
//! }
//! # io::Result::Ok(()) })?;
//! let files = &Mutex::new(dir.rglob("*.txt"));
//! let two = || try_zip(count(files), count(files));
//! let ((a, b), (c, d)) = block_on(try_zip(two(), two()))?;
//! assert_eq!(a + b + c + d, 190);
//! # io::Result::Ok(())
//! ```
//!
//! # Copy a tree with a progress bar
//!
//! [`copy`](crate::Path::copy) copies a file or a tree, and calls the function of
//! [`on_progress`](crate::path::CopyTo::on_progress) where the future is awaited. The total is `None` until the tree
//! has been counted, which happens during the copy. If the future is dropped, complete files stay, and the last one
//! may be incomplete. If that matters, copy to a directory beside the target, and rename it afterwards.
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io;
//!
//! use anyfile::Path;
//! use indicatif::{ProgressBar, ProgressStyle};
//!
//! async fn backup(source: &Path, target: &Path) -> io::Result<ProgressBar> {
//!     let style = ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {eta}");
//!     let bar = ProgressBar::no_length().with_style(style.map_err(io::Error::other)?);
//!     let shown = bar.clone();
//!     source
//!         .copy(target)
//!         .preserve_metadata(true)
//!         .on_progress(move |progress| {
//!             if let Some(total) = progress.total {
//!                 shown.set_length(total.bytes);
//!             }
//!             shown.set_position(progress.done.bytes);
//!         })
//!         .await?;
//!     bar.finish();
//!     Ok(bar)
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! let photos = &dir / "photos";
//! (&photos / "2026").create_dir_all().await?;
//! (&photos / "2026/one.jpg").write_bytes([0; 1000]).await?;
//! (&photos / "two.jpg").write_bytes([0; 500]).await?;
//!
//! let bar = backup(&photos, &(&dir / "backup")).await?;
//! assert_eq!((bar.position(), bar.length()), (1500, Some(1500)));
//! assert!((&dir / "backup/2026/one.jpg").is_file().await);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Copy a part of a tree
//!
//! The function of [`filter`](crate::path::CopyTo::filter) chooses the entries, as `ignore` of Python's
//! `shutil.copytree` does. A directory that is refused is not read at all. A [`Pattern`](crate::Pattern) is compiled
//! once. [`info`](crate::Path::info) tells the type of each entry without a system call.
//! [`parents`](crate::path::CopyTo::parents) creates the directories that lead to the target.
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io;
//!
//! use anyfile::{Path, Pattern};
//!
//! async fn snapshot(project: &Path, target: &Path) -> io::Result<()> {
//!     let patterns = ["target", ".git", "*.tmp"].map(Pattern::new);
//!     let patterns: Vec<Pattern> = patterns.into_iter().collect::<io::Result<_>>()?;
//!     project
//!         .copy(target)
//!         .parents(true)
//!         .follow_symlinks(false)
//!         .filter(move |path| !patterns.iter().any(|pattern| pattern.matches(path)))
//!         .await?;
//!     Ok(())
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! let project = &dir / "project";
//! for name in ["src/lib.rs", "src/notes.tmp", "target/debug/lib.o"] {
//!     (&project / name).write_text("text").parents(true).await?;
//! }
//! snapshot(&project, &(&dir / "backups/monday")).await?;
//! let copied = &dir / "backups/monday";
//! assert!((&copied / "src/lib.rs").exists().await);
//! assert!(!(&copied / "src/notes.tmp").exists().await);
//! assert!(!(&copied / "target").exists().await);
//! # io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Measure a tree on one filesystem
//!
//! As `du -x` does, [`same_file_system`](crate::path::Glob::same_file_system) leaves out what is mounted in the tree,
//! such as `/proc` or a network filesystem. Mount points are not even opened. With
//! [`metadata`](crate::path::Glob::metadata), the length of each file comes with its path.
//! [`max_depth`](crate::path::Glob::max_depth) bounds how deep the search goes.
//!
//! ```
//! # futures_lite::future::block_on(async {
//! use std::io;
//!
//! use anyfile::Path;
//! use futures_lite::StreamExt;
//!
//! async fn size(root: &Path) -> io::Result<u64> {
//!     let mut paths = root.rglob("*").same_file_system(true).metadata(true);
//!     let mut size = 0;
//!     while let Some(path) = paths.next().await {
//!         match path {
//!             Ok(path) => size += path.info().metadata().map_or(0, |found| found.len()),
//!             // A directory that may not be read, for example.
//!             Err(error) => eprintln!("{error}"),
//!         }
//!     }
//!     Ok(size)
//! }
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = Path::new(dir.path());
//! (&dir / "a").write_text("12345").await?;
//! (&dir / "b").write_text("123").await?;
//! assert_eq!(size(&dir).await?, 8);
//! # io::Result::Ok(()) }).unwrap();
//! ```
