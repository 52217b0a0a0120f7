//! Every method of `Path` that can fail, in every situation in which it should. It fails as std does, with an
//! error that names the operation and the path.

#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path as StdPath, PathBuf};
use std::time::SystemTime;

use anyfile::{Path, PathError};
use futures_lite::future::{Boxed, block_on};

use common::{Dir, in_child, is_root, run_in_child, run_unprivileged};

/// A method and its counterpart in std. Both get the path, and the directory of the situation.
struct Method {
    name: &'static str,
    ours: fn(Path, Path) -> Boxed<io::Result<()>>,
    std: fn(&StdPath, &StdPath) -> io::Result<()>,
    /// The second path of the operation, relative to the directory.
    target: Option<&'static str>,
    /// The first path, relative to the directory, if the situation is about the second one.
    source: Option<&'static str>,
}

macro_rules! methods {
    ($($name:literal: |$path:ident, $dir:ident| $ours:expr, $std:expr
        $(, to $target:literal)? $(, from $source:literal)?;)+) => {
        vec![$(Method {
            name: $name,
            ours: |$path, $dir| Box::pin(async move {
                let _ = &$dir;
                $ours.await.map(drop)
            }),
            std: |$path, $dir| {
                let _ = $dir;
                $std.map(drop)
            },
            #[allow(unused_mut, unused_assignments)]
            target: { let mut target = None; $(target = Some($target);)? target },
            #[allow(unused_mut, unused_assignments)]
            source: { let mut source = None; $(source = Some($source);)? source },
        }),+]
    };
}

fn mode() -> Permissions {
    Permissions::from_mode(0o755)
}

fn times() -> FileTimes {
    FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)
}

fn exists_or(path: &StdPath, make: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    fs::metadata(path).map(drop).or_else(|_| make())
}

#[rustfmt::skip]
fn methods() -> Vec<Method> {
    let methods = methods! {
        "read_bytes": |path, dir| path.read_bytes(), fs::read(path);
        "read_text": |path, dir| path.read_text(), fs::read_to_string(path);
        "write_bytes": |path, dir| path.write_bytes("x"), fs::write(path, "x");
        "write_text": |path, dir| path.write_text("x"), fs::write(path, "x");
        "write_atomic": |path, dir| path.write_atomic("x"), replaced(path);
        "open": |path, dir| path.open(), opened(path);
        "open to create": |path, dir| path.open().write(true).create_new(true), File::create_new(path);
        "metadata": |path, dir| path.metadata(), fs::metadata(path);
        "symlink_metadata": |path, dir| path.symlink_metadata(), fs::symlink_metadata(path);
        "try_exists": |path, dir| path.try_exists(), path.try_exists();
        "info": |path, dir| path.info().load(), loaded(path);
        "samefile": |path, dir| path.samefile(dir / "file"), fs::metadata(path), to "file";
        "samefile as other": |path, dir| (dir / "file").samefile(path), fs::metadata(path), from "file";
        "mkdir": |path, dir| path.mkdir(), fs::create_dir(path);
        "mkdir all": |path, dir| path.mkdir().parents(true).exist_ok(true), fs::create_dir_all(path);
        "touch": |path, dir| path.touch(),
            exists_or(path, || File::options().write(true).create(true).truncate(false).open(path).map(drop));
        "touch new": |path, dir| path.touch().exist_ok(false), File::create_new(path);
        "unlink": |path, dir| path.unlink(), fs::remove_file(path);
        "rmdir": |path, dir| path.rmdir(), fs::remove_dir(path);
        "remove_dir_all": |path, dir| path.remove_dir_all(), fs::remove_dir_all(path);
        "rename": |path, dir| path.rename(dir / "new"), fs::rename(path, dir.join("new")), to "new";
        "rename onto": |path, dir| (dir / "file").rename(path),
            fs::rename(dir.join("file"), path), from "file";
        "symlink_to": |path, dir| path.symlink_to(dir / "file"), symlink(dir.join("file"), path), to "file";
        "hardlink_to": |path, dir| path.hardlink_to(dir / "file"),
            fs::hard_link(dir.join("file"), path), to "file";
        "hardlink of": |path, dir| (dir / "new").hardlink_to(path),
            fs::hard_link(path, dir.join("new")), from "new";
        "set_permissions": |path, dir| path.set_permissions(mode()), fs::set_permissions(path, mode());
        "chmod": |path, dir| path.chmod(0o755), fs::set_permissions(path, mode());
        "set_times": |path, dir| path.set_times(times()), timed(path);
        "canonicalize": |path, dir| path.canonicalize(), fs::canonicalize(path);
        "resolve": |path, dir| path.resolve(), resolved(path);
        "absolute": |path, dir| path.absolute(), std::path::absolute(path);
        "read_link": |path, dir| path.read_link(), fs::read_link(path);
    };
    #[cfg(feature = "user-db")]
    let methods = methods.into_iter().chain(methods! {
        "owner": |path, dir| path.owner(), fs::metadata(path);
        "group": |path, dir| path.group(), fs::metadata(path);
    }).collect();
    methods
}

