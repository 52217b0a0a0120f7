//! Helpers that the tests share: scratch directories, scripted objects, and children of the test program.

// Each test program uses a part of it.
#![allow(dead_code)]

#[cfg(unix)]
pub(crate) mod filesystem;
pub(crate) mod locked;
#[cfg(unix)]
pub(crate) mod strange;
pub(crate) mod strict;
#[cfg(target_os = "linux")]
pub(crate) mod tree;
#[cfg(target_os = "linux")]
pub(crate) mod witness;

use std::collections::VecDeque;
use std::ffi::OsStr;
#[cfg(unix)]
use std::fs::Permissions;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use anyfile::{AsyncFile, wrap_file};
use futures_lite::AsyncSeekExt;
use futures_lite::future::block_on;
use tempfile::TempDir;

/// Creates a directory on a filesystem other than that of temporary files. Prints a line if there is none.
#[cfg(unix)]
pub(crate) fn elsewhere() -> Option<TempDir> {
    let device = |dir: &Path| std::fs::metadata(dir).map(|metadata| metadata.dev());
    let here = device(&std::env::temp_dir()).expect("a directory of temporary files");
    let made = ["/dev/shm", "/var/tmp"]
        .map(Path::new)
        .into_iter()
        .filter(|dir| device(dir).is_ok_and(|there| there != here))
        .find_map(|dir| tempfile::tempdir_in(dir).ok());
    if made.is_none() {
        println!("skipped: there is no other filesystem");
    }
    made
}

/// A temporary directory whose helpers say what failed.
pub(crate) struct Dir(TempDir);

impl Dir {
    pub(crate) fn new() -> Dir {
        Dir(tempfile::tempdir().expect("a temporary directory"))
    }

    /// Creates the directory in memory where possible, for tests with thousands of files.
    pub(crate) fn in_memory() -> Dir {
        tempfile::tempdir_in("/dev/shm").map_or_else(|_| Dir::new(), Dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Makes a file with these contents.
    pub(crate) fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        std::fs::write(&path, contents).unwrap_or_else(|e| panic!("write {path:?}: {e}"));
        path
    }

    /// Makes a FIFO.
    #[cfg(unix)]
    #[track_caller]
    pub(crate) fn fifo(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo").success(), "mkfifo {path:?}");
        path
    }
}

/// Returns the permission bits of a file.
#[cfg(unix)]
#[track_caller]
pub(crate) fn mode(path: impl AsRef<Path>) -> u32 {
    let path = path.as_ref();
    let metadata = std::fs::metadata(path).unwrap_or_else(|e| panic!("stat {path:?}: {e}"));
    metadata.permissions().mode() & 0o7777
}

/// Sets the permission bits of a file.
#[cfg(unix)]
#[track_caller]
pub(crate) fn set_mode(path: impl AsRef<Path>, mode: u32) {
    let path = path.as_ref();
    std::fs::set_permissions(path, Permissions::from_mode(mode))
        .unwrap_or_else(|e| panic!("chmod {path:?}: {e}"));
}

/// Returns the contents of a file, read with std.
#[track_caller]
pub(crate) fn contents(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("read {path:?}: {e}"))
}

/// Returns pseudo-random bytes.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..len.div_ceil(8)).flat_map(|_| next()).collect();
    bytes.truncate(len);
    bytes
}

/// Returns text in lines of 0 to 199 bytes.
pub(crate) fn text(len: usize) -> String {
    let mut text = String::new();
    for (number, byte) in noise(len / 40 + 1).into_iter().enumerate() {
        if text.len() >= len {
            break;
        }
        let line = format!(
            "{number} {}",
            "lorem ipsum ü ".repeat(usize::from(byte) / 20)
        );
        text.push_str(line.get(..usize::from(byte) % 200).unwrap_or(&line));
        text.push('\n');
    }
    text
}

/// The behavior of the next call on a [`Scripted`] object.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Moves at most this many bytes.
    Short(usize),
    Fail(ErrorKind),
    /// Reports this many bytes more than there is room for.
    Lie(usize),
    Panic,
}

/// An object in memory that behaves as its script says, then without a fault.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scripted(Arc<Mutex<Script>>);

