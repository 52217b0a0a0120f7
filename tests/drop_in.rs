//! `anyfile::fs` does what `std::fs` does, function by function: the results, the kinds of errors, and what is there
//! afterwards are compared in the same situations.

mod common;

use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

use anyfile::fs::{self, DirBuilder, DirEntry, File, OpenOptions, Permissions, ReadDir};
use anyfile::{AsyncFile, PathError};
use futures_lite::future::{Boxed, block_on, poll_once, yield_now};
use futures_lite::{
    AsyncBufRead, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt,
    Stream, StreamExt,
};

use common::{Dir, in_child, noise, run_in_child};

/// The names in the directory of a comparison, and beside it, that are passed to every function.
const PATHS: &[&str] = &[
    "file",
    "file/",
    "file/below",
    "empty",
    "empty/",
    "empty/.",
    "full",
    "full/../file",
    "missing",
    "missing/below",
    "nul\0byte",
    "nothing",
];

#[cfg(unix)]
const LINKS: &[&str] = &["to_file", "to_dir", "to_dir/", "dangling", "loop", "loop/x"];
#[cfg(not(unix))]
const LINKS: &[&str] = &[];

/// Makes the files of every situation, a thousand times.
fn populated() -> Dir {
    let dir = Dir::in_memory();
    dir.file("file", "some text");
    dir.file("invalid", b"text\xFF");
    std::fs::create_dir(dir.join("empty")).unwrap();
    std::fs::create_dir_all(dir.join("full/deep")).unwrap();
    dir.file("full/deep/file", "text");
    #[cfg(unix)]
    for (target, link) in [
        ("file", "to_file"),
        ("full", "to_dir"),
        ("nowhere", "dangling"),
        ("loop", "loop"),
    ] {
        std::os::unix::fs::symlink(target, dir.join(link)).unwrap();
    }
    dir
}

/// The path of a situation. `nothing` is the empty path.
fn place(dir: &Path, name: &str) -> PathBuf {
    match name {
        "nothing" => PathBuf::new(),
        name => PathBuf::from(format!("{}/{name}", dir.display())),
    }
}

/// What is in a directory: paths, permissions, and contents or targets.
fn snapshot(dir: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        let contents = if metadata.is_dir() {
            all.extend(snapshot(&path));
            String::new()
        } else if metadata.is_symlink() {
            format!("{:?}", std::fs::read_link(&path).unwrap())
        } else {
            String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned()
        };
        let permissions = metadata.permissions();
        all.insert(format!("{path:?} {permissions:?} {contents:?}"));
    }
    all
}

/// What can be compared of metadata: not the times, nor the identity.
fn summary(found: &fs::Metadata) -> String {
    let len = if found.is_dir() { 0 } else { found.len() };
    format!("{:?} {:?} {len}", found.file_type(), found.permissions())
}

type Outcome = io::Result<String>;

/// A function, and its counterpart in std. Both get the path of a situation and the directory that it is in.
struct Case {
    name: &'static str,
    ours: fn(PathBuf, PathBuf) -> Boxed<Outcome>,
    std: fn(PathBuf, PathBuf) -> Outcome,
}

macro_rules! cases {
    ($($name:literal: |$path:ident, $dir:ident| $ours:expr => $std:expr;)+) => {
        vec![$(Case {
            name: $name,
            ours: |$path, $dir| Box::pin(async move {
                let _ = &$dir;
                Ok(format!("{:?}", $ours))
            }),
            std: |$path, $dir| {
                let _ = &$dir;
                Ok(format!("{:?}", $std))
            },
        }),+]
    };
}

