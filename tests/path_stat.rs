//! Queries and resolution against GNU `stat`, `test`, `readlink` and `realpath`, and Python's `pathlib`,
//! on a tree with links, loops, sockets, FIFOs and devices.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path as StdPath, PathBuf};
use std::process::Command;

use anyfile::{Path, PathError};
use futures_lite::future::block_on;

use common::{Dir, in_child, is_root, run_in_child};

/// A directory within a temporary one, since the entries of the shared directory change all the time.
struct Tree {
    dir: PathBuf,
    _parent: Dir,
}

impl Tree {
    fn path(&self) -> &StdPath {
        &self.dir
    }

    fn join(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

fn tree() -> Tree {
    let parent = Dir::new();
    let dir = Tree {
        dir: parent.join("tree"),
        _parent: parent,
    };
    for name in ["a/b/c", "a/d", "empty"] {
        fs::create_dir_all(dir.join(name)).unwrap();
    }
    for (name, contents) in [
        ("file", "12345"),
        ("a/file", ""),
        ("a/b/x", "x"),
        ("a/new\nline", ""),
    ] {
        fs::write(dir.join(name), contents).unwrap();
    }
    fs::hard_link(dir.join("file"), dir.join("hard")).unwrap();
    for (name, target) in [
        ("to_file", "file"),
        ("to_dir", "a/b"),
        ("to_dir_up", "a/b/.."),
        ("a/up", ".."),
        ("a/b/far", "../../empty"),
        ("chain", "chain2"),
        ("chain2", "a/../chain3"),
        ("chain3", "to_dir/x"),
        ("broken", "no/where"),
        ("broken_up", "no/../file"),
        ("to_broken", "broken"),
        ("self", "self"),
        ("loop1", "loop2"),
        ("loop2", "a/../loop1"),
        ("root", "/"),
        ("slash", "a/b/"),
        ("dot", "."),
        ("to_null", "/dev/null"),
        ("twice", "to_dir/../up/to_dir"),
    ] {
        symlink(target, dir.join(name)).unwrap();
    }
    symlink(dir.join("a"), dir.join("absolute")).unwrap();
    run("mkfifo", &[dir.join("fifo")]);
    drop(UnixListener::bind(dir.join("socket")).unwrap());
    if is_root() {
        run(
            "sh",
            &[
                "-c".into(),
                format!(
                    "cd '{}' && mknod block b 7 200 && mknod char c 1 3; true",
                    dir.path().display()
                )
                .into(),
            ],
        );
    } else {
        println!("no device nodes: only root may make them");
    }
    dir
}

fn run(program: &str, arguments: &[PathBuf]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns paths into the tree: every name, and every name with something after it.
fn paths(dir: &Tree) -> Vec<PathBuf> {
    fn collect(dir: &StdPath, names: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            names.push(entry.path());
            if entry.file_type().unwrap().is_dir() {
                collect(&entry.path(), names);
            }
        }
    }
    let mut names = vec![dir.path().to_path_buf(), dir.join("missing")];
    collect(dir.path(), &mut names);
    let mut paths = Vec::new();
    for name in names {
        for tail in [
            "",
            "/",
            "/.",
            "/..",
            "/../to_dir/..",
            "/x",
            "/no/../file",
            "/b/far/../..",
        ] {
            let mut path = name.clone().into_os_string();
            path.push(tail);
            paths.push(PathBuf::from(path));
        }
    }
    for path in [
        "/",
        "//",
        "/proc",
        "/dev",
        "/dev/null",
        "/proc/self/exe",
        "/..",
        "/no/such",
    ] {
        paths.push(path.into());
    }
    paths
}

/// Runs a shell script for each path, and returns what it prints for each.
fn script(body: &str, paths: &[PathBuf]) -> Vec<String> {
    let script = format!("for p; do {body}; echo; echo =end=; done 2>/dev/null");
    let mut arguments: Vec<PathBuf> = vec!["-c".into(), script.into(), "sh".into()];
    arguments.extend_from_slice(paths);
    let output = run("sh", &arguments);
    let mut answers: Vec<String> = output.split("\n=end=\n").map(str::to_owned).collect();
    assert_eq!(answers.pop().as_deref(), Some(""));
    assert_eq!(answers.len(), paths.len());
    answers
}

fn described(metadata: &Metadata) -> String {
    let kind = metadata.file_type();
    let kind = match kind {
        _ if kind.is_dir() => "directory",
        _ if kind.is_symlink() => "symbolic link",
        _ if kind.is_fifo() => "fifo",
        _ if kind.is_socket() => "socket",
        _ if kind.is_block_device() => "block special file",
        _ if kind.is_char_device() => "character special file",
        _ if metadata.len() == 0 => "regular empty file",
        _ => "regular file",
    };
    let (ino, links, len) = (metadata.ino(), metadata.nlink(), metadata.len());
    let (mode, modified) = (metadata.mode() & 0o7777, metadata.mtime());
    format!("{kind} {ino} {links} {len} {mode:o} {modified}")
}

#[test]
fn metadata_is_what_stat_prints() {
    let dir = tree();
    let paths: Vec<PathBuf> = paths(&dir)
        .into_iter()
        .filter(|path| !path.starts_with("/proc"))
        .collect();
    let followed = script(r#"stat -L -c '%F %i %h %s %a %Y' -- "$p""#, &paths);
    let unfollowed = script(r#"stat -c '%F %i %h %s %a %Y' -- "$p""#, &paths);
    let mut found = 0;
    for (path, (followed, unfollowed)) in paths.iter().zip(followed.iter().zip(&unfollowed)) {
        let ours = block_on(Path::new(path).metadata());
        found += usize::from(ours.is_ok());
        let ours = ours.as_ref().map(described).unwrap_or_default();
        assert_eq!(ours, followed.trim_end(), "{path:?}");
        let ours = block_on(Path::new(path).symlink_metadata());
        let ours = ours.as_ref().map(described).unwrap_or_default();
        assert_eq!(ours, unfollowed.trim_end(), "{path:?}");
    }
    assert!(
        found > 50 && found < paths.len() - 50,
        "{found} of {}",
        paths.len()
    );
}

#[test]
fn questions_are_answered_as_test_answers_them() {
    let dir = tree();
    let paths = paths(&dir);
    let answers = script(
        r#"for o in e f d L S p b c; do test -$o "$p" && printf $o; done; mountpoint -q "$p" && printf m"#,
        &paths,
    );
    let mut seen = std::collections::BTreeSet::new();
    for (path, expected) in paths.iter().zip(&answers) {
        let ours = Path::new(path);
        let ours = block_on(async {
            let mut answers = String::new();
            let mut note = |yes: bool, letter| answers.extend(yes.then_some(letter));
            note(ours.exists().await, 'e');
            note(ours.is_file().await, 'f');
            note(ours.is_dir().await, 'd');
            note(ours.is_symlink().await, 'L');
            note(ours.is_socket().await, 'S');
            note(ours.is_fifo().await, 'p');
            note(ours.is_block_device().await, 'b');
            note(ours.is_char_device().await, 'c');
            // `mountpoint` looks through a symbolic link; `pathlib` does not.
            note(
                ours.is_mount().await || ours.is_symlink().await && expected.contains('m'),
                'm',
            );
            answers
        });
        assert_eq!(ours, expected.trim_end(), "{path:?}");
        seen.extend(ours.chars());
    }
    let devices = if is_root() { "Lbcdefmp" } else { "Lcdefmp" };
    let seen: String = seen.into_iter().collect();
    assert!(
        devices.chars().all(|letter| seen.contains(letter)) && seen.contains('S'),
        "{seen}"
    );
}

#[test]
fn samefile_is_what_test_calls_the_same() {
    let dir = tree();
    let paths = paths(&dir);
    let file = dir.join("file");
    let script_body = format!(r#"test "$p" -ef '{}' && printf same"#, file.display());
    let mut same = 0;
    for (path, expected) in paths.iter().zip(script(&script_body, &paths)) {
        let ours = block_on(Path::new(path).samefile(&file));
        assert_eq!(ours.is_ok(), path.exists(), "{path:?}");
        let ours = ours.unwrap_or(false);
        assert_eq!(ours, expected.starts_with("same"), "{path:?}");
        same += usize::from(ours);
    }
    assert!(same >= 3, "{same}");
}

/// Returns `true` if the system found too many symbolic links. Each C library says that in its own words.
fn is_loop(error: &io::Error) -> bool {
    PathError::raw_os_error(error) == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[test]
fn resolution_is_realpaths_and_readlinks() {
    let dir = tree();
    let paths = paths(&dir);
    let existing = script(r#"realpath -e -- "$p""#, &paths);
    let last_missing = script(r#"readlink -f -- "$p""#, &paths);
    let missing = script(r#"realpath -m -- "$p""#, &paths);
    let links = script(r#"readlink -- "$p""#, &paths);
    let text = |path: Path| format!("{}\n", path.display());
    let [mut loops, mut canonical] = [0; 2];
    for (number, path) in paths.iter().enumerate() {
        // The kernel makes these links up for each process.
        if path.starts_with("/proc/self") {
            continue;
        }
        let ours = Path::new(path);
        let mut found = block_on(ours.canonicalize()).map(text).unwrap_or_default();
        if cfg!(target_env = "musl") && found.starts_with("//") {
            // Its realpath keeps two slashes at the beginning, as POSIX allows.
            found.remove(0);
        }
        assert_eq!(found, existing[number], "{path:?}");
        canonical += usize::from(!found.is_empty());

        // A link without an end has no name.
        let written = block_on(ours.read_link()).map(text).unwrap_or_default();
        assert_eq!(written, links[number], "{path:?}");

        match block_on(ours.resolve()).map(text) {
            Ok(resolved) => {
                assert_eq!(resolved, missing[number], "{path:?}");
                if !last_missing[number].is_empty() {
                    assert_eq!(resolved, last_missing[number], "{path:?}");
                }
            }
            Err(error) => {
                loops += 1;
                assert!(is_loop(&error), "{path:?}: {error}");
                assert_eq!(found, "", "{path:?}");
                let eloop = format!("{:?}", fs::metadata(path).unwrap_err().kind());
                assert_eq!(format!("{:?}", error.kind()), eloop, "{path:?}");
            }
        }
    }
    assert!(
        loops > 10 && canonical > 50,
        "{loops} loops, {canonical} canonical"
    );
}

/// A link into itself, for which GNU `realpath` never ends, and one that doubles the path at every step.
#[test]
fn links_that_grow() {
    let dir = Dir::new();
    symlink("a/../loop/x", dir.join("loop")).unwrap();
    let error = block_on(Path::new(dir.join("loop")).resolve()).unwrap_err();
    assert!(is_loop(&error), "{error}");

    fs::create_dir(dir.join("100")).unwrap();
    for number in 0..100 {
        let target = format!("{0}/../{0}", number + 1);
        symlink(target, dir.join(&number.to_string())).unwrap();
    }
    let resolved = block_on(Path::new(dir.join("0")).resolve()).unwrap();
    assert_eq!(resolved, fs::canonicalize(dir.join("100")).unwrap());
}

const PATHLIB: &str = r#"
import os, pathlib, sys
def answer(f):
    try:
        return str(f())
    except RuntimeError:
        return 'loop'
    except (OSError, KeyError) as e:
        return 'error'
for p in sys.argv[1:]:
    path = pathlib.Path(p)
    print(answer(path.resolve), path.absolute(),
          os.path.ismount(p), path.is_socket(), path.is_fifo(), path.is_block_device(),
          path.is_char_device(), answer(path.owner), answer(path.group), sep='\n', end='\n=end=\n')
"#;

/// The answers equal those of `pathlib` in a separate current directory. Only Python before 3.13 is asked, where a
/// loop is an error.
#[test]
fn pathlib_agrees() {
    const NAME: &str = "pathlib_agrees";
    if !in_child() {
        let dir = tree();
        fs::create_dir(dir.join("current")).unwrap();
        let output = run_in_child(NAME, &[("ANYFILE_TEST_DIR", dir.path().to_str().unwrap())]);
        print!("{output}");
        return;
    }
    let dir = PathBuf::from(std::env::var_os("ANYFILE_TEST_DIR").unwrap());
    std::env::set_current_dir(dir.join("current")).unwrap();
    let mut paths: Vec<PathBuf> = Vec::new();
    for name in fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
    {
        for tail in [
            "",
            "/..",
            "/x",
            "/no/../file",
            "/../to_dir/..",
            "/../a/up/to_dir",
        ] {
            let mut name = name.clone();
            name.push(tail);
            paths.push(StdPath::new("..").join(&name));
            paths.push(dir.join(&name));
        }
    }
    for path in [
        ".",
        "..",
        "new",
        "./new/../x",
        "../a//b/./c/",
        "/",
        "/dev/../dev/null",
    ] {
        paths.push(path.into());
    }
    let version = "import sys; sys.exit(not (3, 8) <= sys.version_info < (3, 13))";
    let known = Command::new("python3").args(["-c", version]).status();
    if !known.is_ok_and(|status| status.success()) {
        println!("skipped: there is no Python from 3.8 to 3.12 here");
        return;
    }
    let mut arguments: Vec<PathBuf> = vec!["-c".into(), PATHLIB.into()];
    arguments.extend_from_slice(&paths);
    let output = run("python3", &arguments);
    let mut answers: Vec<&str> = output.split("\n=end=\n").collect();
    answers.pop();
    assert_eq!(answers.len(), paths.len());
    let mut loops = 0;
    for (path, expected) in paths.iter().zip(answers) {
        let ours = Path::new(path);
        let text = |path: std::io::Result<Path>| match path {
            // As `pathlib` writes it.
            Ok(path) => path.to_posix().into_string().unwrap(),
            Err(error) if is_loop(&error) => "loop".to_owned(),
            Err(_) => "error".to_owned(),
        };
        let yes = |yes: bool| if yes { "True" } else { "False" }.to_owned();
        let answers = block_on(async {
            vec![
                text(ours.resolve().await),
                text(ours.absolute().await),
                yes(ours.is_mount().await),
                yes(ours.is_socket().await),
                yes(ours.is_fifo().await),
                yes(ours.is_block_device().await),
                yes(ours.is_char_device().await),
            ]
        });
        #[cfg(feature = "user-db")]
        let answers = {
            let names = block_on(async { [ours.owner().await, ours.group().await] });
            let names = names.map(|name| name.unwrap_or_else(|_| "error".to_owned()));
            [answers, names.into()].concat()
        };
        loops += usize::from(answers[0] == "loop");
        let mut expected: Vec<&str> = expected.split('\n').take(answers.len()).collect();
        // `pathlib` forgets a loop that is followed by `..`; the system does not.
        if fs::metadata(path).is_err_and(|error| is_loop(&error)) {
            expected[0] = "loop";
        }
        assert_eq!(answers, expected, "{path:?}");
    }
    assert!(loops > 5, "{loops}");
}

/// `expanduser` finds the same home directories as the shell.
#[test]
fn expanduser_is_the_shells() {
    const NAME: &str = "expanduser_is_the_shells";
    let expand = |path: &str| block_on(Path::new(path).expanduser());
    if !in_child() {
        run_in_child(NAME, &[("HOME", "/some/home/")]);
        run_in_child(NAME, &[("HOME", "")]);
        return;
    }
    let home = std::env::var("HOME").unwrap();
    for path in ["a/~", "/~", "./~", "", ".", "/a", "a~"] {
        assert_eq!(expand(path).unwrap().as_os_str(), path);
    }
    if home.is_empty() {
        // The result depends on the user database, but is never a relative path.
        match expand("~/x") {
            Ok(path) => assert!(path.is_absolute(), "{path:?}"),
            Err(error) => assert!(error.to_string().contains("`~/x`"), "{error}"),
        }
        return;
    }
    assert_eq!(expand("~").unwrap(), "/some/home");
    assert_eq!(expand("~/a/../b").unwrap().as_os_str(), "/some/home/a/../b");
    assert_eq!(block_on(Path::home()).unwrap(), "/some/home");
    let other = expand("~root/x");
    if cfg!(feature = "user-db") {
        let shell = run("sh", &["-c".into(), "printf %s ~root".into()]);
        assert_eq!(other.unwrap(), format!("{shell}/x").as_str());
        assert_eq!(
            expand("~no such user").unwrap_err().kind(),
            std::io::ErrorKind::NotFound
        );
    } else {
        assert_eq!(other.unwrap_err().kind(), std::io::ErrorKind::Unsupported);
    }
}