#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) data: Vec<u8>,
    pub(crate) cursor: usize,
    pub(crate) steps: VecDeque<Step>,
    pub(crate) flushes: usize,
    pub(crate) dropped: bool,
}

impl Scripted {
    pub(crate) fn new(data: impl Into<Vec<u8>>, steps: impl IntoIterator<Item = Step>) -> Scripted {
        let script = Script {
            data: data.into(),
            steps: steps.into_iter().collect(),
            ..Script::default()
        };
        Scripted(Arc::new(Mutex::new(script)))
    }

    /// Looks at the object from outside.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&mut Script) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(|e| e.into_inner()))
    }

    /// Returns a handle to wrap. The original still has access to the object.
    pub(crate) fn handle(&self) -> ScriptedHandle {
        ScriptedHandle(self.clone())
    }

    /// Returns how many of `len` bytes the next call moves, and how many it reports.
    fn step(&self, len: usize) -> io::Result<(usize, usize)> {
        match self.look(|script| script.steps.pop_front()) {
            None => Ok((len, len)),
            Some(Step::Short(most)) => Ok((len.min(most), len.min(most))),
            Some(Step::Fail(kind)) => Err(kind.into()),
            Some(Step::Lie(more)) => Ok((len, len + more)),
            Some(Step::Panic) => panic!("as scripted"),
        }
    }
}

/// A [`Scripted`] object as a `Read + Write + Seek`, which notes when it is dropped.
#[derive(Debug)]
pub(crate) struct ScriptedHandle(Scripted);

impl Drop for ScriptedHandle {
    fn drop(&mut self) {
        self.0.look(|script| script.dropped = true);
    }
}

impl Read for ScriptedHandle {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let (most, reported) = self.0.step(buf.len())?;
        self.0.look(|script| {
            let rest = script.data.get(script.cursor..).unwrap_or_default();
            let read = most.min(rest.len());
            buf[..read].copy_from_slice(&rest[..read]);
            script.cursor += read;
            Ok(if reported > most { reported } else { read })
        })
    }
}

impl Write for ScriptedHandle {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let (most, reported) = self.0.step(buf.len())?;
        self.0.look(|script| {
            let end = script.cursor + most;
            if script.data.len() < end {
                script.data.resize(end, 0);
            }
            script.data[script.cursor..end].copy_from_slice(&buf[..most]);
            script.cursor = end;
            Ok(reported)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.look(|script| script.flushes += 1);
        Ok(())
    }
}

impl Seek for ScriptedHandle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.look(|script| {
            let target = match to {
                SeekFrom::Start(offset) => Some(offset),
                SeekFrom::Current(by) => (script.cursor as u64).checked_add_signed(by),
                SeekFrom::End(by) => (script.data.len() as u64).checked_add_signed(by),
            };
            let target = target.ok_or(ErrorKind::InvalidInput)?;
            script.cursor = usize::try_from(target).map_err(|_| ErrorKind::InvalidInput)?;
            Ok(target)
        })
    }
}

/// Returns the path of this program. Without `/proc`, it is what the program was started by.
fn this_program() -> PathBuf {
    let started = || std::env::args_os().next().map(PathBuf::from);
    let program = std::env::current_exe().ok().or_else(started);
    program.expect("the path of this program")
}

/// Runs one test of this program in a child process with other environment variables.
///
/// The child finds [`in_child`] true, and its output is returned if it succeeds.
#[track_caller]
pub(crate) fn run_in_child(test: &str, variables: &[(&str, &str)]) -> String {
    run_child(
        test,
        Command::new(this_program()).envs(variables.iter().copied()),
    )
}

/// Runs one test of this program in a child process whose pool has one thread. Returns `true` in the child.
#[track_caller]
pub(crate) fn with_one_thread(test: &str) -> bool {
    if !in_child() {
        print!("{}", run_in_child(test, &[("BLOCKING_MAX_THREADS", "1")]));
    }
    in_child()
}

/// Runs the test in child processes, with the no-wait calls and without. Returns `true` in a child.
#[track_caller]
pub(crate) fn both_ways(test: &str) -> bool {
    if !in_child() {
        print!("{}", run_in_child(test, &[]));
        print!("{}", run_in_child(test, &[("ANYFILE_NOWAIT", "0")]));
    }
    in_child()
}