#[rustfmt::skip]
fn cases() -> Vec<Case> {
    cases! {
        "read": |path, dir| fs::read(path).await? => std::fs::read(path)?;
        "read_to_string": |path, dir| fs::read_to_string(path).await? => std::fs::read_to_string(path)?;
        "read_to_string, invalid": |path, dir| {
            (fs::read_to_string(path).await.is_ok(), fs::read_to_string(dir.join("invalid")).await?)
        } => {
            (std::fs::read_to_string(path).is_ok(), std::fs::read_to_string(dir.join("invalid"))?)
        };
        "write": |path, dir| fs::write(path, "new").await? => std::fs::write(path, "new")?;
        "copy from": |path, dir| fs::copy(path, dir.join("new")).await? => std::fs::copy(path, dir.join("new"))?;
        "copy to": |path, dir| fs::copy(dir.join("full/deep/file"), path).await?
            => std::fs::copy(dir.join("full/deep/file"), path)?;
        "create_dir": |path, dir| fs::create_dir(path).await? => std::fs::create_dir(path)?;
        "create_dir_all": |path, dir| fs::create_dir_all(path.join("a/b")).await?
            => std::fs::create_dir_all(path.join("a/b"))?;
        "create_dir_all of it": |path, dir| fs::create_dir_all(path).await? => std::fs::create_dir_all(path)?;
        "remove_file": |path, dir| fs::remove_file(path).await? => std::fs::remove_file(path)?;
        "remove_dir": |path, dir| fs::remove_dir(path).await? => std::fs::remove_dir(path)?;
        "remove_dir_all": |path, dir| fs::remove_dir_all(path).await? => std::fs::remove_dir_all(path)?;
        "rename from": |path, dir| fs::rename(path, dir.join("new")).await? => std::fs::rename(path, dir.join("new"))?;
        "rename to": |path, dir| fs::rename(dir.join("invalid"), path).await?
            => std::fs::rename(dir.join("invalid"), path)?;
        "rename a directory to": |path, dir| fs::rename(dir.join("full/deep"), path).await?
            => std::fs::rename(dir.join("full/deep"), path)?;
        "hard_link from": |path, dir| fs::hard_link(path, dir.join("new")).await?
            => std::fs::hard_link(path, dir.join("new"))?;
        "hard_link to": |path, dir| fs::hard_link(dir.join("file"), path).await?
            => std::fs::hard_link(dir.join("file"), path)?;
        "set_permissions": |path, dir| fs::set_permissions(path, read_only(&dir)).await?
            => std::fs::set_permissions(path, read_only(&dir))?;
        "metadata": |path, dir| summary(&fs::metadata(path).await?) => summary(&std::fs::metadata(path)?);
        "symlink_metadata": |path, dir| summary(&fs::symlink_metadata(path).await?)
            => summary(&std::fs::symlink_metadata(path)?);
        "canonicalize": |path, dir| fs::canonicalize(path).await? => std::fs::canonicalize(path)?;
        "read_link": |path, dir| fs::read_link(path).await? => std::fs::read_link(path)?;
        "read_dir": |path, dir| listed(fs::read_dir(path).await?).await? => listed_by_std(std::fs::read_dir(path)?)?;
        "File::open": |path, dir| summary(&File::open(path).await?.metadata().await?)
            => summary(&std::fs::File::open(path)?.metadata()?);
        "File::create": |path, dir| summary(&File::create(path).await?.metadata().await?)
            => summary(&std::fs::File::create(path)?.metadata()?);
        "no access": |path, dir| summary(&OpenOptions::new().open(path).await?.metadata().await?)
            => summary(&std::fs::OpenOptions::new().open(path)?.metadata()?);
        "read, taken back": |path, dir| {
            let mut options = OpenOptions::new();
            options.read(true);
            summary(&options.read(false).open(path).await?.metadata().await?)
        } => {
            let mut options = std::fs::OpenOptions::new();
            options.read(true);
            summary(&options.read(false).open(path)?.metadata()?)
        };
        "create_new": |path, dir| {
            summary(&OpenOptions::new().write(true).create_new(true).open(path).await?.metadata().await?)
        } => summary(&std::fs::OpenOptions::new().write(true).create_new(true).open(path)?.metadata()?);
        "create without an access": |path, dir| {
            summary(&OpenOptions::new().read(true).create(true).truncate(false).open(path).await?.metadata().await?)
        } => summary(&std::fs::OpenOptions::new().read(true).create(true).truncate(false).open(path)?.metadata()?);
        "truncate": |path, dir| {
            summary(&OpenOptions::new().write(true).truncate(true).open(path).await?.metadata().await?)
        } => summary(&std::fs::OpenOptions::new().write(true).truncate(true).open(path)?.metadata()?);
        "append": |path, dir| {
            let mut file = OpenOptions::new().append(true).create(true).open(path).await?;
            file.write_all(b" more").await?;
            file.flush().await?
        } => {
            let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
            io::Write::write_all(&mut file, b" more")?
        };
        "DirBuilder": |path, dir| DirBuilder::new().create(path).await? => std::fs::DirBuilder::new().create(path)?;
        "DirBuilder, recursive": |path, dir| DirBuilder::new().recursive(true).create(path.join("a/b")).await?
            => std::fs::DirBuilder::new().recursive(true).create(path.join("a/b"))?;
    }
}

