//! `open_file` against `std::fs::OpenOptions`, and its error messages.

mod common;

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyfile::open::OpenFile;
use anyfile::{AsyncFile, PathError, open_file, wrap_file};
use futures_lite::future::block_on;
#[cfg(unix)]
use futures_lite::future::poll_once;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

#[cfg(target_os = "linux")]
use common::filesystem::has_proc;
#[cfg(unix)]
use common::filesystem::{Feature, has};
use common::{Dir, contents, with_seek_kind};

/// One of the 64 combinations.
#[derive(Debug, Clone, Copy)]
struct Flags([bool; 6]);

impl Flags {
    fn all() -> impl Iterator<Item = Flags> {
        (0..64).map(|bits| Flags([0, 1, 2, 3, 4, 5].map(|bit| bits & (1 << bit) != 0)))
    }

    fn std(self) -> OpenOptions {
        let [read, write, append, truncate, create, create_new] = self.0;
        let mut options = OpenOptions::new();
        options.read(read).write(write).append(append);
        options
            .truncate(truncate)
            .create(create)
            .create_new(create_new);
        options
    }

    fn ours(self, path: &Path) -> OpenFile {
        let [read, write, append, truncate, create, create_new] = self.0;
        let file = open_file(path).read(read).write(write).append(append);
        file.truncate(truncate)
            .create(create)
            .create_new(create_new)
    }
}

/// The names to open, in a directory that [`fill`] has filled.
const TARGETS: [&str; 9] = [
    "file",
    "missing",
    "dir",
    "read-only",
    "dangling",
    "link",
    "file/below",
    "missing/below",
    "",
];

fn fill(dir: &Dir) {
    dir.file("file", "hello world");
    let read_only = dir.file("read-only", "hands off");
    let mut permissions = std::fs::metadata(&read_only).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&read_only, permissions).unwrap();
    std::fs::create_dir(dir.join("dir")).unwrap();
    #[cfg(unix)]
    for (name, target) in [("dangling", "made through link"), ("link", "file")] {
        std::os::unix::fs::symlink(target, dir.join(name)).unwrap();
    }
}

/// Lists the names in a directory, with the contents of files.
fn look(dir: &Dir) -> Vec<(String, Option<Vec<u8>>)> {
    let entries = std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap);
    let look = |entry: std::fs::DirEntry| {
        (
            entry.file_name().into_string().unwrap(),
            std::fs::read(entry.path()).ok(),
        )
    };
    let mut seen: Vec<_> = entries.map(look).collect();
    seen.sort();
    seen
}

/// Reads an opened file, writes to it, and reads it again. Returns the three results.
async fn use_ours(file: &mut AsyncFile) -> [Result<Vec<u8>, ErrorKind>; 3] {
    let mut first = vec![0; 4];
    let read = file.read(&mut first).await.map_err(|e| e.kind());
    let read = read.map(|read| first[..read].to_vec());
    let write = async {
        file.write_all(b"NEW").await?;
        file.flush().await
    };
    let written = write.await.map_err(|e| e.kind()).map(|()| Vec::new());
    let mut rest = Vec::new();
    let to_end = file.read_to_end(&mut rest).await.map_err(|e| e.kind());
    [read, written, to_end.map(|_| rest)]
}

fn use_std(file: &mut File) -> [Result<Vec<u8>, ErrorKind>; 3] {
    let mut first = vec![0; 4];
    let read = file.read(&mut first).map_err(|e| e.kind());
    let read = read.map(|read| first[..read].to_vec());
    let written = file
        .write_all(b"NEW")
        .map_err(|e| e.kind())
        .map(|()| Vec::new());
    let mut rest = Vec::new();
    let to_end = file.read_to_end(&mut rest).map_err(|e| e.kind());
    [read, written, to_end.map(|_| rest)]
}

