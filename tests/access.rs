//! Replacing, copying or moving a file gives no user more access than before.
//!
//! `--nocapture` prints tables of each user's access after each operation of this crate, coreutils and sed.

#![cfg(target_os = "linux")]

mod common;

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path as StdPath, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use anyfile::Path;
use futures_lite::future::block_on;
use rustix::fs::{XattrFlags, getxattr, setxattr};
use rustix::io::Errno;
use tempfile::TempDir;

use common::{Dir, contents, elsewhere, is_root, mode, noise, set_mode};

const OWNER: u32 = 61001;
const NAMED: u32 = 61003;
/// The group of the file.
const TEAM: u32 = 62001;
/// The group of the directory, or of the writer.
const PEERS: u32 = 62002;
/// A user without special rights.
const WRITER: u32 = 65534;

/// The users who try to open a file: a name for the table, the user, the group.
const SUBJECTS: [(&str, u32, u32); 5] = [
    ("owner", OWNER, OWNER),
    ("named", NAMED, NAMED),
    ("team", 61004, TEAM),
    ("peers", 61005, PEERS),
    ("other", 61009, 61009),
];

const ACL: &str = "system.posix_acl_access";
const DEFAULT_ACL: &str = "system.posix_acl_default";

/// Returns an access control list as the kernel takes it, with one named user.
fn list(user: u16, named: u16, group: u16, mask: u16, other: u16) -> Vec<u8> {
    let nobody = u32::MAX;
    let entries = [
        (0x01_u16, user, nobody),
        (0x02, named, NAMED),
        (0x04, group, nobody),
        (0x10, mask, nobody),
        (0x20, other, nobody),
    ];
    let entry = |(tag, access, id): (u16, u16, u32)| {
        let parts = [tag.to_le_bytes(), access.to_le_bytes()].concat();
        [parts, id.to_le_bytes().to_vec()].concat()
    };
    let entries = entries.map(entry).concat();
    [2_u32.to_le_bytes().to_vec(), entries].concat()
}

/// Returns `true` if the mask of such a list allows the named user anything.
fn allows(list: &[u8]) -> bool {
    let mut entries = list[4..].chunks(8);
    entries.any(|entry| entry[0] == 0x10 && entry[2] != 0)
}

fn attribute(path: &StdPath, name: &str) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0; 1 << 16];
    let len = getxattr(path, name, &mut value[..])?;
    value.truncate(len);
    Ok(value)
}

fn set_attribute(path: &StdPath, name: &str, value: &[u8]) -> Result<(), Errno> {
    setxattr(path, name, value, XattrFlags::empty())
}

/// Returns `true` if the filesystem of `dir` has access control lists, and prints a line if not.
fn has_lists(dir: &StdPath) -> bool {
    let file = dir.join("probe");
    fs::write(&file, "").unwrap();
    let set = set_attribute(&file, ACL, &list(6, 6, 0, 6, 0));
    fs::remove_file(&file).unwrap();
    if let Err(errno) = set {
        println!("skipped: no access control lists in {dir:?}: {errno}");
    }
    set.is_ok()
}

/// Creates a directory that every user can search, on the filesystem of `parent`.
fn open_dir(parent: &StdPath) -> TempDir {
    searchable(tempfile::tempdir_in(parent).unwrap())
}

fn searchable(dir: TempDir) -> TempDir {
    set_mode(dir.path(), 0o755);
    dir
}

/// A filesystem without access control lists, which is unmounted on drop.
struct Ramfs(TempDir);

impl Ramfs {
    fn new() -> Option<Ramfs> {
        let dir = open_dir(&std::env::temp_dir());
        let mut mount = Command::new("mount");
        let mounted = mount
            .args(["-t", "ramfs", "ramfs"])
            .arg(dir.path())
            .output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            println!("skipped: a ramfs cannot be mounted");
            return None;
        }
        Some(Ramfs(dir))
    }
}

impl Drop for Ramfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Copies this program to where every user can run it, or prints why other users cannot be tested.
fn for_other_users() -> Option<(TempDir, PathBuf)> {
    if !is_root() {
        println!("skipped: only root may act as other users");
        return None;
    }
    let probe = By::Writer("65534").command().arg("true").output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: setpriv does not work here");
        return None;
    }
    let dir = open_dir(&std::env::temp_dir());
    let program = dir.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    set_mode(&program, 0o755);
    if access(&program, 61009, 61009) != "r" {
        println!("skipped: other users cannot get to {dir:?}");
        return None;
    }
    Some((dir, program))
}