#[cfg(unix)]
#[rustfmt::skip]
fn cases_of_unix() -> Vec<Case> {
    use std::os::unix::fs as std_unix;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

    use fs::unix::{DirBuilderExt as _, OpenOptionsExt as _};

    const O_NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;

    cases! {
        "symlink": |path, dir| fs::unix::symlink("target", path).await? => std_unix::symlink("target", path)?;
        "symlink, to": |path, dir| fs::unix::symlink(path, dir.join("new")).await?
            => std_unix::symlink(path, dir.join("new"))?;
        "mode": |path, dir| {
            summary(&OpenOptions::new().append(true).create(true).mode(0o600).open(path).await?.metadata().await?)
        } => summary(&std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?.metadata()?);
        "custom_flags": |path, dir| {
            summary(&OpenOptions::new().read(true).custom_flags(O_NOFOLLOW).open(path).await?.metadata().await?)
        } => summary(&std::fs::OpenOptions::new().read(true).custom_flags(O_NOFOLLOW).open(path)?.metadata()?);
        "DirBuilder, mode": |path, dir| DirBuilder::new().mode(0o700).create(path).await?
            => std::fs::DirBuilder::new().mode(0o700).create(path)?;
        // The mode is that of the parents, too.
        "DirBuilder, all": |path, dir| DirBuilder::new().recursive(true).mode(0o700).create(path.join("a/b")).await?
            => std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path.join("a/b"))?;
    }
}

#[cfg(not(unix))]
fn cases_of_unix() -> Vec<Case> {
    Vec::new()
}

fn read_only(dir: &Path) -> Permissions {
    let mut permissions = std::fs::metadata(dir.join("file")).unwrap().permissions();
    permissions.set_readonly(true);
    permissions
}

async fn listed(mut entries: ReadDir) -> io::Result<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    while let Some(entry) = entries.try_next().await? {
        let (path, name) = (entry.path(), entry.file_name());
        let (kind, metadata) = (entry.file_type().await?, entry.metadata().await?);
        all.insert(format!("{path:?} {name:?} {kind:?} {}", summary(&metadata)));
        assert_eq!(
            format!("{entry:?}"),
            format!("DirEntry({:?})", entry.path())
        );
    }
    Ok(all)
}

fn listed_by_std(entries: std::fs::ReadDir) -> io::Result<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for entry in entries {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let (kind, metadata) = (entry.file_type()?, entry.metadata()?);
        all.insert(format!("{path:?} {name:?} {kind:?} {}", summary(&metadata)));
    }
    Ok(all)
}

/// std removes what is in these directories, and then fails. Here, nothing is removed.
const REFUSED: [(&str, &str); 2] = [("remove_dir_all", "empty/."), ("remove_dir_all", "to_dir/")];

/// Replaces the path of the directory by the same word on both sides.
fn without(dir: &Dir, text: &str) -> String {
    let canonical = std::fs::canonicalize(dir.path()).unwrap();
    text.replace(&canonical.display().to_string(), "DIR")
        .replace(&dir.path().display().to_string(), "DIR")
}

