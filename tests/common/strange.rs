//! A tree of all that a directory stream may meet, and what Python finds in it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::Dir;

/// Names that something may take for something else.
const NAMES: &[&[u8]] = &[
    b"new\nline",
    b"with space",
    b" before",
    b"behind ",
    b"[x]",
    b"*",
    b"**",
    b"?",
    b"a*b",
    b"back\\slash",
    "é".as_bytes(),
    "e\u{301}".as_bytes(),
    b"caf\xE9",
    b"\xFF\xFE",
    b"-dash",
    b"~",
    b"%41",
    b"...",
    b"..a",
    b"a..",
    b".hidden",
    b"UPPER",
    b"upper",
    b"main.rs",
    b"MAIN.RS",
    b"x]y",
    b"{a,b}",
];

/// Directories, files and links; each path below the root.
pub(crate) struct Tree(Dir);

impl Tree {
    /// Creates a tree in which every user may read everything.
    pub(crate) fn new() -> Tree {
        let tree = Tree(Dir::new());
        for dir in [
            "../other/a",
            "a/b/c/d",
            "a/.hidden/c",
            "b/a/b",
            "empty",
            "wide",
            "t/a/a/b",
        ] {
            tree.dir(dir);
        }
        for name in NAMES {
            tree.file(PathBuf::from("names").join(OsStr::from_bytes(name)));
        }
        for name in [&b"di\nr"[..], b"[y]", b"\xFFdir", b".dir", "é".as_bytes()] {
            tree.file(
                PathBuf::from("dirs")
                    .join(OsStr::from_bytes(name))
                    .join("main.rs"),
            );
        }
        tree.file(PathBuf::from("names").join("x".repeat(255)));
        for number in 0..60 {
            tree.file(format!("wide/{number:02}.txt"));
        }
        for file in ["a/x", "a/b/main.rs", "a/b/c/x", "a/b/c/d/lib.rs", "b/x"] {
            tree.file(file);
        }
        let deep: PathBuf = (0..25).map(|level| format!("deep{}", level % 3)).collect();
        tree.file(deep.join("main.rs"));
        for (link, target) in [
            ("a/to-file", "x"),
            ("a/a", "../t"),
            ("b/to-a", "../a"),
            ("broken", "nothing"),
            ("a/b/broken", "x/y"),
            ("self", "self"),
            ("b/one", "two"),
            ("b/two", "one"),
            ("loop", "."),
            ("a/b/up", ".."),
            ("a/b/c/far", "../../../b"),
            ("names/link to dir", "../dirs"),
        ] {
            symlink(target, tree.join(link)).expect(link);
        }
        let fifo = Command::new("mkfifo").arg(tree.join("b/fifo")).status();
        assert!(fifo.expect("mkfifo").success());
        tree
    }

    /// As [`new`](Tree::new), with directories that may not be listed, or not be entered, or neither.
    pub(crate) fn with_locks() -> Tree {
        let tree = Tree::new();
        for (dir, mode) in [
            ("closed", 0o000),
            ("listed", 0o444),
            ("entered", 0o311),
            ("a/b/closed", 0o000),
        ] {
            tree.file(format!("{dir}/in/x"));
            tree.file(format!("{dir}/main.rs"));
            symlink("in", tree.join(dir).join("to-in")).expect(dir);
            fs::set_permissions(tree.join(dir), Permissions::from_mode(mode)).expect(dir);
        }
        tree
    }

    /// Returns the root of the tree.
    pub(crate) fn root(&self) -> PathBuf {
        self.0.join("root")
    }

    pub(crate) fn join(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn dir(&self, path: impl AsRef<Path>) {
        let path = self.join(path);
        fs::create_dir_all(&path).unwrap_or_else(|e| panic!("create {path:?}: {e}"));
    }

    /// Makes a file, and the directories above it.
    pub(crate) fn file(&self, path: impl AsRef<Path>) {
        let path = self.join(path);
        let made = fs::create_dir_all(path.parent().expect("a parent"));
        made.and_then(|()| fs::write(&path, "contents"))
            .unwrap_or_else(|e| panic!("write {path:?}: {e}"));
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let mut unlock = Command::new("chmod");
        let _ = unlock.args(["-R", "u+rwX"]).arg(self.root()).output();
    }
}

/// Returns the cells of each row that `dir_oracle.py` prints for these arguments, or prints why Python does not
/// start.
pub(crate) fn ask_python(arguments: &[OsString]) -> Option<Vec<Vec<OsString>>> {
    ask_python_about(arguments, &[])
}

/// As [`ask_python`], with rows that it reads.
pub(crate) fn ask_python_about(
    arguments: &[OsString],
    rows: &[Vec<OsString>],
) -> Option<Vec<Vec<OsString>>> {
    // A user without privileges may not see where the script is.
    let script = include_str!("../dir_oracle.py");
    let python = Command::new("python3")
        .args(["-c", script])
        .args(arguments)
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match python {
        Ok(child) => child,
        Err(error) => {
            println!("skipped: python3 does not start: {error}");
            return None;
        }
    };
    let mut input = child.stdin.take().expect("a pipe");
    let rows: String = rows.iter().map(|row| to_hex(row)).collect();
    let output = thread::scope(|scope| {
        // It answers while it reads.
        scope.spawn(move || input.write_all(rows.as_bytes()));
        child.wait_with_output().expect("what python3 says")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let rows = String::from_utf8(output.stdout).expect("hexadecimal digits");
    Some(rows.lines().map(cells).collect())
}

fn cells(row: &str) -> Vec<OsString> {
    row.split('\t').map(from_hex).collect()
}

fn to_hex(row: &[OsString]) -> String {
    let hex = |byte: &u8| format!("{byte:02x}");
    let cell = |cell: &OsString| cell.as_bytes().iter().map(hex).collect::<String>();
    row.iter().map(cell).collect::<Vec<_>>().join("\t") + "\n"
}

fn from_hex(cell: &str) -> OsString {
    let byte = |at| u8::from_str_radix(&cell[at..at + 2], 16).expect("two digits");
    OsString::from_vec((0..cell.len()).step_by(2).map(byte).collect())
}

/// Returns the paths that GNU `find` prints for these arguments and `-print0`, or `None` if it is another `find`.
pub(crate) fn ask_find(arguments: &[&OsStr]) -> Option<Vec<PathBuf>> {
    let version = Command::new("find").arg("--version").output();
    if !version.is_ok_and(|output| output.stdout.starts_with(b"find (GNU")) {
        println!("skipped: find is not GNU's");
        return None;
    }
    let mut find = Command::new("find");
    let output = find.args(arguments).arg("-print0").output().expect("find");
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in output.stdout.split(|&byte| byte == 0) {
        paths.push(OsStr::from_bytes(path).into());
    }
    paths.pop();
    Some(paths)
}