/// Returns how a user can open `path`: `r`, `w`, both or nothing.
fn access(path: &StdPath, user: u32, group: u32) -> String {
    let script = r#"(: <"$0") 2>/dev/null && printf r; (: >>"$0") 2>/dev/null && printf w; :"#;
    let mut shell = Command::new("sh");
    // It has no other groups: std drops them.
    let output = shell
        .args(["-c", script])
        .arg(path)
        .uid(user)
        .gid(group)
        .output();
    let output = output.expect("a shell");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The access of each of the [`SUBJECTS`].
type Accesses = [String; SUBJECTS.len()];

fn accesses(path: &StdPath) -> Accesses {
    SUBJECTS.map(|(_, user, group)| access(path, user, group))
}

/// Returns `true` if every right of every user is also in one of the others.
fn is_within(accesses: &Accesses, others: &[&Accesses]) -> bool {
    let allowed = |subject: usize, right| others.iter().any(|other| other[subject].contains(right));
    (0..accesses.len()).all(|subject| {
        accesses[subject]
            .chars()
            .all(|right| allowed(subject, right))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    WriteAtomic,
    PlainCopy,
    FullCopy,
    Move,
    Cp,
    CpA,
    Mv,
    SedI,
}

use Operation::{Cp, CpA, FullCopy, Move, Mv, PlainCopy, SedI, WriteAtomic};

impl Operation {
    const ALL: [Operation; 8] = [WriteAtomic, SedI, PlainCopy, Cp, FullCopy, CpA, Move, Mv];

    fn name(self) -> &'static str {
        match self {
            WriteAtomic => "write_atomic",
            PlainCopy => "copy",
            FullCopy => "copy, metadata",
            Move => "move_to",
            Cp => "cp",
            CpA => "cp -a",
            Mv => "mv",
            SedI => "sed -i",
        }
    }

    fn is_in_place(self) -> bool {
        matches!(self, WriteAtomic | SedI)
    }

    fn is_ours(self) -> bool {
        matches!(self, WriteAtomic | PlainCopy | FullCopy | Move)
    }

    /// Returns the shell script of an operation of another program, with `from` as `$0` and `to` as `$1`, or
    /// `None` for one of this crate.
    fn program(self) -> Option<&'static str> {
        match self {
            Cp => Some(r#"cp "$0" "$1""#),
            CpA => Some(r#"cp -a "$0" "$1""#),
            Mv => Some(r#"mv "$0" "$1""#),
            SedI => Some(r#"sed -i s/old/new/ "$0""#),
            _ => None,
        }
    }

    /// Runs an operation of this crate, in this process.
    fn call(self, from: &StdPath, to: &StdPath) -> std::io::Result<()> {
        let from = Path::new(from);
        match self {
            WriteAtomic => block_on(from.write_atomic("new")),
            PlainCopy => block_on(async { from.copy(to).await.map(drop) }),
            FullCopy => block_on(async { from.copy(to).preserve_metadata(true).await.map(drop) }),
            Move => block_on(async { from.move_to(to).await.map(drop) }),
            _ => unreachable!("not ours"),
        }
    }
}

/// The user who runs an operation: root, or the writer with its groups besides that of the peers.
#[derive(Debug, Clone, Copy)]
enum By {
    Root,
    Writer(&'static str),
}

impl By {
    /// Returns a `setpriv` command that runs as this user. The caller adds the program and its arguments.
    fn command(self) -> Command {
        let mut command = Command::new("setpriv");
        if let By::Writer(groups) = self {
            command.args([format!("--reuid={WRITER}"), format!("--regid={PEERS}")]);
            command.arg(format!("--groups={groups}"));
        }
        command
    }

    fn carries_out(self, operation: Operation, from: &StdPath, to: &StdPath, program: &StdPath) {
        let output = match (operation.program(), self) {
            (None, By::Root) => return operation.call(from, to).unwrap(),
            (None, By::Writer(_)) => {
                let mut command = self.command();
                command.arg(program);
                command.args(["--exact", "the_writer", "--nocapture"]);
                command.env("ANYFILE_TEST_OPERATION", operation.name());
                command
                    .env("ANYFILE_TEST_FROM", from)
                    .env("ANYFILE_TEST_TO", to);
                let output = command.output().unwrap();
                assert!(output.status.success(), "{operation:?} {output:?}");
                return;
            }
            (Some(script), _) => {
                let script = format!("umask 0; {script}");
                self.command()
                    .args(["sh", "-c", &script])
                    .arg(from)
                    .arg(to)
                    .output()
            }
        };
        // Some programs fail if they cannot keep an attribute.
        output.unwrap();
    }
}

/// The child of the tests below.
#[test]
fn the_writer() {
    let Ok(name) = std::env::var("ANYFILE_TEST_OPERATION") else {
        return;
    };
    let mut operations = Operation::ALL.into_iter();
    let operation = operations
        .find(|operation| operation.name() == name)
        .unwrap();
    let [from, to] = ["FROM", "TO"].map(|end| {
        let path = std::env::var_os(format!("ANYFILE_TEST_{end}"));
        PathBuf::from(path.unwrap())
    });
    operation.call(&from, &to).unwrap();
}

/// A file that is replaced, copied and moved, and the access that users must have to the result.
#[derive(Clone)]
struct Case {
    name: &'static str,
    by: By,
    /// Sets up the file. It is neither open nor copied by then.
    file: fn(&StdPath),
    /// Sets up the directory that the new file comes into.
    dir: fn(&StdPath),
    operations: &'static [Operation],
    /// Where copies go, if not to another directory nearby; what is moved goes to another filesystem anyway.
    target: Option<PathBuf>,
    /// The access after operations of this crate that promise more than that no user gains access.
    expected: &'static [(Operation, [&'static str; 5])],
}

impl Case {
    /// Prints a table.
    fn check(&self) {
        let Some((_programs, program)) = for_other_users() else {
            return;
        };
        println!(
            "\n| {} | {} |",
            self.name,
            SUBJECTS.map(|(name, ..)| name).join(" | ")
        );
        println!("| --- |{}", " --- |".repeat(SUBJECTS.len()));
        let row = |name: &str, accesses: &Accesses| {
            let cells = accesses
                .iter()
                .map(|access| if access.is_empty() { "–" } else { access });
            println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
        };
        let before = Cell::new(None);
        let run = |operation: Operation| {
            let (original, outcome) = self.run(operation, &program)?;
            if let Some(known) = before.replace(Some(original.clone())) {
                assert_eq!(known, original, "{}: {operation:?}", self.name);
            } else {
                row("before", &original);
            }
            row(operation.name(), &outcome);
            Some((original, outcome))
        };
        for operation in self.operations.iter().copied() {
            let Some((original, outcome)) = run(operation) else {
                continue;
            };
            if !operation.is_ours() {
                continue;
            }
            let what = format!("{}: {operation:?} {original:?} {outcome:?}", self.name);
            let expected = self
                .expected
                .iter()
                .find(|(expected, _)| *expected == operation);
            match (operation, expected) {
                (_, Some((_, expected))) => {
                    assert_eq!(outcome, expected.map(String::from), "{what}")
                }
                // A plain copy gives the same access as one by cp.
                (PlainCopy, None) => {
                    let (_, theirs) = run(Cp).unwrap();
                    assert!(
                        is_within(&outcome, &[&original, &theirs]),
                        "{what} {theirs:?}"
                    );
                }
                _ => assert!(is_within(&outcome, &[&original]), "{what}"),
            }
        }
    }

    /// Runs the operation, and returns the access before and after.
    fn run(&self, operation: Operation, program: &StdPath) -> Option<(Accesses, Accesses)> {
        let near = std::env::temp_dir();
        let source = open_dir(&near);
        let target = match (&self.target, operation) {
            (Some(dir), _) => open_dir(dir),
            (None, Move | Mv) => searchable(elsewhere()?),
            (None, _) => open_dir(&near),
        };
        for dir in [&source, &target] {
            set_mode(dir.path(), 0o777);
        }
        let (from, to) = (source.path().join("file"), target.path().join("file"));
        fs::write(&from, "old").unwrap();
        (self.file)(&from);
        let before = accesses(&from);
        let outcome = if operation.is_in_place() { &from } else { &to };
        (self.dir)(outcome.parent().unwrap());
        self.by.carries_out(operation, &from, &to, program);
        Some((before, accesses(outcome)))
    }
}

/// Sets an owner, a group and a mode.
fn own(path: &StdPath, user: u32, group: u32, mode: u32) {
    chown(path, Some(user), Some(group)).unwrap();
    set_mode(path, mode);
}

fn nothing(_: &StdPath) {}

/// Sets a list that denies the group what the mode seems to allow.
fn with_named_user(path: &StdPath) {
    own(path, OWNER, TEAM, 0o600);
    set_attribute(path, ACL, &list(6, 6, 0, 6, 0)).unwrap();
    assert_eq!(mode(path), 0o660);
}

/// Sets a list that denies one user what all others may do.
fn with_denied_user(path: &StdPath) {
    own(path, OWNER, TEAM, 0o600);
    set_attribute(path, ACL, &list(6, 0, 4, 6, 4)).unwrap();
    assert_eq!(mode(path), 0o664);
}

fn for_the_team(path: &StdPath) {
    own(path, OWNER, TEAM, 0o640);
}

fn inherits_a_named_user(dir: &StdPath) {
    set_attribute(dir, DEFAULT_ACL, &list(7, 6, 5, 7, 5)).unwrap();
}

fn hands_on_its_group(dir: &StdPath) {
    own(dir, 0, PEERS, 0o2777);
}

#[test]
fn a_list() {
    if !has_lists(Dir::new().path()) {
        return;
    }
    let case = Case {
        name: "ACL `user:named:rw, group::-, other::-`",
        by: By::Root,
        file: with_named_user,
        dir: nothing,
        operations: &Operation::ALL,
        target: None,
        expected: &[
            (WriteAtomic, ["rw", "rw", "", "", ""]),
            (Move, ["rw", "rw", "", "", ""]),
            (PlainCopy, ["", "", "", "", ""]),
            (FullCopy, ["", "rw", "", "", ""]),
        ],
    };
    case.check();
    let name = "ACL `user:named:-, group::r, other::r`";
    const DENIED: [&str; 5] = ["rw", "", "r", "r", "r"];
    Case {
        name,
        file: with_denied_user,
        expected: &[(WriteAtomic, DENIED), (Move, DENIED)],
        ..case.clone()
    }
    .check();
}

#[test]
fn a_list_where_the_target_has_none() {
    if !is_root() || !has_lists(Dir::new().path()) {
        return println!("skipped: only root may mount a filesystem without lists");
    }
    let Some(ramfs) = Ramfs::new() else { return };
    let case = Case {
        name: "ACL `user:named:rw, group::-, other::-` to ramfs",
        by: By::Root,
        file: with_named_user,
        dir: nothing,
        operations: &[PlainCopy, Cp, FullCopy, CpA, Move, Mv],
        target: Some(ramfs.0.path().to_owned()),
        expected: &[(Move, ["rw", "", "", "", ""])],
    };
    case.check();
    let name = "ACL `user:named:-, group::r, other::r` to ramfs";
    let (file, expected) = (with_denied_user, &[(Move, ["rw", "", "", "", ""])]);
    Case {
        name,
        file,
        expected,
        ..case.clone()
    }
    .check();
}

#[test]
fn a_default_list_of_the_directory() {
    if !has_lists(Dir::new().path()) {
        return;
    }
    let case = Case {
        name: "0640 into a directory with default ACL `user:named:rw`",
        by: By::Root,
        file: for_the_team,
        dir: inherits_a_named_user,
        operations: &Operation::ALL,
        target: None,
        expected: &[
            (WriteAtomic, ["rw", "", "r", "", ""]),
            (Move, ["rw", "", "r", "", ""]),
            (FullCopy, ["", "", "", "", ""]),
        ],
    };
    case.check();
}

#[test]
fn a_set_group_id_directory() {
    let case = Case {
        name: "0640 into a set-group-id directory of the peers",
        by: By::Root,
        file: for_the_team,
        dir: hands_on_its_group,
        operations: &Operation::ALL,
        target: None,
        expected: &[
            (WriteAtomic, ["rw", "", "r", "", ""]),
            (Move, ["rw", "", "r", "", ""]),
            (FullCopy, ["", "", "", "", ""]),
        ],
    };
    case.check();
}

/// The writer is one of the peers, and none of the team.
#[test]
fn a_refused_group() {
    let case = Case {
        name: "0640, the group refused",
        by: By::Writer("65534"),
        file: for_the_team,
        dir: nothing,
        // The writer may not read it.
        operations: &[WriteAtomic],
        target: None,
        expected: &[(WriteAtomic, ["", "", "", "", ""])],
    };
    case.check();
    let readable: fn(&StdPath) = |path| own(path, OWNER, TEAM, 0o664);
    const READS: [&str; 5] = ["r", "r", "r", "r", "r"];
    Case {
        name: "0664, the group refused",
        file: readable,
        operations: &Operation::ALL,
        expected: &[(WriteAtomic, READS), (FullCopy, READS), (Move, READS)],
        ..case.clone()
    }
    .check();
    let denied: fn(&StdPath) = |path| own(path, OWNER, TEAM, 0o604);
    Case {
        name: "0604, the group refused",
        file: denied,
        operations: &Operation::ALL,
        ..case.clone()
    }
    .check();
}

/// The writer is one of the team, and one of the peers in the first place.
#[test]
fn a_refused_owner() {
    let case = Case {
        name: "0640, the owner refused",
        by: By::Writer("62001"),
        file: for_the_team,
        dir: nothing,
        operations: &Operation::ALL,
        target: None,
        expected: &[
            (WriteAtomic, ["", "", "r", "", ""]),
            (Move, ["", "", "r", "", ""]),
            (FullCopy, ["", "", "", "", ""]),
        ],
    };
    case.check();
    if !has_lists(Dir::new().path()) {
        return;
    }
    let named: fn(&StdPath) = |path| {
        own(path, OWNER, TEAM, 0o600);
        set_attribute(path, ACL, &list(6, 6, 4, 6, 0)).unwrap();
    };
    Case {
        name: "ACL `user:named:rw, group::r, other::-`, the owner refused",
        file: named,
        expected: &[
            (WriteAtomic, ["", "rw", "r", "", ""]),
            (Move, ["", "rw", "r", "", ""]),
            (FullCopy, ["", "rw", "", "", ""]),
        ],
        ..case.clone()
    }
    .check();
}

/// The set-user-ID bit is not kept if the new file has another owner.
#[test]
fn a_set_user_id_program_of_another_owner() {
    let Some((_programs, program)) = for_other_users() else {
        return;
    };
    // A member of the team may keep the group.
    for groups in ["65534", "62001"] {
        let dir = open_dir(&std::env::temp_dir());
        set_mode(dir.path(), 0o777);
        let file = dir.path().join("file");
        fs::write(&file, "old").unwrap();
        own(&file, OWNER, TEAM, 0o6755);
        By::Writer(groups).carries_out(WriteAtomic, &file, &file, &program);
        assert_eq!(contents(&file), b"new");
        assert_eq!(mode(&file), 0o755);
    }
}

/// Users other than root can keep the lists of their own files.
#[test]
fn a_list_of_ones_own_file() {
    let dir = Dir::new();
    if !has_lists(dir.path()) {
        return;
    }
    let wanted = list(6, 6, 0, 6, 0);
    let file = dir.file("file", "old");
    set_attribute(&file, ACL, &wanted).unwrap();
    for mode_of_file in [0o660, 0o460, 0o440] {
        set_mode(&file, mode_of_file);
        let wanted = attribute(&file, ACL).unwrap();
        block_on(Path::new(&file).write_atomic("new")).unwrap();
        assert_eq!(attribute(&file, ACL).unwrap(), wanted);
        assert_eq!(mode(&file), mode_of_file);
    }

    // A file without a list loses an inherited one when it is replaced. A new file keeps it.
    let plain = dir.file("plain", "old");
    set_mode(&plain, 0o640);
    set_attribute(dir.path(), DEFAULT_ACL, &list(7, 6, 5, 7, 5)).unwrap();
    block_on(Path::new(&plain).write_atomic("new")).unwrap();
    assert_eq!(attribute(&plain, ACL), Err(Errno::NODATA));
    assert_eq!(mode(&plain), 0o640);
    let new = dir.join("new");
    block_on(Path::new(&new).write_atomic("new")).unwrap();
    fs::write(dir.join("theirs"), "new").unwrap();
    assert_eq!(attribute(&new, ACL), attribute(&dir.join("theirs"), ACL));
    assert!(attribute(&new, ACL).is_ok());
    assert_eq!(mode(&new), mode(dir.join("theirs")));
}

/// A copy with metadata keeps the lists of directories, and their default lists.
#[test]
fn lists_of_a_tree() {
    let dir = Dir::new();
    if !has_lists(dir.path()) {
        return;
    }
    for name in ["source", "source/listed", "source/plain", "targets"] {
        fs::create_dir(dir.join(name)).unwrap();
    }
    let (access, default) = (list(7, 7, 0, 7, 0), list(7, 5, 5, 5, 0));
    set_attribute(&dir.join("source/listed"), ACL, &access).unwrap();
    set_attribute(&dir.join("source/listed"), DEFAULT_ACL, &default).unwrap();
    dir.file("source/listed/file", "x");
    dir.file("source/plain/file", "x");
    set_mode(dir.join("source/plain"), 0o750);
    set_attribute(&dir.join("targets"), DEFAULT_ACL, &list(7, 6, 5, 7, 5)).unwrap();

    let target = dir.join("targets/all");
    let source = Path::new(dir.join("source"));
    block_on(async { source.copy(&target).preserve_metadata(true).await }).unwrap();
    for name in ["", "listed", "plain", "listed/file", "plain/file"] {
        let (from, to) = (dir.join("source").join(name), target.join(name));
        for attribute_name in [ACL, DEFAULT_ACL] {
            let [wanted, found] = [&from, &to].map(|path| attribute(path, attribute_name));
            assert_eq!(found, wanted, "{attribute_name} of {name}");
        }
        assert_eq!(mode(&to), mode(&from), "{name}");
    }

    let plain = dir.join("plain");
    block_on(async { source.copy(&plain).await }).unwrap();
    // The group and all others were denied, whatever the mode of the source seems to say.
    assert_eq!(mode(dir.join("source/listed")), 0o770);
    assert_eq!(mode(plain.join("listed")), 0o700);
    assert_eq!(attribute(&plain.join("listed"), ACL), Err(Errno::NODATA));
    assert_eq!(mode(plain.join("plain")), 0o750);
}

/// At any time while a file is replaced, a new file is open to its owner only or has its final permissions.
#[test]
fn a_replaced_file_at_any_time() {
    let dir = Dir::new();
    let file = dir.file("file", "old");
    set_mode(&file, 0o640);
    // The inherited list would give the named user access to every new file.
    let _ = set_attribute(dir.path(), DEFAULT_ACL, &list(7, 6, 5, 7, 5));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = || {
            let mut seen = std::collections::BTreeSet::new();
            while !done.load(Ordering::Relaxed) {
                let names = fs::read_dir(dir.path()).unwrap().flatten();
                let temporary = names.filter(|entry| *entry.file_name() != *"file");
                for path in temporary.map(|entry| entry.path()) {
                    let found = fs::metadata(&path).map(|found| found.mode() & 0o7777);
                    let named = attribute(&path, ACL).is_ok_and(|list| allows(&list));
                    seen.extend(found.map(|mode| (format!("{mode:o}"), named)));
                }
            }
            seen
        };
        let watcher = scope.spawn(watch);
        for _ in 0..200 {
            block_on(Path::new(&file).write_atomic(vec![b'x'; 1 << 20])).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        let seen = watcher.join().unwrap();
        println!("{seen:?}");
        assert!(!seen.is_empty());
        let allowed = |(mode, _): &(String, bool)| ["600", "640"].contains(&mode.as_str());
        assert!(seen.iter().all(allowed), "{seen:?}");
        // Some filesystems set the mode before the list is gone: by then, it must allow nothing.
        assert!(seen.iter().all(|(_, named)| !named), "{seen:?}");
    });
}

/// A copy is open to its owner only until it is complete, even if every user may read the source, since that
/// may change at any time.
#[test]
fn a_copy_at_any_time() {
    let dir = Dir::new();
    let source = dir.file("source", noise(96 << 20));
    set_mode(&source, 0o640);
    dir.file("there", "old");
    set_mode(dir.join("there"), 0o666);
    let looks = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    for (name, all) in [("plain", false), ("all", true), ("there", false)] {
        let target = dir.join(name);
        let (watched, notes) = (target.clone(), looks.clone());
        let copy = Path::new(&source).copy(&target).preserve_metadata(all);
        let copy = copy.on_progress(move |progress| {
            if progress.done.entries == 0 {
                notes.lock().unwrap().push(format!("{:o}", mode(&watched)));
            }
        });
        block_on(copy).unwrap();
        let seen = std::mem::take(&mut *looks.lock().unwrap());
        assert!(!seen.is_empty(), "{name}");
        assert!(seen.iter().all(|mode| mode == "600"), "{name}: {seen:?}");
        assert_eq!(mode(&target), 0o640, "{name}");
        fs::remove_file(&target).unwrap();
    }
}

/// Extended attributes are kept, as when the file is written in place. Capabilities of the old contents go.
#[test]
fn attributes_of_a_replaced_file() {
    let dir = Dir::new();
    let [ours, theirs] = ["ours", "theirs"].map(|name| dir.file(name, "old"));
    // The capability to bind low ports, in the kernel's format.
    let rights = [0, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let attributes: [(&str, &[u8]); 5] = [
        ("user.comment", b"kept"),
        ("user.empty", b""),
        ("trusted.mark", b"kept"),
        ("security.mark", b"kept"),
        ("security.capability", &rights),
    ];
    let mut set = Vec::new();
    for (name, value) in attributes {
        let result = [&ours, &theirs].map(|path| set_attribute(path, name, value));
        match result {
            [Ok(()), Ok(())] => set.push(name),
            _ => println!("skipped: {name}: {result:?}"),
        }
    }
    set_mode(&ours, 0o444);
    block_on(Path::new(&ours).write_atomic("new")).unwrap();
    block_on(Path::new(&theirs).write_bytes("new")).unwrap();
    for name in set {
        let [ours, theirs] = [&ours, &theirs].map(|path| attribute(path, name));
        assert_eq!(ours, theirs, "{name}");
        assert_eq!(ours.is_ok(), name != "security.capability", "{name}");
    }
    assert_eq!(mode(&ours), 0o444);
}

/// A file that the process may replace and not read.
#[test]
fn a_file_that_cannot_be_read() {
    if !has_lists(Dir::new().path()) {
        return;
    }
    let listed: fn(&StdPath) = |path| {
        own(path, OWNER, TEAM, 0o600);
        set_attribute(path, ACL, &list(6, 6, 0, 6, 0)).unwrap();
    };
    Case {
        name: "ACL `user:named:rw, group::-, other::-`, the owner refused, not readable",
        by: By::Writer("62001"),
        file: listed,
        dir: nothing,
        operations: &[WriteAtomic],
        target: None,
        expected: &[(WriteAtomic, ["", "rw", "", "", ""])],
    }
    .check();
}

/// An attribute that does not fit into the target is left out, and everything else is kept.
#[test]
fn an_attribute_that_is_too_long() {
    let Some(there) = elsewhere() else { return };
    let here = Dir::new();
    let refused = |dir: &StdPath, value: &[u8]| {
        let probe = dir.join("probe");
        fs::write(&probe, "").unwrap();
        let result = set_attribute(&probe, "user.long", value);
        fs::remove_file(&probe).unwrap();
        result.err()
    };
    let long = noise(10_000);
    let (from, to) = match [here.path(), there.path()].map(|dir| refused(dir, &long)) {
        [None, Some(errno)] => (here.path(), (there.path(), errno)),
        [Some(errno), None] => (there.path(), (here.path(), errno)),
        both => return println!("skipped: one filesystem has to refuse the attribute: {both:?}"),
    };
    println!("{:?} refuses it: {}", to.0, to.1);
    for moving in [false, true] {
        let (source, target) = (from.join("source"), to.0.join(format!("target {moving}")));
        fs::create_dir(&source).unwrap();
        for name in ["a", "b", "c"] {
            fs::write(source.join(name), name).unwrap();
            set_attribute(&source.join(name), "user.short", b"kept").unwrap();
        }
        set_attribute(&source.join("b"), "user.long", &long).unwrap();
        set_attribute(&source, "user.long", &long).unwrap();
        let path = Path::new(&source);
        if moving {
            block_on(async { path.move_to(&target).await }).unwrap();
        } else {
            block_on(async { path.copy(&target).preserve_metadata(true).await }).unwrap();
        }
        for name in ["a", "b", "c"] {
            let file = target.join(name);
            assert_eq!(contents(&file), name.as_bytes());
            assert_eq!(attribute(&file, "user.short").unwrap(), b"kept");
        }
        assert!(attribute(&target.join("b"), "user.long").is_err());
        if !moving {
            fs::remove_dir_all(&source).unwrap();
        }
    }
}