fn left_in(dir: &Dir) -> Vec<String> {
    let lines = snapshot(dir.path()).into_iter();
    lines.map(|line| without(dir, &line)).collect()
}

/// Runs both sides, each in a directory of its own, and returns the kind of their error.
fn compare(case: &Case, name: &str) -> Option<io::ErrorKind> {
    let (ours, std) = (populated(), populated());
    let before = left_in(&ours);
    let our_outcome = block_on((case.ours)(place(ours.path(), name), ours.path().into()));
    let std_outcome = (case.std)(place(std.path(), name), std.path().into());
    let shown = |dir: &Dir, outcome: &Outcome| match outcome {
        Ok(text) => without(dir, text),
        Err(error) => format!("{:?}", error.kind()),
    };
    let what = format!(
        "{} of {name:?}: {our_outcome:?}, {std_outcome:?}",
        case.name
    );
    assert_eq!(
        shown(&ours, &our_outcome),
        shown(&std, &std_outcome),
        "{what}"
    );
    let refused = REFUSED.contains(&(case.name, name));
    let expected = if refused { before } else { left_in(&std) };
    assert_eq!(left_in(&ours), expected, "what is there after {what}");

    let (ours, std) = (our_outcome.err()?, std_outcome.err()?);
    assert!(PathError::of(&ours).is_some(), "{what}");
    if !refused {
        assert_eq!(PathError::raw_os_error(&ours), std.raw_os_error(), "{what}");
    }
    Some(ours.kind())
}

/// Runs a test in this process, and in a child that uses the pool for every call.
fn with_and_without_no_wait_calls(test: &str) {
    if !in_child() {
        run_in_child(test, &[("ANYFILE_NOWAIT", "0")]);
    }
}

#[test]
fn every_function_is_as_in_std() {
    with_and_without_no_wait_calls("every_function_is_as_in_std");
    let mut kinds = BTreeSet::new();
    let cases = cases().into_iter().chain(cases_of_unix());
    for case in cases {
        let outcomes: Vec<_> = PATHS
            .iter()
            .chain(LINKS)
            .map(|name| compare(&case, name))
            .collect();
        assert!(
            outcomes.iter().any(Option::is_some),
            "{} never fails",
            case.name
        );
        kinds.extend(
            outcomes
                .into_iter()
                .flatten()
                .map(|kind| format!("{kind:?}")),
        );
    }
    #[cfg(target_os = "linux")]
    for kind in [
        "AlreadyExists",
        "DirectoryNotEmpty",
        "FilesystemLoop",
        "InvalidData",
        "InvalidInput",
        "IsADirectory",
        "NotADirectory",
        "NotFound",
    ] {
        assert!(kinds.contains(kind), "{kind} among {kinds:?}");
    }
}

/// An option that is set twice has the last value, and options can be used again.
#[test]
fn options_are_used_again() {
    with_and_without_no_wait_calls("options_are_used_again");
    let dir = populated();
    block_on(async {
        let mut options = OpenOptions::default();
        options.read(true).write(true).write(false);
        let mut file = options.clone().open(dir.join("file")).await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "some text");
        let refused = file.write_all(b"no").await.and(file.flush().await);
        assert!(refused.is_err());
        for name in ["file", "invalid"] {
            options.open(dir.join(name)).await.unwrap();
        }

        let builder = DirBuilder::default();
        for name in ["one", "two"] {
            builder.create(dir.join(name)).await.unwrap();
        }
    });
}