/// Same as [`both_ways`], and once more with one thread in the pool.
#[track_caller]
pub(crate) fn each_way(test: &str) -> bool {
    if !both_ways(test) {
        let few = [("ANYFILE_NOWAIT", "0"), ("BLOCKING_MAX_THREADS", "1")];
        print!("{}", run_in_child(test, &few));
    }
    in_child()
}

/// Runs a test of two objects that wait for each other, and so need a thread each, in a child process that has
/// enough, if this one may not. Returns whether it did. The close of an object that is being written takes a
/// thread more.
#[track_caller]
pub(crate) fn runs_with_more_threads(test: &str) -> bool {
    let most = std::env::var("BLOCKING_MAX_THREADS").ok();
    let is_few = most.is_some_and(|most| most.parse().is_ok_and(|most: u32| most < 4));
    if is_few {
        print!("{}", run_in_child(test, &[("BLOCKING_MAX_THREADS", "4")]));
    }
    is_few
}

/// As [`run_in_child`], with shell commands before the child begins: `umask 0`, for example.
#[cfg(unix)]
#[track_caller]
pub(crate) fn run_in_child_after(commands: &str, test: &str) -> String {
    let program = this_program();
    let script = format!("{commands}; exec \"$0\" \"$@\"");
    run_child(test, Command::new("sh").arg("-c").arg(script).arg(program))
}

/// As [`run_in_child`], as a user without privileges. Prints why if that is impossible.
#[cfg(unix)]
#[track_caller]
pub(crate) fn run_unprivileged(test: &str) {
    if !is_root() {
        run_in_child(test, &[]);
        return;
    }
    // A copy, since that user may not see where this program is.
    let dir = Dir::new();
    let program = dir.join("test");
    std::fs::copy(this_program(), &program).expect("a copy of this program");
    set_mode(dir.path(), 0o755);
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let probe = Command::new("setpriv").args(nobody).arg("true").output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: setpriv does not work here");
        return;
    }
    run_child(test, Command::new("setpriv").args(nobody).arg(program));
}

/// Returns the path of an example, built from the sources as they are now. Cargo does nothing if it is up to date.
pub(crate) fn example(name: &str) -> PathBuf {
    // <target directory>/<profile>/deps/<test>-<hash>
    let test = this_program();
    let directory = test.ancestors().nth(2).expect("a target directory");
    let profile = match directory.file_name().and_then(OsStr::to_str) {
        Some("debug") => "dev",
        Some(profile) => profile,
        None => panic!("{} is in no target directory", test.display()),
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--offline", "--example", name])
        .args(["--profile", profile, "--target-dir"])
        .arg(directory.parent().expect("a target directory"))
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let built = cargo.status().expect("cargo");
    assert!(built.success(), "the example {name} does not build");
    directory.join("examples").join(name)
}

/// Returns `true` if symbolic links can be created and read. Prints a line if not: under wine, and for a user of
/// Windows without that privilege.
pub(crate) fn has_links() -> bool {
    #[cfg(unix)]
    use std::os::unix::fs::symlink;
    #[cfg(windows)]
    use std::os::windows::fs::symlink_file as symlink;
    let dir = Dir::new();
    let link = dir.join("link");
    let made = symlink("nowhere", &link).and_then(|()| std::fs::read_link(&link));
    made.map_err(|error| println!("skipped: there are no symbolic links: {error}"))
        .is_ok()
}

/// Returns `true` if this process runs as root.
#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout == b"0\n"
}

#[track_caller]
fn run_child(test: &str, command: &mut Command) -> String {
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env("ANYFILE_TEST_CHILD", "1");
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("this program can be run");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr),
    );
    assert!(
        status.success(),
        "child {test}: {status}\n{stdout}\n{stderr}"
    );
    assert!(
        stdout.contains("1 passed"),
        "no such test: {test}\n{stdout}"
    );
    stdout.into_owned()
}

/// Returns `true` if this process was made by [`run_in_child`].
pub(crate) fn in_child() -> bool {
    std::env::var_os("ANYFILE_TEST_CHILD").is_some()
}