#[test]
fn all_combinations_as_std() {
    #[cfg(unix)]
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    let (mut opened, mut refused) = (0, 0);
    for target in TARGETS {
        for flags in Flags::all() {
            let (ours, theirs) = (Dir::new(), Dir::new());
            fill(&ours);
            fill(&theirs);
            let path = if target.is_empty() {
                PathBuf::new()
            } else {
                ours.join(target)
            };
            let oracle_path = if target.is_empty() {
                PathBuf::new()
            } else {
                theirs.join(target)
            };
            let case = format!("{target:?} {flags:?}");
            let expected = flags.std().open(&oracle_path);
            match (block_on(flags.ours(&path)), expected) {
                (Ok(mut file), Ok(mut oracle)) => {
                    opened += 1;
                    assert_eq!(look(&ours), look(&theirs), "{case}");
                    // A failed write to a read-only file stays in the buffer: not comparable.
                    let flags = flags.0;
                    if flags[1] || flags[2] {
                        let seen = block_on(use_ours(&mut file));
                        assert_eq!(seen, use_std(&mut oracle), "{case}");
                    }
                    drop(file);
                }
                (Err(error), Err(expected)) => {
                    refused += 1;
                    assert_eq!(error.kind(), expected.kind(), "{case}");
                    let details = PathError::of(&error).unwrap();
                    assert_eq!(
                        details.original().raw_os_error(),
                        expected.raw_os_error(),
                        "{case}"
                    );
                    let message = format!("failed to open file `{}`: {expected}", path.display());
                    assert_eq!(error.to_string(), message, "{case}");
                }
                (ours, theirs) => panic!("{case} gave {ours:?}, std {theirs:?}"),
            }
            assert_eq!(look(&ours), look(&theirs), "{case}");
        }
    }
    assert!(
        opened > 50 && refused > 50,
        "{opened} opened, {refused} refused"
    );
}

/// Permission bits are respected, except for root, who can open everything.
#[cfg(unix)]
#[test]
fn a_file_without_permission_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new();
    let path = dir.file("secret", "secret");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
    let Err(expected) = File::open(&path) else {
        println!("skipped: this user may open anything");
        return;
    };
    let error = block_on(open_file(&path)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        error.to_string(),
        format!("failed to open file `{}`: {expected}", path.display())
    );
}

#[test]
fn no_option_means_read() {
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    block_on(async {
        let mut text = String::new();
        open_file(&path)
            .await
            .unwrap()
            .read_to_string(&mut text)
            .await
            .unwrap();
        open_file(&path)
            .buffering(5)
            .await
            .unwrap()
            .read_to_string(&mut text)
            .await
            .unwrap();
        assert_eq!(text, "hellohello");
        let error = open_file(&path)
            .await
            .unwrap()
            .set_len(0)
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("failed to set length of file `"),
            "{error}"
        );
        assert_eq!(contents(&path), b"hello");
    });
}

#[test]
fn options_of_std_replace_all_others() {
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    let mut append = OpenOptions::new();
    append.append(true);
    block_on(async {
        let mut file = OpenFile::with_options(&path, append).await.unwrap();
        file.write_all(b" world").await.unwrap();
        file.close().await.unwrap();
        assert_eq!(contents(&path), b"hello world");
        // These options allow no access, and the crate adds none.
        let result = OpenFile::with_options(&path, OpenOptions::new()).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
        // Options that are set later count.
        let mut file = OpenFile::with_options(&path, OpenOptions::new())
            .read(true)
            .await
            .unwrap();
        assert_eq!(file.read(&mut [0; 5]).await.unwrap(), 5);
    });
}