#[test]
fn large_files_and_directories() {
    let dir = Dir::new();
    let large = noise(3 << 20);
    block_on(async {
        fs::write(dir.join("large"), &large).await.unwrap();
        assert_eq!(
            fs::copy(dir.join("large"), dir.join("copy")).await.unwrap(),
            3 << 20
        );
        assert!(fs::read(dir.join("copy")).await.unwrap() == large);

        let many = dir.join("many");
        fs::create_dir(&many).await.unwrap();
        for number in 0..3_000 {
            std::fs::write(many.join(number.to_string()), "").unwrap();
        }
        let mut found = BTreeSet::new();
        let mut entries = fs::read_dir(&many).await.unwrap();
        loop {
            // A future that is dropped takes no entry with it.
            let Some(next) = poll_once(entries.next()).await else {
                yield_now().await;
                continue;
            };
            let Some(entry) = next.transpose().unwrap() else {
                break;
            };
            assert!(entry.file_type().await.unwrap().is_file());
            assert!(found.insert(entry.file_name()));
        }
        assert_eq!(found.len(), 3_000);
        assert!(entries.next().await.is_none());
        fs::remove_dir_all(&many).await.unwrap();
        assert!(!many.exists());
    });
}

/// The entry of a link is about the link. What was listed stays, and what is queried is what is there now.
#[cfg(unix)]
#[test]
fn entries_do_not_follow_links() {
    use std::os::unix::fs::{DirEntryExt as _, MetadataExt};

    use fs::unix::DirEntryExt as _;

    with_and_without_no_wait_calls("entries_do_not_follow_links");
    let dir = populated();
    block_on(async {
        let mut entries = fs::read_dir(dir.path()).await.unwrap();
        let mut links = 0;
        while let Some(entry) = entries.try_next().await.unwrap() {
            let found = entry.metadata().await.unwrap();
            assert_eq!(entry.ino(), found.ino());
            assert_eq!(entry.file_type().await.unwrap(), found.file_type());
            links += usize::from(found.is_symlink());
        }
        assert_eq!(links, 4);

        let std: BTreeSet<_> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().ino())
            .collect();
        let entries = fs::read_dir(dir.path()).await.unwrap();
        let ours: Vec<DirEntry> = entries.try_collect().await.unwrap();
        assert_eq!(
            ours.iter()
                .map(|entry| entry.ino())
                .collect::<BTreeSet<_>>(),
            std
        );

        std::fs::remove_dir_all(dir.path()).unwrap();
        for entry in &ours {
            let copy = entry.clone();
            entry.file_type().await.unwrap();
            let error = copy.metadata().await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
        std::fs::create_dir(dir.path()).unwrap();
    });
}

/// What async-fs 2.2 loses: written bytes on drop, and the position when a file is synced or resized.
#[test]
fn nothing_is_lost() {
    with_and_without_no_wait_calls("nothing_is_lost");
    let dir = populated();
    let contents = noise(200_000);
    block_on(async {
        let mut file = File::create(dir.join("new")).await.unwrap();
        file.write_all(&contents).await.unwrap();
        drop(file);
        assert!(std::fs::read(dir.join("new")).unwrap() == contents);

        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .open(dir.join("new"))
            .await
            .unwrap();
        let mut part = [0; 10];
        file.read_exact(&mut part).await.unwrap();
        file.sync_all().await.unwrap();
        file.set_len(100_000).await.unwrap();
        let mut rest = part.to_vec();
        file.read_to_end(&mut rest).await.unwrap();
        assert!(rest == contents[..100_000]);
    });
}

/// The methods of async-fs's `File`, called as a program does that was written for it.
#[test]
fn a_file_is_used_as_there() {
    with_and_without_no_wait_calls("a_file_is_used_as_there");
    let dir = populated();
    block_on(async {
        let path = dir.join("file");
        let mut file: File = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .await
            .unwrap();
        file.write_all(b"SOME").await.unwrap();
        file.flush().await.unwrap();
        file.sync_data().await.unwrap();
        file.sync_all().await.unwrap();
        assert_eq!(file.seek(io::SeekFrom::Start(2)).await.unwrap(), 2);
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "ME text");
        file.set_len(4).await.unwrap();
        assert_eq!(file.metadata().await.unwrap().len(), 4);
        file.set_permissions(read_only(dir.path())).await.unwrap();
        assert!(std::fs::metadata(&path).unwrap().permissions().readonly());
        assert!(format!("{file:?}").contains("file"));
        file.close().await.unwrap();

        let mut file = File::from(std::fs::File::open(&path).unwrap());
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes, b"SOME");
        #[cfg(unix)]
        {
            use std::os::fd::{AsFd, AsRawFd, OwnedFd};
            assert_eq!(file.as_fd().as_raw_fd(), file.as_raw_fd());
            let owned = OwnedFd::from(std::fs::File::open(&path).unwrap());
            let mut file = File::from(owned);
            assert_eq!(file.read(&mut [0; 9]).await.unwrap(), 4);
        }
    });
}