/// Returns the error of a seek with the kind that it has on other systems than Windows, where std gives it none.
pub(crate) fn with_seek_kind(error: io::Error) -> io::Error {
    const ERROR_NEGATIVE_SEEK: i32 = 131;
    if cfg!(windows) && error.raw_os_error() == Some(ERROR_NEGATIVE_SEEK) {
        return ErrorKind::InvalidInput.into();
    }
    error
}

/// Returns the number of pool threads of this process.
#[cfg(target_os = "linux")]
pub(crate) fn pool_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("/proc/self/task");
    let names = tasks
        .flatten()
        .map(|task| std::fs::read_to_string(task.path().join("comm")));
    names
        .flatten()
        .filter(|name| name.starts_with("blocking-"))
        .count()
}

/// Returns the version of `blocking` in the lock file.
pub(crate) fn blocking_release() -> &'static str {
    let package = "name = \"blocking\"\nversion = \"";
    let (_, rest) = include_str!("../../Cargo.lock")
        .split_once(package)
        .unwrap();
    rest.split_once('"').unwrap().0
}

/// Returns `true` if the pool retires idle threads. Prints a line if not, since less is tested then.
#[cfg(target_os = "linux")]
pub(crate) fn pool_retires_threads() -> bool {
    static SAID: std::sync::Once = std::sync::Once::new();
    let (release, retires) = (blocking_release(), blocking_release().starts_with("1.6."));
    if !retires {
        SAID.call_once(|| println!("blocking {release} retires no thread: not looked at"));
    }
    retires
}

/// Returns `true` if no thread of the pool is busy, or if that cannot be told because the pool retires none.
#[cfg(target_os = "linux")]
pub(crate) fn pool_is_empty() -> bool {
    !pool_retires_threads() || pool_threads() == 0
}

/// Returns the number of open descriptors of this process.
#[cfg(target_os = "linux")]
pub(crate) fn open_descriptors() -> usize {
    let descriptors = std::fs::read_dir("/proc/self/fd").expect("/proc/self/fd");
    // One of them reads this directory.
    descriptors.count() - 1
}

/// Waits until `so` returns `true`. Returns `false` after 30 seconds.
pub(crate) fn comes_true(mut so: impl FnMut() -> bool) -> bool {
    (0..3000).any(|_| {
        let so = so();
        if !so {
            std::thread::sleep(Duration::from_millis(10));
        }
        so
    })
}

/// Ends the process with an error if this takes so long that it hangs.
pub(crate) fn without_hanging<R>(what: &str, work: impl FnOnce() -> R) -> R {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let what = what.to_owned();
    let timer = std::thread::spawn(move || {
        use std::sync::mpsc::RecvTimeoutError::Timeout;
        if wait.recv_timeout(Duration::from_secs(60)) == Err(Timeout) {
            eprintln!("{what} hangs");
            std::process::exit(1);
        }
    });
    let result = work();
    drop(done);
    timer.join().expect("the timer");
    result
}

/// Returns `true` if the no-wait calls may answer for files in `dir`: if they are neither turned off nor
/// refused, and its filesystem is one that they support.
#[cfg(target_os = "linux")]
pub(crate) fn nowait_works(dir: &Path) -> bool {
    let off = std::env::var_os("ANYFILE_NOWAIT").is_some_and(|value| value == "0");
    let output = Command::new("stat")
        .args(["-f", "-c", "%T"])
        .arg(dir)
        .output();
    let name = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let known = ["ext2/ext3", "xfs", "btrfs", "f2fs", "tmpfs", "ramfs"];
    !off && !refuses_nowait(dir) && name.is_ok_and(|name| known.contains(&name.as_str()))
}

/// Returns `true` if the system does not have the no-wait calls, or a filter refuses them.
#[cfg(target_os = "linux")]
fn refuses_nowait(dir: &Path) -> bool {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
    use rustix::io::{Errno, ReadWriteFlags};
    let found = rustix::fs::openat2(CWD, dir, OFlags::PATH, Mode::empty(), ResolveFlags::CACHED);
    let file = std::fs::File::open(dir).expect("a directory can be opened");
    // A directory is never read, whatever the flags.
    let mut byte = [0];
    let bufs = &mut [io::IoSliceMut::new(&mut byte)];
    let read = rustix::io::preadv2(file, bufs, 0, ReadWriteFlags::NOWAIT);
    let refused = |errno| matches!(errno, Some(Errno::PERM | Errno::NOSYS));
    refused(found.err()) || refused(read.err())
}

