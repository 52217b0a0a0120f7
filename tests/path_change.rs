//! Methods that create, change and remove files, with the semantics of `pathlib`.

mod common;

use std::collections::HashSet;
use std::fs::{self, FileTimes};
use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime};

use anyfile::Path;
use futures_lite::AsyncWriteExt;
use futures_lite::future::block_on;

#[cfg(unix)]
use common::filesystem::{Feature, has};
#[cfg(not(target_os = "linux"))]
use common::{Dir, contents};
#[cfg(target_os = "linux")]
use common::{Dir, contents, in_child, run_unprivileged};

fn kind<R>(result: io::Result<R>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

fn path(dir: &Dir, name: &str) -> Path {
    Path::new(dir.join(name))
}

#[test]
fn mkdir_races_with_itself() {
    for round in 0..10 {
        let dir = Dir::new();
        let executor = smol::Executor::new();
        let deep = path(&dir, "a/b/c/d/e/f");
        let tasks: Vec<_> = (0..100)
            .map(|_| executor.spawn(deep.mkdir().parents(true).exist_ok(true)))
            .collect();
        block_on(executor.run(async {
            for task in tasks {
                task.await
                    .unwrap_or_else(|error| panic!("round {round}: {error}"));
            }
        }));
        assert!(block_on(deep.is_dir()));
    }
}

#[test]
fn mkdir_has_pathlibs_options() {
    block_on(async {
        let dir = Dir::new();
        let file = Path::new(dir.file("file", "contents"));
        let (new, deep) = (path(&dir, "new"), path(&dir, "a/b/c"));
        assert_eq!(
            kind(deep.mkdir().exist_ok(true).await),
            Some(ErrorKind::NotFound)
        );
        new.mkdir().await.unwrap();
        assert_eq!(kind(new.mkdir().await), Some(ErrorKind::AlreadyExists));
        assert_eq!(
            kind(new.mkdir().parents(true).await),
            Some(ErrorKind::AlreadyExists)
        );
        new.mkdir().exist_ok(true).await.unwrap();
        deep.mkdir().parents(true).await.unwrap();
        assert_eq!(
            kind(deep.mkdir().parents(true).await),
            Some(ErrorKind::AlreadyExists)
        );

        // A file at the path is still an error.
        let make = |path: &Path| path.mkdir().parents(true).exist_ok(true);
        assert_eq!(kind(make(&file).await), Some(ErrorKind::AlreadyExists));
        // As in `pathlib`: Windows says that the directory is missing, and creating it fails.
        let refused = if cfg!(windows) {
            ErrorKind::AlreadyExists
        } else {
            ErrorKind::NotADirectory
        };
        assert_eq!(kind(make(&(&file / "below")).await), Some(refused));
        assert_eq!(contents(file.as_ref()), b"contents");

        // The system would look up `.` in a directory that does not exist yet.
        make(&path(&dir, "d/./e/.")).await.unwrap();
        assert!(path(&dir, "d/e").is_dir().await);
        make(&path(&dir, "f/g/")).await.unwrap();
        assert!(path(&dir, "f/g").is_dir().await);
    });
}

#[cfg(unix)]
#[test]
fn mkdir_and_touch_take_the_mode_less_the_umask() {
    if !has(&[Feature::Modes]) {
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    const NAME: &str = "mkdir_and_touch_take_the_mode_less_the_umask";
    if !common::in_child() {
        common::run_in_child_after("umask 022", NAME);
        return;
    }
    let dir = Dir::new();
    let mode = |name: &str| {
        let metadata = fs::metadata(dir.join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    block_on(async {
        path(&dir, "a/b")
            .mkdir()
            .parents(true)
            .mode(0o770)
            .await
            .unwrap();
        path(&dir, "c").mkdir().await.unwrap();
        path(&dir, "d").touch().mode(0o606).await.unwrap();
        path(&dir, "e").touch().await.unwrap();
        path(&dir, "d").touch().mode(0o666).await.unwrap();
    });
    let modes = ["a", "a/b", "c", "d", "e"].map(mode);
    assert_eq!(
        modes.map(|mode| format!("{mode:o}")),
        ["755", "750", "755", "604", "644"]
    );
}

#[cfg(unix)]
#[test]
fn mkdir_takes_a_link_to_a_directory_for_one() {
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    block_on(async {
        let dir = Dir::new();
        path(&dir, "link").symlink_to(".").await.unwrap();
        path(&dir, "broken").symlink_to("nowhere").await.unwrap();
        let make = |name| path(&dir, name).mkdir().parents(true).exist_ok(true);
        make("link").await.unwrap();
        make("link/new").await.unwrap();
        assert_eq!(kind(make("broken").await), Some(ErrorKind::AlreadyExists));
    });
}

/// Returns the times of last access and of the last change.
fn times(path: &Path) -> (SystemTime, SystemTime) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.accessed().unwrap(), metadata.modified().unwrap())
}

#[test]
fn touch_makes_a_file_or_updates_its_times() {
    #[cfg(unix)]
    if !has(&[Feature::Times]) {
        return;
    }
    block_on(async {
        let dir = Dir::new();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let both_old = FileTimes::new().set_accessed(old).set_modified(old);
        let new = path(&dir, "new");
        new.touch().exist_ok(false).await.unwrap();
        assert_eq!(contents(new.as_ref()), b"");
        assert_eq!(
            kind(new.touch().exist_ok(false).await),
            Some(ErrorKind::AlreadyExists)
        );

        let file = Path::new(dir.file("file", "contents"));
        let directory = path(&dir, "directory");
        directory.mkdir().await.unwrap();
        for path in [file, directory] {
            path.set_times(both_old).await.unwrap();
            assert_eq!(times(&path), (old, old));
            let before = SystemTime::now() - Duration::from_secs(2);
            path.touch().await.unwrap();
            let (accessed, modified) = times(&path);
            assert!(
                accessed > before && modified > before,
                "{path:?}: {accessed:?}, {modified:?}"
            );
        }
        assert_eq!(contents(&dir.join("file")), b"contents");
        assert_eq!(
            kind(path(&dir, "no/file").touch().await),
            Some(ErrorKind::NotFound)
        );
    });
}

#[cfg(unix)]
#[test]
fn touch_waits_for_no_fifo_and_makes_what_a_link_points_to() {
    if !has(&[Feature::SymbolicLinks, Feature::Fifos]) {
        return;
    }
    block_on(async {
        let dir = Dir::new();
        let fifo = Path::new(dir.fifo("fifo"));
        let before = SystemTime::now() - Duration::from_secs(2);
        fifo.touch().await.unwrap();
        assert!(fifo.is_fifo().await);
        assert!(times(&fifo).1 > before);
        let epoch = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
        fifo.set_times(epoch).await.unwrap();
        assert_eq!(times(&fifo).1, SystemTime::UNIX_EPOCH);

        let link = path(&dir, "link");
        link.symlink_to("target").await.unwrap();
        link.touch().await.unwrap();
        assert!(path(&dir, "target").is_file().await);
        assert!(link.is_symlink().await);
    });
}

/// As `touch -d`, it works on own files that no user may open.
#[cfg(target_os = "linux")]
#[test]
fn times_are_set_without_opening() {
    if !has(&[Feature::SymbolicLinks, Feature::Modes, Feature::Times]) {
        return;
    }
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    if !in_child() {
        return run_unprivileged("times_are_set_without_opening");
    }
    let dir = Dir::new();
    let touch = |arguments: &[&str]| {
        let mut touch = std::process::Command::new("touch");
        let output = touch.args(arguments).current_dir(dir.path()).output();
        let output = output.expect("touch");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    let seen = |name: &str| {
        let found = fs::metadata(dir.join(name)).unwrap();
        let accessed = (found.atime(), found.atime_nsec());
        (accessed, (found.mtime(), found.mtime_nsec()))
    };
    let epoch = SystemTime::UNIX_EPOCH;
    let none = FileTimes::new();
    for mode in [0o000, 0o200, 0o400, 0o600] {
        for (date, time) in [
            ("@-1.75", epoch - Duration::from_millis(1750)),
            (
                "@1000000000.123456789",
                epoch + Duration::new(1_000_000_000, 123_456_789),
            ),
            // The times that the scratch file has before.
            ("@0", epoch),
            ("@1", epoch + Duration::from_secs(1)),
        ] {
            let ours = path(&dir, "ours");
            touch(&["-d", "@5", "ours", "theirs"]);
            for name in ["ours", "theirs"] {
                fs::set_permissions(dir.join(name), fs::Permissions::from_mode(mode)).unwrap();
            }
            for (which, times) in [
                ("-a", none.set_accessed(time)),
                ("-m", none.set_modified(time)),
                ("-am", none.set_accessed(time).set_modified(time)),
            ] {
                touch(&[which, "-d", date, "theirs"]);
                block_on(ours.set_times(times)).unwrap();
                assert_eq!(seen("ours"), seen("theirs"), "{mode:o} {which} {date}");
            }
            block_on(ours.set_times(none)).unwrap();
            assert_eq!(seen("ours"), seen("theirs"), "{mode:o} {date}");
        }
    }
    // A file of another user.
    let foreign = Path::new("/etc/passwd").set_times(none.set_modified(epoch));
    assert_eq!(kind(block_on(foreign)), Some(ErrorKind::PermissionDenied));
}

#[test]
fn unlink_removes_files_and_no_directories() {
    block_on(async {
        let dir = Dir::new();
        let file = Path::new(dir.file("file", "contents"));
        file.unlink().await.unwrap();
        assert_eq!(kind(file.unlink().await), Some(ErrorKind::NotFound));
        file.unlink().missing_ok(true).await.unwrap();
        let below = Path::new(dir.file("file", "contents")) / "below";
        let not_missing = below.unlink().missing_ok(true).await;
        assert!(not_missing.is_err() || cfg!(windows));
        let directory = path(&dir, "directory");
        directory.mkdir().await.unwrap();
        assert!(directory.unlink().missing_ok(true).await.is_err());
        directory.rmdir().await.unwrap();
        assert!(!directory.exists().await);
    });
}

#[cfg(unix)]
#[test]
fn links_are_removed_and_not_followed() {
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    block_on(async {
        let dir = Dir::new();
        path(&dir, "kept/file")
            .parent()
            .unwrap()
            .mkdir()
            .await
            .unwrap();
        dir.file("kept/file", "contents");
        path(&dir, "tree/sub").mkdir().parents(true).await.unwrap();
        path(&dir, "tree/link").symlink_to("../kept").await.unwrap();
        path(&dir, "link").symlink_to("kept").await.unwrap();
        path(&dir, "link").unlink().await.unwrap();
        path(&dir, "tree").remove_dir_all().await.unwrap();
        assert!(!path(&dir, "tree").exists().await);
        assert_eq!(contents(&dir.join("kept/file")), b"contents");
    });
}

#[test]
fn rename_and_replace_return_the_new_path() {
    block_on(async {
        let dir = Dir::new();
        let file = Path::new(dir.file("a", "new"));
        dir.file("b", "old");
        let renamed = file.rename(dir.join("b")).await.unwrap();
        assert_eq!(renamed, dir.join("b"));
        assert!(!file.exists().await);
        let replaced = renamed.rename(dir.join("c")).await.unwrap();
        assert_eq!(contents(replaced.as_ref()), b"new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    });
}

#[cfg(unix)]
#[test]
fn links_hold_their_target_as_it_was_written() {
    if !has(&[Feature::SymbolicLinks, Feature::HardLinks]) {
        return;
    }
    block_on(async {
        let dir = Dir::new();
        dir.file("file", "contents");
        let link = path(&dir, "link");
        for target in ["file", "./file", "..//x/", "/", "no where"] {
            link.unlink().missing_ok(true).await.unwrap();
            link.symlink_to(target).await.unwrap();
            assert_eq!(link.read_link().await.unwrap().as_os_str(), target);
        }
        let hard = path(&dir, "hard");
        hard.hardlink_to(dir.join("file")).await.unwrap();
        assert!(hard.samefile(dir.join("file")).await.unwrap());
        assert!(!hard.samefile(dir.path()).await.unwrap());
        hard.chmod(0o640).await.unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode;
        let permissions = path(&dir, "file").metadata().await.unwrap().permissions();
        assert_eq!(mode(&permissions) & 0o777, 0o640);
    });
}

#[cfg(unix)]
/// As in `pathlib`, the answer is `false` for every error.
#[cfg(unix)]
#[test]
fn info_of_what_leads_nowhere_is_an_answer() {
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    use futures_lite::StreamExt;
    block_on(async {
        let dir = Dir::new();
        for (link, target) in [("self", "self"), ("one", "two"), ("two", "one")] {
            path(&dir, link).symlink_to(target).await.unwrap();
        }
        for (name, is_symlink) in [
            ("self", true),
            ("one", true),
            ("self/below", false),
            ("with\0NUL", false),
            ("with\0NUL/below", false),
        ] {
            let info = path(&dir, name).info().load().await.unwrap();
            assert_eq!(info.exists(), Some(false), "{name:?}");
            assert_eq!((info.is_file(), info.is_dir()), (Some(false), Some(false)));
            assert_eq!(info.is_symlink(), Some(is_symlink), "{name:?}");
        }
        let mut entries = Path::new(dir.path()).iterdir();
        while let Some(entry) = entries.try_next().await.unwrap() {
            // The listing knew that it is a link. Now it is known to be broken.
            assert_eq!(entry.info().is_symlink(), Some(true));
            let info = entry.info().load().await.unwrap();
            assert_eq!(
                (info.exists(), info.is_symlink()),
                (Some(false), Some(true))
            );
        }
    });
}

#[test]
fn info_tells_what_was_there_when_it_was_asked() {
    #[cfg(unix)]
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    block_on(async {
        let dir = Dir::new();
        dir.file("file", "contents");
        let has_links = common::has_links();
        if has_links {
            for (name, target) in [("to_file", "file"), ("to_dir", "."), ("broken", "nowhere")] {
                path(&dir, name).symlink_to(target).await.unwrap();
            }
        }
        let expected = [
            ("file", [true, true, false, false]),
            (".", [true, false, true, false]),
            ("to_file", [true, true, false, true]),
            ("to_dir", [true, false, true, true]),
            ("broken", [false, false, false, true]),
            ("missing", [false, false, false, false]),
            ("file/below", [false, false, false, false]),
        ];
        let expected = expected
            .into_iter()
            .filter(|(_, [.., is_link])| has_links || !is_link);
        for (name, answers) in expected {
            let path = path(&dir, name);
            let before = path.info();
            let unknown = [
                before.exists(),
                before.is_file(),
                before.is_dir(),
                before.is_symlink(),
            ];
            assert_eq!(unknown, [None; 4]);
            let info = before.load().await.unwrap();
            let known = [
                info.exists(),
                info.is_file(),
                info.is_dir(),
                info.is_symlink(),
            ];
            assert_eq!(known, answers.map(Some), "{name}");
        }
        let info = path(&dir, "file").info().load().await.unwrap();
        path(&dir, "file").unlink().await.unwrap();
        assert_eq!(
            info.load().await.unwrap().exists(),
            Some(true),
            "it was asked again"
        );
    });
}

/// The file type that a path caches does not affect equality.
#[test]
fn paths_stay_equal() {
    let path = Path::new("a");
    let set: HashSet<Path> = [path.clone(), path.join(""), Path::new("a")].into();
    assert_eq!(set.len(), 1);
    // The shared path, its cached file type and metadata, and its limiter.
    assert!(size_of::<Path>() <= 5 * size_of::<usize>());
}

/// The target of a link keeps its times and owners if the link is not followed.
#[cfg(unix)]
#[test]
fn a_link_is_changed_itself() {
    use std::os::unix::fs::MetadataExt;
    if !has(&[Feature::SymbolicLinks, Feature::Times]) {
        return;
    }
    let dir = Dir::new();
    let file = Path::new(dir.file("file", "contents"));
    let (link, broken) = (path(&dir, "link"), path(&dir, "broken"));
    let owners = |path: &Path| {
        let found = fs::symlink_metadata(path).unwrap();
        (found.uid(), found.gid())
    };
    block_on(async {
        link.symlink_to("file").await.unwrap();
        broken.symlink_to("missing").await.unwrap();
        let before = times(&file);
        let old = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
        let both_old = FileTimes::new().set_accessed(old).set_modified(old);
        for link in [&link, &broken] {
            let set = link.set_times(both_old).follow_symlinks(false);
            set.await.unwrap();
            let found = fs::symlink_metadata(link).unwrap();
            assert_eq!(found.modified().unwrap(), old);
        }
        assert_eq!(times(&file), before);
        link.set_times(both_old).await.unwrap();
        assert_eq!(times(&file), (old, old));
        let error = broken.set_times(both_old).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);

        let own = owners(&file);
        broken
            .chown(own.0, own.1)
            .follow_symlinks(false)
            .await
            .unwrap();
        let error = broken.chown(own.0, own.1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            error
                .to_string()
                .starts_with("failed to change owners of file"),
            "{error}"
        );
        link.chown(None, None).await.unwrap();
        assert_eq!(owners(&file), own);
    });
}

/// As root, to others; as anybody else, that is refused.
#[cfg(target_os = "linux")]
#[test]
fn owners_are_changed_where_that_is_allowed() {
    use std::os::unix::fs::MetadataExt;
    const NAME: &str = "owners_are_changed_where_that_is_allowed";
    if !common::in_child() {
        common::run_in_child(NAME, &[]);
        common::run_in_child(NAME, &[("ANYFILE_NOWAIT", "0")]);
        run_unprivileged(NAME);
        return;
    }
    if !has(&[Feature::SymbolicLinks, Feature::Modes]) {
        return;
    }
    let dir = Dir::new();
    let file = Path::new(dir.file("file", "contents"));
    let link = path(&dir, "link");
    let owners = |path: &Path| {
        let found = fs::symlink_metadata(path).unwrap();
        (found.uid(), found.gid())
    };
    block_on(async {
        link.symlink_to("file").await.unwrap();
        let own = owners(&file);
        if !common::is_root() {
            let error = file.chown(own.0 + 1, None).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            return;
        }
        file.chown(1234, None).await.unwrap();
        assert_eq!(owners(&file), (1234, own.1));
        link.chown(None, 5678).await.unwrap();
        assert_eq!(owners(&file), (1234, 5678));
        link.chown(61_234, 61_235)
            .follow_symlinks(false)
            .await
            .unwrap();
        assert_eq!(
            (owners(&file), owners(&link)),
            ((1234, 5678), (61_234, 61_235))
        );
        #[cfg(feature = "user-db")]
        {
            file.chown(0, 0).await.unwrap();
            assert_eq!(link.owner().await.unwrap(), "root");
            let error = link.owner().follow_symlinks(false).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            link.chown(0, 0).follow_symlinks(false).await.unwrap();
            file.chown(1234, 5678).await.unwrap();
            assert_eq!(link.owner().follow_symlinks(false).await.unwrap(), "root");
            assert_eq!(link.group().follow_symlinks(false).await.unwrap(), "root");
        }
    });
}

/// A change that is dropped at any poll was made or not.
#[cfg(unix)]
#[test]
fn a_change_dropped_at_every_poll() {
    use futures_lite::future::poll_once;
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    let dir = Dir::new();
    let link = path(&dir, "link");
    block_on(async {
        link.symlink_to("missing").await.unwrap();
        let before = fs::symlink_metadata(&link).unwrap().modified().unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for polls in 0..3 {
            let mut set = link
                .set_times(FileTimes::new().set_modified(old))
                .follow_symlinks(false);
            let mut chown = link.chown(None, None).follow_symlinks(false);
            for _ in 0..polls {
                if poll_once(&mut set).await.is_some() || poll_once(&mut chown).await.is_some() {
                    break;
                }
            }
            drop((set, chown));
            let now = fs::symlink_metadata(&link).unwrap().modified().unwrap();
            assert!(now == before || now == old);
        }
    });
}

#[test]
fn an_identity_is_that_of_the_file_and_not_of_its_name() {
    #[cfg(unix)]
    if !has(&[Feature::HardLinks]) {
        return;
    }
    let dir = Dir::new();
    let (one, two) = (path(&dir, "one"), path(&dir, "two"));
    block_on(async {
        one.touch().await.unwrap();
        two.touch().await.unwrap();
        let id = one.file_id().await.unwrap();
        assert_ne!(two.file_id().await.unwrap(), id);
        assert_ne!(path(&dir, ".").file_id().await.unwrap(), id);

        let mut file = one.open().write(true).await.unwrap();
        file.write_all(b"contents").await.unwrap();
        assert_eq!(file.file_id().await.unwrap(), id);
        assert_eq!(file.try_clone().await.unwrap().file_id().await.unwrap(), id);

        let (hard, renamed) = (path(&dir, "hard"), path(&dir, "renamed"));
        hard.hardlink_to(&one).await.unwrap();
        one.rename(&renamed).await.unwrap();
        for path in [&hard, &renamed] {
            assert_eq!(path.file_id().await.unwrap(), id);
        }
        match renamed.write_atomic("new").await {
            Err(error) if cfg!(windows) && error.kind() == ErrorKind::PermissionDenied => {
                println!("skipped the rest: a file that is open is not replaced");
                return;
            }
            written => {
                written.unwrap();
                assert_ne!(renamed.file_id().await.unwrap(), id);
            }
        }
        assert_eq!(file.file_id().await.unwrap(), id);
        hard.unlink().await.unwrap();
        assert_eq!(file.file_id().await.unwrap(), id);

        let error = hard.file_id().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("hard"), "{error}");
        file.close().await.unwrap();
        file.file_id().await.unwrap_err();
    });
}

#[cfg(unix)]
#[test]
fn an_identity_follows_links() {
    use anyfile::FileId;
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    let dir = Dir::new();
    let file = Path::new(dir.file("file", ""));
    let link = path(&dir, "link");
    block_on(async {
        link.symlink_to("file").await.unwrap();
        let id = file.file_id().await.unwrap();
        assert_eq!(link.file_id().await.unwrap(), id);
        assert_eq!(FileId::from(&fs::metadata(&file).unwrap()), id);
        assert_ne!(FileId::from(&fs::symlink_metadata(&link).unwrap()), id);
    });
}