/// A program that names the functions with their type parameters, and passes them on.
#[test]
fn type_parameters_are_those_of_async_fs() {
    fn keeps<F: Future>(future: F) -> F {
        future
    }
    let dir = populated();
    block_on(async {
        let path = dir.join("file");
        keeps(fs::write::<&Path, [u8; 0]>(&path, [])).await.unwrap();
        keeps(fs::copy::<&PathBuf, String>(
            &path,
            dir.join("x").display().to_string(),
        ))
        .await
        .unwrap();
        keeps(fs::rename::<_, &Path>(dir.join("x"), &dir.join("y")))
            .await
            .unwrap();
        keeps(File::open::<&str>(path.to_str().unwrap()))
            .await
            .unwrap();
        let removed = [dir.join("y")].map(fs::remove_file::<PathBuf>);
        for removed in removed {
            removed.await.unwrap();
        }
        assert!(!dir.join("y").exists());
        // The options need not outlive the future.
        let opened = OpenOptions::new().read(true).open(&path);
        let made = DirBuilder::new().create(dir.join("made"));
        opened.await.unwrap();
        made.await.unwrap();
    });
}

const _: fn() = || {
    fn is<T: Send + Sync + Unpin + 'static>() {}
    fn file<
        T: AsyncRead + AsyncWrite + AsyncSeek + AsyncBufRead + From<std::fs::File> + std::fmt::Debug,
    >() {
    }
    fn stream<T: Stream<Item = io::Result<DirEntry>> + std::fmt::Debug>() {}
    fn copied<T: Clone + std::fmt::Debug>() {}
    is::<File>();
    is::<AsyncFile>();
    is::<OpenOptions>();
    is::<DirBuilder>();
    is::<ReadDir>();
    is::<DirEntry>();
    file::<File>();
    stream::<ReadDir>();
    copied::<DirEntry>();
    copied::<OpenOptions>();
};

fn sendable<F: Future + Send>(_: F) {}

fn sendable_for_ever<F: Future + Send + 'static>(_: F) {}

const _: fn(PathBuf, Permissions) = |path, permissions| {
    let p = || path.clone();
    sendable_for_ever(fs::read(p()));
    sendable_for_ever(fs::read_to_string(p()));
    sendable_for_ever(fs::write(p(), Vec::new()));
    sendable_for_ever(fs::copy(p(), p()));
    sendable_for_ever(fs::create_dir(p()));
    sendable_for_ever(fs::create_dir_all(p()));
    sendable_for_ever(fs::remove_file(p()));
    sendable_for_ever(fs::remove_dir(p()));
    sendable_for_ever(fs::remove_dir_all(p()));
    sendable_for_ever(fs::rename(p(), p()));
    sendable_for_ever(fs::hard_link(p(), p()));
    sendable_for_ever(fs::set_permissions(p(), permissions));
    sendable_for_ever(fs::metadata(p()));
    sendable_for_ever(fs::symlink_metadata(p()));
    sendable_for_ever(fs::canonicalize(p()));
    sendable_for_ever(fs::read_link(p()));
    sendable_for_ever(fs::read_dir(p()));
    #[cfg(unix)]
    sendable_for_ever(fs::unix::symlink(p(), p()));
    sendable_for_ever(File::open(&path));
    sendable_for_ever(File::create(&path));
    sendable_for_ever(OpenOptions::new().open(&path));
    sendable_for_ever(DirBuilder::new().create(&path));
};

const _: fn(&DirEntry) = |entry| {
    sendable(entry.metadata());
    sendable(entry.file_type());
};