#[cfg(unix)]
#[test]
fn mode_is_what_std_gives() {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let dir = Dir::new();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    for bits in [0o600, 0o640, 0o755, 0o777, 0o400] {
        let (ours, theirs) = (
            dir.join(&format!("ours {bits}")),
            dir.join(&format!("std {bits}")),
        );
        let opened = open_file(&ours).write(true).create_new(true).mode(bits);
        block_on(opened).unwrap();
        File::options()
            .write(true)
            .create_new(true)
            .mode(bits)
            .open(&theirs)
            .unwrap();
        assert_eq!(mode(&ours), mode(&theirs), "{bits:o}");
    }
    // The mode alone does not say how to open.
    let mut file = block_on(open_file(dir.file("file", "x")).mode(0o600)).unwrap();
    assert_eq!(block_on(file.read(&mut [0; 5])).unwrap(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn custom_flags_are_what_std_gives() {
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    use std::os::unix::fs::OpenOptionsExt;
    let dir = Dir::new();
    fill(&dir);
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    let link = dir.join("link");
    let expected = File::options()
        .read(true)
        .custom_flags(nofollow)
        .open(&link)
        .unwrap_err();
    let error = block_on(open_file(&link).custom_flags(nofollow)).unwrap_err();
    assert_eq!(error.kind(), expected.kind());
    let raw = PathError::of(&error).unwrap().original().raw_os_error();
    assert_eq!(raw, expected.raw_os_error());
    let opened = open_file(dir.join("file"))
        .read(true)
        .custom_flags(nofollow);
    let mut file = block_on(opened).unwrap();
    assert_eq!(block_on(file.read(&mut [0; 99])).unwrap(), 11);
}

#[test]
fn nothing_happens_before_the_first_poll() {
    let dir = Dir::new();
    let path = dir.join("not made");
    let builder = || open_file(&path).write(true).create(true);
    drop(builder());
    let not_polled = builder();
    let dropped_early = async {
        let _ = builder().await;
    };
    drop(dropped_early);
    // The pool would have opened it by now.
    block_on(open_file(dir.file("other", ""))).unwrap();
    assert!(!path.exists());
    block_on(not_polled).unwrap();
    assert!(path.exists());
}

#[test]
fn a_builder_can_be_shown() {
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    let mut builder = open_file(&path).read(true);
    assert!(format!("{builder:?}").contains("file"));
    block_on(&mut builder).unwrap();
    assert_eq!(format!("{builder:?}"), "OpenFile(over)");
}

/// Without a buffer, a write has reached the kernel when it returns. With a buffer, it has after a flush.
#[test]
fn buffering_decides_when_a_write_is_made() {
    let dir = Dir::new();
    let path = dir.join("file");
    let write = || open_file(&path).write(true).create(true).truncate(true);
    block_on(async {
        let mut file = write().buffering(0).await.unwrap();
        file.write_all(b"at once").await.unwrap();
        assert_eq!(contents(&path), b"at once");

        let mut file = write().await.unwrap();
        file.write_all(b"later").await.unwrap();
        assert_eq!(contents(&path), b"");
        file.flush().await.unwrap();
        assert_eq!(contents(&path), b"later");

        let mut file = write().buffering(10).await.unwrap();
        file.write_all(b"1234").await.unwrap();
        assert_eq!(contents(&path), b"");
        assert_eq!(file.write(b"567890123").await.unwrap(), 6);
        file.flush().await.unwrap();
        assert_eq!(contents(&path), b"1234567890");
    });
}

#[test]
fn paths_that_cannot_be_are_refused_as_by_std() {
    let dir = Dir::new();
    let long = dir.join(&"n".repeat(256));
    let very_long = PathBuf::from("d/".repeat(3_000));
    for path in [PathBuf::from("a\0b"), long, very_long] {
        for create in [false, true] {
            let expected = File::options()
                .read(true)
                .write(create)
                .create(create)
                .open(&path);
            let opened = open_file(&path).read(true).write(create).create(create);
            let error = block_on(opened).unwrap_err();
            let expected = expected.unwrap_err();
            assert_eq!(error.kind(), expected.kind());
            let details = PathError::of(&error).unwrap();
            assert_eq!(details.path(), path);
            assert_eq!(details.original().to_string(), expected.to_string());
        }
    }
    let error = block_on(open_file("a\0b")).unwrap_err().to_string();
    assert!(
        error.starts_with("failed to open file `a\\u{0}b`: "),
        "{error}"
    );
}

#[test]
fn a_message_stays_on_its_line() {
    let controls: String = (1..0xA0_u8)
        .map(char::from)
        .filter(|c| c.is_control())
        .collect();
    for name in [
        controls.as_str(),
        "line\nbreak",
        "tab\there",
        "bell\u{7}",
        "esc\u{1b}[31m",
    ] {
        let path = Path::new("no such dir").join(name);
        let error = block_on(open_file(&path)).unwrap_err();
        let message = error.to_string();
        assert!(!message.contains(char::is_control), "{message:?}");
        assert!(
            message.starts_with("failed to open file `no such dir"),
            "{message:?}"
        );
        assert_eq!(PathError::of(&error).unwrap().path(), path);
    }
    let message = block_on(open_file("a\nb")).unwrap_err().to_string();
    assert!(
        message.starts_with("failed to open file `a\\nb`: "),
        "{message}"
    );
    // Printable characters stay as they are.
    let message = block_on(open_file("no such ü€😀")).unwrap_err().to_string();
    assert!(
        message.starts_with("failed to open file `no such ü€😀`: "),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_text_is_named_as_far_as_possible() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let path = Path::new(OsStr::from_bytes(b"caf\xE9 missing"));
    let error = block_on(open_file(path)).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("failed to open file `caf\u{FFFD} missing`: ")
    );
    assert_eq!(PathError::of(&error).unwrap().path(), path);

    let dir = Dir::new();
    let path = dir.path().join(OsStr::from_bytes(b"caf\xE9"));
    // Not every filesystem takes such a name.
    if std::fs::write(&path, "hello").is_ok() {
        let mut file = block_on(open_file(&path)).unwrap();
        assert_eq!(block_on(file.read(&mut [0; 9])).unwrap(), 5);
    }
}

#[test]
fn an_error_gives_its_details() {
    let dir = Dir::new();
    let path = dir.join("missing");
    let expected = File::open(&path).unwrap_err();
    let error = block_on(open_file(&path)).unwrap_err();
    let details = PathError::of(&error).unwrap();
    assert_eq!(details.operation(), "open file");
    assert_eq!(details.path(), path);
    assert_eq!(details.original().kind(), ErrorKind::NotFound);
    assert_eq!(details.original().raw_os_error(), expected.raw_os_error());
    assert_eq!(PathError::raw_os_error(&error), expected.raw_os_error());
    assert_eq!(PathError::raw_os_error(&expected), expected.raw_os_error());
    assert_eq!(error.kind(), ErrorKind::NotFound);

    // As anyhow, eyre and tracing report an error: each reason once.
    let mut report = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        report += &format!(": {error}");
        source = error.source();
    }
    assert_eq!(report.matches(&expected.to_string()).count(), 1, "{report}");
    assert!(format!("{error:?}").contains("missing"));

    assert!(PathError::of(&expected).is_none());
    assert!(PathError::of(&io::Error::other("something else")).is_none());
    assert!(PathError::of(&ErrorKind::NotFound.into()).is_none());
}

/// Checks the error of an operation on the file at `path`, which must be like `expected`.
#[track_caller]
fn check_error<R>(path: &Path, words: &str, result: io::Result<R>, expected: &io::Error) {
    let Err(error) = result else {
        panic!("to {words} succeeded")
    };
    let message = format!("failed to {words} `{}`: {expected}", path.display());
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), expected.kind());
    let details = PathError::of(&error).unwrap();
    assert_eq!((details.path(), details.operation()), (path, words));
    assert_eq!(details.original().raw_os_error(), expected.raw_os_error());
}

