//! Trees to copy, and how they look from outside.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::{XattrFlags, lgetxattr, setxattr};
use tempfile::TempDir;

use super::noise;

/// Makes a tree of so many entries of all kinds; returns how many entries and how many bytes there are.
pub(crate) fn generate(root: &Path, entries: usize) -> (u64, u64) {
    let bytes = noise(100_000);
    let (mut dirs, mut count, mut total) = (vec![root.to_path_buf()], 1, 0);
    fs::create_dir(root).unwrap();
    for number in 1..entries {
        // Many in few directories, few in many.
        let dir = &dirs[(number * 7919 % dirs.len()) * (number % 3 % 2)];
        let path = dir.join(name(number));
        match number % 20 {
            0 | 1 => fs::create_dir(&path).unwrap(),
            2 => symlink("../nowhere", &path).unwrap(),
            3 => symlink(".", &path).unwrap(),
            4 => symlink(name(number + 1), &path).unwrap(),
            _ => {
                let len = match number % 500 {
                    7 => bytes.len(),
                    _ => number % 97 * (number % 5),
                };
                fs::write(&path, &bytes[..len]).unwrap();
                total += len as u64;
                adorn(&path, number);
            }
        }
        count += 1;
        if number % 20 == 0 {
            dirs.push(path);
        }
    }
    let root = super::is_root();
    for (number, dir) in dirs.iter().enumerate() {
        let mode = [0o755, 0o700, 0o555, 0o2775][number % 4];
        let times = UNIX_EPOCH + Duration::new(1_100_000_000 + number as u64, 123_456_789);
        File::open(dir).unwrap().set_modified(times).unwrap();
        // The user who removes the tree must be able to.
        let mode = if root { mode } else { mode | 0o700 };
        fs::set_permissions(dir, Permissions::from_mode(mode)).unwrap();
    }
    (count, total)
}

/// Returns a name, whose form depends on the number.
fn name(number: usize) -> OsString {
    let name = match number % 11 {
        0 => format!(".hidden {number}"),
        1 => format!("new\nline {number}"),
        2 => format!("ü {number} \\ *?[a]"),
        3 => format!("-{number}"),
        4 => format!("{}{number}", "long".repeat(60)),
        5 => return OsString::from_vec([b"\xff\xfe", number.to_string().as_bytes()].concat()),
        _ => number.to_string(),
    };
    name.into()
}

/// Gives a file attributes of its own.
fn adorn(path: &Path, number: usize) {
    if number % 3 == 0 {
        let value = number.to_string();
        // Not every filesystem has them.
        let _ = setxattr(path, "user.number", value.as_bytes(), XattrFlags::empty());
    }
    let times = UNIX_EPOCH + Duration::new(1_000_000_000 + number as u64, number as u32);
    File::open(path).unwrap().set_modified(times).unwrap();
    let mode = [0o644, 0o444, 0o600, 0o755, 0o400][number % 5];
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Everything about everything in a tree, by the path below its root.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<String, String>);

impl Snapshot {
    pub(crate) fn of(root: &Path) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let mut rest = vec![PathBuf::new()];
        while let Some(path) = rest.pop() {
            let full = if path == Path::new("") {
                root.to_path_buf()
            } else {
                root.join(&path)
            };
            let Some(facts) = facts(&full) else { continue };
            if facts.starts_with("dir") {
                let names = fs::read_dir(&full).into_iter().flatten().flatten();
                rest.extend(names.map(|entry| path.join(entry.file_name())));
            }
            snapshot.0.insert(format!("{path:?}"), facts);
        }
        snapshot
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Says what differs first.
    #[track_caller]
    pub(crate) fn assert_is(&self, expected: &Snapshot) {
        for (path, facts) in &expected.0 {
            assert_eq!(self.0.get(path), Some(facts), "{path}");
        }
        for path in self.paths() {
            assert!(expected.0.contains_key(path), "{path} is too much");
        }
    }
}

/// Returns all that can be seen of the file at `path`, or `None` if there is none.
fn facts(path: &Path) -> Option<String> {
    let found = fs::symlink_metadata(path).ok()?;
    let kind = found.file_type();
    let what = if kind.is_symlink() {
        format!("link to {:?}", fs::read_link(path).ok()?)
    } else if kind.is_dir() {
        "dir".to_owned()
    } else if kind.is_file() {
        let mut hash = DefaultHasher::new();
        fs::read(path).ok()?.hash(&mut hash);
        format!("file {} {:x}", found.len(), hash.finish())
    } else {
        format!("fifo {}", kind.is_fifo())
    };
    let (time, nanos) = (found.mtime(), found.mtime_nsec());
    let owner = (found.uid(), found.gid());
    let attribute = attribute(path).unwrap_or_default();
    let mode = found.mode();
    Some(format!(
        "{what} {mode:o} {time}.{nanos} {owner:?} {attribute:?}"
    ))
}

fn attribute(path: &Path) -> Option<OsString> {
    let mut value = [0; 100];
    let len = lgetxattr(path, "user.number", &mut value[..]).ok()?;
    Some(OsStr::from_bytes(&value[..len]).to_owned())
}

/// A small filesystem, which is gone when this is dropped.
pub(crate) struct Mounted(pub(crate) TempDir);

impl Mounted {
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Mounts a filesystem of this size, or prints why that is impossible.
pub(crate) fn tmpfs(size: &str) -> Option<Mounted> {
    let dir = tempfile::tempdir().unwrap();
    let options = format!("size={size}");
    let mut mount = Command::new("mount");
    mount
        .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
        .arg(dir.path());
    match mount.output() {
        Ok(output) if output.status.success() => Some(Mounted(dir)),
        result => {
            println!("skipped: a tmpfs cannot be mounted: {result:?}");
            None
        }
    }
}