/// Opens the path with `File::open`, which opens directories, as the crate does.
fn opened(path: &StdPath) -> io::Result<()> {
    File::open(path).map(drop)
}

/// Fails as `write_atomic` does, with calls of std. An existing file is replaced and not written to, so that
/// only the permissions of its directory count.
fn replaced(path: &StdPath) -> io::Result<()> {
    if path.is_file() {
        File::create_new(path.with_file_name("beside")).map(drop)
    } else {
        fs::write(path, "x")
    }
}

/// Sets the times as `touch -d @0` does, without opening the file.
fn timed(path: &StdPath) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};
    let zero = Timespec::default();
    let times = Timestamps {
        last_access: zero,
        last_modification: zero,
    };
    Ok(rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())?)
}

/// Loads the metadata. A path at which no file exists, or can exist, is not an error.
fn loaded(path: &StdPath) -> io::Result<()> {
    match fs::metadata(path) {
        Err(error)
            if error.raw_os_error() == Some(40)
                || matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput
                ) =>
        {
            Ok(())
        }
        result => result.map(drop),
    }
}

/// Resolves the path. Only a loop and a NUL byte are errors.
fn resolved(path: &StdPath) -> io::Result<()> {
    match fs::metadata(path) {
        Err(error)
            if error.raw_os_error() == Some(40) || error.kind() == ErrorKind::InvalidInput =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// The path of each situation.
const SITUATIONS: &[&str] = &[
    "missing",
    "missing/parent",
    "file",
    "file/below",
    "directory",
    "directory/missing",
    "loop",
    "loop/below",
    "name\0with NUL",
    "directory\0/with NUL",
    "LONG",
    "LONG/below",
];

/// As above, for users other than root.
const LOCKED: &[&str] = &[
    "unreadable",
    "unsearchable",
    "unsearchable/file",
    "unsearchable/new",
    "unwritable",
    "unwritable/new",
    "unwritable/new/parents",
];

/// Creates the files of the situation, and the other file for operations on two paths.
fn situation(dir: &Dir, name: &str) -> PathBuf {
    dir.file("file", "contents");
    let first = name.split('/').next().unwrap_or_default();
    match first {
        "unreadable" => drop(dir.file(first, "contents")),
        "loop" => symlink("loop", dir.join("loop")).unwrap(),
        "directory" | "unsearchable" | "unwritable" => {
            fs::create_dir(dir.join(first)).unwrap();
            dir.file(&format!("{first}/file"), "contents");
        }
        _ => {}
    }
    let mode = match first {
        "unreadable" | "unsearchable" => 0,
        "unwritable" => 0o555,
        _ => return dir.join(&name.replace("LONG", &"x".repeat(256))),
    };
    fs::set_permissions(dir.join(first), Permissions::from_mode(mode)).unwrap();
    dir.join(name)
}

/// Restores the permissions, so that the directory can be removed.
fn unlock(dir: &Dir) {
    for name in ["unsearchable", "unwritable"] {
        let _ = fs::set_permissions(dir.join(name), Permissions::from_mode(0o755));
    }
}

/// Returns `true` if there is a temporary file in the directory of `path`.
fn has_leftovers(path: &StdPath) -> bool {
    let entries = path.parent().and_then(|dir| dir.read_dir().ok());
    let mut names = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    names.any(|name| name.as_encoded_bytes().starts_with(b".tmp"))
}

/// Returns the path as messages show it, with control characters escaped.
fn shown(path: &StdPath) -> String {
    format!("`{}`", path.display()).replace('\0', "\\u{0}")
}

/// Compares one method with std in one situation, and returns the kind of the error.
fn compare(method: &Method, name: &str) -> Option<ErrorKind> {
    let what = format!("{} in {name:?}", method.name);
    let (dir, std_dir) = (Dir::new(), Dir::new());
    let (path, std_path) = (situation(&dir, name), situation(&std_dir, name));
    let ours = block_on((method.ours)(Path::new(&path), Path::new(dir.path())));
    let std = (method.std)(&std_path, std_dir.path());
    unlock(&dir);
    unlock(&std_dir);
    assert!(!has_leftovers(&path), "{what}");
    let error = match (ours, std) {
        (Ok(()), Ok(())) => return None,
        (Err(ours), Err(std)) => {
            assert_eq!(ours.kind(), std.kind(), "{what}: {ours}; std: {std}");
            let details = PathError::of(&ours).unwrap_or_else(|| panic!("{what}: {ours}"));
            // The crate itself refuses to replace a directory.
            if !(method.name == "write_atomic" && ours.kind() == ErrorKind::IsADirectory) {
                let code = details.original().raw_os_error();
                assert_eq!(code, std.raw_os_error(), "{what}: {ours}; std: {std}");
            }
            ours
        }
        (ours, std) => panic!("{what}: {ours:?}, but std: {std:?}"),
    };
    let details = PathError::of(&error).unwrap();
    let message = error.to_string();
    let paths = match (method.source, method.target) {
        (Some(source), _) => vec![dir.join(source), path],
        (None, Some(target)) => vec![path, dir.join(target)],
        // The error is about an entry of the directory.
        (None, None) if details.path().starts_with(&path) => vec![details.path().to_path_buf()],
        (None, None) => vec![path],
    };
    for path in &paths {
        assert!(message.contains(&shown(path)), "{what}: {message}");
    }
    assert_eq!(details.path(), paths[0], "{what}");
    assert_eq!(
        details.target(),
        paths.get(1).map(PathBuf::as_path),
        "{what}"
    );
    let reason = details.original().to_string();
    let expected = format!("failed to {} {}", details.operation(), shown(&paths[0]));
    assert!(message.starts_with(&expected), "{what}: {message}");
    assert!(
        message.ends_with(&format!(": {reason}")),
        "{what}: {message}"
    );
    Some(error.kind())
}

fn compare_all(situations: &[&str]) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for method in methods() {
        let failures: Vec<ErrorKind> = situations
            .iter()
            .filter_map(|name| compare(&method, name))
            .collect();
        // `absolute` looks at no file.
        let fails = method.name != "absolute";
        assert_eq!(!failures.is_empty(), fails, "{}", method.name);
        kinds.extend(failures.iter().map(|kind| format!("{kind:?}")));
    }
    kinds
}

#[test]
fn errors_are_those_of_std_and_name_the_path() {
    let kinds = compare_all(SITUATIONS);
    let expected = [
        "AlreadyExists",
        "DirectoryNotEmpty",
        "FilesystemLoop",
        "InvalidFilename",
        "InvalidInput",
        "IsADirectory",
        "NotADirectory",
        "NotFound",
        "PermissionDenied",
    ];
    for kind in expected {
        // On Linux, a hard link to a directory is not permitted.
        assert!(kinds.contains(kind), "{kind} among {kinds:?}");
    }
}

#[test]
fn errors_for_want_of_permission() {
    if in_child() {
        assert!(!is_root());
        // `resolve` assumes a directory where it is denied access, and `absolute` makes no system call on the path.
        for method in methods() {
            let denied = |name: &&&str| compare(&method, name) == Some(ErrorKind::PermissionDenied);
            let count = LOCKED.iter().filter(denied).count();
            let expected = !matches!(method.name, "resolve" | "absolute");
            assert_eq!(count > 0, expected, "{}", method.name);
        }
    } else {
        run_unprivileged("errors_for_want_of_permission");
    }
}

/// The empty path is refused, as by std.
#[test]
fn an_empty_path() {
    let path = Path::default();
    assert!(!block_on(path.exists()));
    let kind = |result: io::Result<()>| result.unwrap_err().kind();
    let drop_ok = |result: io::Result<Path>| result.map(drop);
    assert_eq!(
        kind(drop_ok(block_on(path.canonicalize()))),
        ErrorKind::NotFound
    );
    assert_eq!(
        kind(drop_ok(block_on(path.absolute()))),
        ErrorKind::InvalidInput
    );
    assert_eq!(kind(block_on(path.write_atomic("x"))), ErrorKind::NotFound);
    let error = block_on(path.unlink()).unwrap_err();
    assert!(
        error.to_string().starts_with("failed to remove file ``: "),
        "{error}"
    );
}

/// The current directory belongs to the whole process.
#[test]
fn the_empty_path_means_what_it_means_to_std() {
    if !in_child() {
        run_in_child("the_empty_path_means_what_it_means_to_std", &[]);
        return;
    }
    let dir = Dir::new();
    dir.file("file", "contents");
    std::env::set_current_dir(dir.path()).unwrap();
    let long_ago = SystemTime::UNIX_EPOCH;
    File::open(".").unwrap().set_modified(long_ago).unwrap();
    for method in methods() {
        let ours = block_on((method.ours)(Path::new(""), Path::new(dir.path())));
        let std = (method.std)(StdPath::new(""), dir.path());
        let (ours, std) = (ours.map_err(|e| e.kind()), std.map_err(|e| e.kind()));
        assert_eq!(ours, std, "{}", method.name);
    }
    let (empty, file) = (Path::new(""), Path::new("file"));
    let kind = |result: io::Result<Path>| result.map_err(|error| error.kind());
    let missing = Err(ErrorKind::NotFound);
    assert_eq!(kind(block_on(empty.copy("new"))), missing);
    assert_eq!(kind(block_on(file.copy(""))), missing);
    assert_eq!(kind(block_on(empty.move_to("new"))), missing);
    assert_eq!(kind(block_on(file.move_to(""))), missing);
    // It is neither created nor found: `mkdir` succeeds only with both options.
    for (parents, exist_ok) in [(false, false), (true, false), (false, true)] {
        let mkdir = empty.mkdir().parents(parents).exist_ok(exist_ok);
        let kind = block_on(mkdir).map_err(|error| error.kind());
        assert_eq!(kind, Err(ErrorKind::NotFound), "{parents} {exist_ok}");
    }
    assert!(!block_on(empty.is_mount()) && !block_on(empty.is_dir()));
    let here = fs::canonicalize(".").unwrap();
    assert_eq!(block_on(empty.resolve()).unwrap(), here);
    // Not even a temporary file was created and removed.
    assert_eq!(fs::metadata(".").unwrap().modified().unwrap(), long_ago);
}

#[test]
fn text_that_is_not_utf8() {
    let dir = Dir::new();
    for (contents, place) in [
        (&b"\xFF"[..], 0),
        (b"\xC3\xA9\xC3", 2),
        (b"abc\xED\xA0\x80", 3),
    ] {
        let path = dir.file("text", contents);
        let error = block_on(Path::new(&path).read_text()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let message = error.to_string();
        assert!(message.contains(&shown(&path)), "{message}");
        assert!(message.ends_with(&format!("at byte {place}")), "{message}");
        assert_eq!(PathError::of(&error).unwrap().path(), path);
    }
}

/// Methods that return a `bool` have no errors.
#[test]
fn plain_answers_are_false() {
    for name in [
        "missing",
        "file/below",
        "loop",
        "loop/below",
        "name\0with NUL",
        "LONG",
    ] {
        let dir = Dir::new();
        let path = Path::new(situation(&dir, name));
        let answers = block_on(async {
            [
                path.exists().await,
                path.is_file().await,
                path.is_dir().await,
                path.is_mount().await,
                path.is_socket().await,
                path.is_fifo().await,
                path.is_block_device().await,
                path.is_char_device().await,
                path.is_junction().await,
            ]
        });
        assert_eq!(answers, [false; 9], "{name}");
        assert_eq!(block_on(path.is_symlink()), name == "loop");
        unlock(&dir);
    }
}