#[test]
fn errors_of_an_open_file_name_it() {
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    let write_only = || File::options().write(true).open(&path).unwrap();
    let read_only = || File::open(&path).unwrap();
    let unreadable = write_only().read(&mut [0]).unwrap_err();
    let unwritable = read_only().write(b"x").unwrap_err();
    block_on(async {
        let mut file = open_file(&path).write(true).await.unwrap();
        let mut bytes = Vec::new();
        let mut text = String::new();
        check_error(
            &path,
            "read file",
            file.read(&mut [0; 9]).await,
            &unreadable,
        );
        check_error(
            &path,
            "read file",
            file.read_line(&mut text).await,
            &unreadable,
        );
        check_error(
            &path,
            "read file",
            file.read_until(0, &mut bytes).await,
            &unreadable,
        );
        check_error(
            &path,
            "read file",
            file.read_to_end(&mut bytes).await,
            &unreadable,
        );
        check_error(
            &path,
            "read file",
            file.read_to_string(&mut text).await,
            &unreadable,
        );
        check_error(
            &path,
            "read file",
            file.read_at(&mut [0; 9], 1).await,
            &unreadable,
        );
        check_error(
            &path,
            "read file",
            file.read_exact_at(&mut [0; 9], 1).await,
            &unreadable,
        );
        let mut lines = file.lines();
        check_error(&path, "read file", lines.next_line().await, &unreadable);
        // The file can still be used.
        let mut file = lines.into_inner();
        file.write_all(b"HE").await.unwrap();
        file.close().await.unwrap();
        assert_eq!(contents(&path), b"HEllo");

        let file = open_file(&path).await.unwrap();
        check_error(
            &path,
            "write to file",
            file.write_at(b"x", 1).await,
            &unwritable,
        );
        check_error(
            &path,
            "write to file",
            file.write_all_at(b"x", 1).await,
            &unwritable,
        );
        let refused = read_only().set_len(1).unwrap_err();
        check_error(&path, "set length of file", file.set_len(1).await, &refused);
        let mut file = open_file(&path).buffering(0).await.unwrap();
        check_error(&path, "write to file", file.write(b"x").await, &unwritable);
        check_error(&path, "write to file", file.write(b"y").await, &unwritable);
        file.close().await.unwrap();

        // Bytes that can never be written are not accepted, and nothing else is disturbed.
        let mut file = open_file(&path).await.unwrap();
        for _ in 0..2 {
            check_error(&path, "write to file", file.write(b"x").await, &unwritable);
            file.flush().await.unwrap();
            file.seek(SeekFrom::Start(1)).await.unwrap();
            assert_eq!(file.read(&mut [0]).await.unwrap(), 1);
            assert_eq!(file.metadata().await.unwrap().len(), 5);
        }
        file.into_inner().await.unwrap();
        assert_eq!(contents(&path), b"HEllo");

        let mut file = open_file(&path).await.unwrap();
        for to in [
            SeekFrom::Current(-1),
            SeekFrom::End(-6),
            SeekFrom::Start(u64::MAX),
        ] {
            let error = file.seek(to).await.unwrap_err();
            let expected = with_seek_kind(read_only().seek(to).unwrap_err());
            assert_eq!(error.kind(), expected.kind(), "{to:?}");
            assert_eq!(PathError::of(&error).unwrap().operation(), "seek in file");
        }
        let error = file.read_exact_at(&mut [0; 9], 0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(PathError::of(&error).unwrap().operation(), "read file");
    });
}

#[cfg(unix)]
#[test]
fn a_directory_can_be_opened_but_not_read() {
    let dir = Dir::new();
    let expected = File::open(dir.path()).unwrap().read(&mut [0]).unwrap_err();
    block_on(async {
        let mut file = open_file(dir.path()).await.unwrap();
        assert!(file.metadata().await.unwrap().is_dir());
        for _ in 0..2 {
            check_error(
                dir.path(),
                "read file",
                file.read(&mut [0; 9]).await,
                &expected,
            );
            let line = file.read_line(&mut String::new()).await;
            check_error(dir.path(), "read file", line, &expected);
        }
        check_error(
            dir.path(),
            "read file",
            file.read_at(&mut [0; 9], 0).await,
            &expected,
        );
        #[cfg(target_os = "linux")]
        assert_eq!(expected.to_string(), "Is a directory (os error 21)");
    });
}

/// Every operation on a closed file fails and names it, however often it is closed.
#[test]
fn errors_of_a_closed_file_name_it() {
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    block_on(async {
        let options = || open_file(&path).read(true).write(true);
        let mut file = options().await.unwrap();
        for closes in 1..=3 {
            file.close().await.unwrap();
            let mut text = String::new();
            let permissions = std::fs::metadata(&path).unwrap().permissions();
            let errors = [
                file.read(&mut [0]).await.err(),
                file.read(&mut []).await.err(),
                file.read_line(&mut text).await.err(),
                file.read_to_end(&mut Vec::new()).await.err(),
                file.read_to_string(&mut text).await.err(),
                file.read_at(&mut [0], 0).await.err(),
                file.read_exact_at(&mut [0], 0).await.err(),
                file.write(b"x").await.err(),
                file.write(b"").await.err(),
                file.write_at(b"x", 0).await.err(),
                file.write_all_at(b"x", 0).await.err(),
                file.seek(SeekFrom::Start(0)).await.err(),
                file.sync_all().await.err(),
                file.sync_data().await.err(),
                file.set_len(0).await.err(),
                file.set_permissions(permissions).await.err(),
                file.set_times(std::fs::FileTimes::new()).await.err(),
                file.metadata().await.err(),
                file.try_clone().await.err(),
                file.with_mut(|_| ()).await.err(),
            ];
            for (number, error) in errors.into_iter().enumerate() {
                let case = format!("operation {number} after {closes} closes");
                let error = error.unwrap_or_else(|| panic!("{case} succeeded"));
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{case}: {error}");
                let message = format!(
                    "failed to access file `{}`: the file has been closed",
                    path.display()
                );
                assert_eq!(error.to_string(), message, "{case}");
            }
        }
        let mut lines = file.lines();
        let error = lines.next_line().await.unwrap_err();
        assert_eq!(PathError::of(&error).unwrap().path(), path);
        let error = lines.into_inner().into_inner().await.unwrap_err();
        assert_eq!(PathError::of(error.error()).unwrap().path(), path);
        assert_eq!(contents(&path), b"hello");
    });
}

/// The path stays the one that was given, even after the file is renamed or removed.
#[test]
fn a_file_knows_the_path_it_was_opened_by() {
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    block_on(async {
        // As it was given, not as it is resolved.
        let given = dir.join("./file");
        let mut file = open_file(&given).await.unwrap();
        assert_eq!(file.path().map(Path::as_os_str), Some(given.as_os_str()));
        let clone = file.try_clone().await.unwrap();
        std::fs::rename(&path, dir.join("renamed")).unwrap();
        for _ in 0..2 {
            assert_eq!(file.path().map(Path::as_os_str), Some(given.as_os_str()));
            file.close().await.unwrap();
        }
        assert_eq!(clone.path(), Some(&*given));
        assert_eq!(clone.lines().get_ref().path(), Some(&*given));

        let pathlib = anyfile::Path::new(dir.join("renamed"));
        let file = pathlib.open().await.unwrap();
        assert_eq!(file.path(), Some(pathlib.as_ref()));
        let std = file.into_inner().await.unwrap();
        // A `File` does not know how it was opened.
        let mut wrapped = AsyncFile::from(std);
        assert_eq!(wrapped.path(), None);
        assert_eq!(wrapped.try_clone().await.unwrap().path(), None);
        wrapped.close().await.unwrap();
        assert_eq!(wrapped.path(), None);
        assert_eq!(wrap_file(io::empty()).path(), None);
    });
}

/// Errors of a file that was not opened by its path are the system's, unchanged.
#[test]
fn errors_of_a_wrapped_file_are_the_systems() {
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    let mut oracle = File::options().write(true).open(&path).unwrap();
    let expected = oracle.read(&mut [0]).unwrap_err();
    let mut file = wrap_file(oracle);
    block_on(async {
        let error = file.read(&mut [0; 9]).await.unwrap_err();
        assert!(PathError::of(&error).is_none());
        assert_eq!(error.raw_os_error(), expected.raw_os_error());
        file.close().await.unwrap();
        let error = file.read(&mut [0; 9]).await.unwrap_err();
        assert_eq!(error.to_string(), "the file has been closed");
    });
}

/// Opening a FIFO waits for its other end, while other tasks of the thread run.
#[cfg(unix)]
#[test]
fn opening_a_fifo_lets_others_in() {
    if !has(&[Feature::Fifos]) {
        return;
    }
    use std::sync::mpsc::channel;
    use std::time::Duration;
    let dir = Dir::new();
    let path = dir.fifo("fifo");
    let (ticked, ticks) = channel();
    let other_end = path.clone();
    let writer = std::thread::spawn(move || {
        // If nothing ticks, the test must fail instead of hanging.
        let in_time = ticks.recv_timeout(Duration::from_secs(20)).is_ok();
        File::options()
            .write(true)
            .open(other_end)
            .unwrap()
            .write_all(b"hello\n")
            .unwrap();
        in_time
    });
    let mut line = String::new();
    block_on(async {
        let mut opening = open_file(&path);
        for _ in 0..1_000 {
            assert!(
                poll_once(&mut opening).await.is_none(),
                "open before there is a writer"
            );
            futures_lite::future::yield_now().await;
        }
        ticked.send(()).unwrap();
        let mut file = opening.await.unwrap();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(file.read_line(&mut line).await.unwrap(), 0);
    });
    assert_eq!(line, "hello\n");
    assert!(writer.join().unwrap(), "the thread was blocked");
}

/// A buffered write that fails is reported by every later call that needs it, until it succeeds.
#[cfg(target_os = "linux")]
#[test]
fn a_write_that_failed_fails_whatever_needs_it() {
    block_on(async {
        let full = Path::new("/dev/full");
        let mut file = open_file(full).read(true).write(true).await.unwrap();
        let mut std_file = OpenOptions::new().write(true).open(full).unwrap();
        let no_room = std_file.write(b"x").unwrap_err();
        file.write_all(b"x").await.unwrap();
        for _ in 0..2 {
            check_error(full, "write to file", file.flush().await, &no_room);
            check_error(full, "write to file", file.sync_all().await, &no_room);
            check_error(full, "write to file", file.sync_data().await, &no_room);
            check_error(full, "write to file", file.metadata().await, &no_room);
            let sought = file.seek(SeekFrom::Start(0)).await;
            check_error(full, "write to file", sought, &no_room);
            check_error(full, "write to file", file.read(&mut [0]).await, &no_room);
            check_error(full, "write to file", file.close().await, &no_room);
        }
        let taken = file.into_inner().await.map_err(io::Error::from);
        check_error(full, "write to file", taken, &no_room);
    });
}

/// A file may be opened with `O_NONBLOCK`. No way of getting the descriptor shows that.
#[cfg(target_os = "linux")]
#[test]
fn the_flags_of_a_descriptor_are_those_of_std() {
    if !has_proc() {
        return;
    }
    use std::os::fd::{AsFd, AsRawFd};
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    let flags = |descriptor: i32| {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).unwrap();
        let flags = info.lines().find(|line| line.starts_with("flags:"));
        flags.unwrap().to_owned()
    };
    let expected = flags(File::open(&path).unwrap().as_raw_fd());
    block_on(async {
        // The first rounds learn the filesystem and that the path leads to a regular file.
        for _ in 0..4 {
            let open = async || open_file(&path).await.unwrap();
            assert_eq!(flags(open().await.as_raw_fd()), expected);
            assert_eq!(flags(open().await.as_fd().as_raw_fd()), expected);
            let (mut lent, mut cloned) = (open().await, open().await);
            let seen = lent.with_mut(|file| file.as_raw_fd()).await.unwrap();
            assert!(seen > 0);
            assert_eq!(flags(lent.as_raw_fd()), expected);
            assert_eq!(
                flags(cloned.try_clone().await.unwrap().as_raw_fd()),
                expected
            );
            assert_eq!(
                flags(open().await.into_inner().await.unwrap().as_raw_fd()),
                expected
            );
            let in_use = open()
                .await
                .with_mut(move |file| flags(file.as_raw_fd()))
                .await;
            assert_eq!(in_use.unwrap(), expected);
        }
    });
}