/// Returns the position of a file, as `seek` reports it.
pub(crate) async fn position<T>(file: &mut AsyncFile<T>) -> u64
where
    T: Seek + Send + 'static,
{
    file.seek(SeekFrom::Current(0)).await.expect("the position")
}

/// Polls a future at most `times` times, then drops it.
pub(crate) fn poll_times<R>(future: impl Future<Output = R>, times: usize) -> Option<R> {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match future.as_mut().poll(&mut cx) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => {
            std::thread::sleep(Duration::from_millis(1));
            None
        }
    })
}

/// Blocks this many pool threads until the returned senders are dropped.
pub(crate) fn saturate_pool(threads: usize) -> Vec<std::sync::mpsc::Sender<()>> {
    let asleep = || {
        let (wake, sleep) = std::sync::mpsc::channel::<()>();
        let (begun, wait) = std::sync::mpsc::channel::<()>();
        let mut object = wrap_file(io::empty());
        std::thread::spawn(move || {
            block_on(object.with_mut(move |_| {
                begun.send(()).unwrap();
                let _ = sleep.recv();
            }))
        });
        wait.recv().unwrap();
        wake
    };
    (0..threads).map(|_| asleep()).collect()
}

/// Returns the factor by which stress tests do more than usual: `ANYFILE_STORM`, or 1.
pub(crate) fn storm() -> usize {
    let wanted = std::env::var("ANYFILE_STORM").ok();
    wanted.and_then(|wanted| wanted.parse().ok()).unwrap_or(1)
}

/// Waits until `happened` returns `true`, and prints how long that took. Panics after a minute.
#[track_caller]
pub(crate) fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !happened() {
        assert!(begun.elapsed() < Duration::from_secs(60), "not yet: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("{what} after {:?}", begun.elapsed());
}

/// Returns the paths of the open descriptors of this process.
#[cfg(target_os = "linux")]
pub(crate) fn descriptors() -> Vec<PathBuf> {
    let found = std::fs::read_dir("/proc/self/fd").expect("/proc/self/fd");
    let targets = found
        .flatten()
        .map(|entry| std::fs::read_link(entry.path()));
    // One of them is this very directory.
    let listing = format!("/proc/{}/fd", std::process::id());
    let mut targets: Vec<PathBuf> = targets.flatten().collect();
    targets.retain(|target| *target != Path::new(&listing));
    targets.sort();
    targets
}

/// A small tmpfs that a test can fill.
#[cfg(target_os = "linux")]
pub(crate) struct Tmpfs(Dir);

#[cfg(target_os = "linux")]
impl Tmpfs {
    /// Mounts the filesystem, or prints why that is impossible.
    pub(crate) fn new(bytes: usize) -> Option<Tmpfs> {
        let dir = Dir::new();
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]);
        let mounted = mount.arg(dir.path()).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            println!("skipped: a tmpfs cannot be mounted");
            return None;
        }
        Some(Tmpfs(dir))
    }

    pub(crate) fn dir(&self) -> &Dir {
        &self.0
    }

    /// Fills the filesystem, except for this many pages.
    pub(crate) fn fill_but(&self, pages: u64) {
        let mut ballast = std::fs::File::create(self.0.join("ballast")).expect("a file");
        while ballast.write(&[0; 4096]).is_ok() {}
        let len = ballast.metadata().expect("its length").len();
        ballast.set_len(len - pages * 4096).expect("a shorter file");
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("the ballast");
    }

    /// Removes the last file, and waits until it has been closed too.
    pub(crate) fn remove(&self, path: &Path) {
        std::fs::remove_file(path).expect("the last file");
        let free = || rustix::fs::statvfs(self.0.path()).expect("numbers");
        while free().f_bfree < free().f_blocks {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(target_os = "linux")]
impl Drop for Tmpfs {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}
