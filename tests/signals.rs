//! Signals whose handler was installed without `SA_RESTART` interrupt the system calls of every thread.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyfile::Path;
use futures_lite::StreamExt;
use futures_lite::future::block_on;

use common::tree::{Snapshot, generate};
use common::{Dir, in_child, noise, run_in_child, without_hanging};

/// Sends a signal to every thread of the process it is loaded into, every 200 µs.
const STORM: &str = r#"
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void nothing(int number) { (void)number; }

static void *storm(void *unused) {
    int own = syscall(SYS_gettid);
    for (;;) {
        DIR *threads = opendir("/proc/self/task");
        for (struct dirent *thread; threads && (thread = readdir(threads));) {
            int id = atoi(thread->d_name);
            if (id > 0 && id != own) syscall(SYS_tgkill, getpid(), id, SIGUSR1);
        }
        if (threads) closedir(threads);
        usleep(200);
    }
    return unused;
}

__attribute__((constructor)) static void begin(void) {
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, 0);
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_t thread;
    pthread_create(&thread, 0, storm, 0);
    pthread_sigmask(SIG_SETMASK, &old, 0);
}
"#;

/// Runs the test in a child that gets signals, or prints why that is impossible.
fn run_in_storm(test: &str) {
    let dir = Dir::new();
    let (source, library) = (dir.file("storm.c", STORM), dir.join("storm.so"));
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-pthread", "-o"]);
    match compiler.arg(&library).arg(&source).output() {
        Ok(output) if output.status.success() => {}
        result => return println!("skipped: no C compiler: {result:?}"),
    }
    let library = library.to_str().expect("a path of text");
    print!("{}", run_in_child(test, &[("LD_PRELOAD", library)]));
}

/// Creates a tree with files for every way to copy: small, large, sparse and linked ones.
fn tree(dir: &Dir) -> std::path::PathBuf {
    let source = dir.join("source");
    generate(&source, 100);
    fs::write(source.join("large"), noise(3 << 20)).unwrap();
    fs::hard_link(source.join("large"), source.join("linked")).unwrap();
    let sparse = fs::File::create(source.join("sparse")).unwrap();
    sparse.set_len(5 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"middle", 2 << 20).unwrap();
    source
}

#[test]
fn trees_in_a_storm() {
    const NAME: &str = "trees_in_a_storm";
    if !in_child() {
        return run_in_storm(NAME);
    }
    let (here, memory) = (Dir::new(), Dir::in_memory());
    let source = tree(&here);
    let before = Snapshot::of(&source);
    let (mut copies, mut failed) = (0, Vec::new());
    for round in 0..60 {
        let dir = [&here, &memory][round % 2];
        let (target, moved) = (dir.join("target"), memory.join("moved"));
        let copy = Path::new(&source).copy(&target).follow_symlinks(false);
        let copy = copy.preserve_metadata(true);
        let all = || -> io::Result<()> {
            block_on(copy)?;
            Snapshot::of(&target).assert_is(&before);
            block_on(Path::new(&target).move_to(&moved))?;
            Snapshot::of(&moved).assert_is(&before);
            block_on(Path::new(&moved).remove_dir_all())
        };
        copies += 1;
        if let Err(error) = all() {
            failed.push(error.to_string());
            for left in [&target, &moved] {
                let _ = fs::remove_dir_all(left);
            }
        }
    }
    let first = failed.first();
    assert!(failed.is_empty(), "{} of {copies}: {first:?}", failed.len());
}

/// Calls that may wait for a server or a disk, and end with EINTR then.
const CALLS: &str = "open,openat,stat,lstat,fstat,newfstatat,statx,access,faccessat,faccessat2,readlink,\
    readlinkat,getdents64,mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,\
    symlinkat,chmod,fchmod,fchmodat,fchown,utimensat,fgetxattr,fsetxattr,flistxattr,ftruncate,fsync,\
    copy_file_range,sendfile,pread64,pwrite64,fstatfs";

/// Makes every [`PERIOD`]th of each of these calls fail with EINTR in each thread, or prints why that is
/// impossible.
fn interrupt(calls: &str) -> Option<Child> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-p"]);
    strace.arg(std::process::id().to_string());
    strace.args(["-e", &format!("inject={calls}:error=EINTR:when=1+{PERIOD}")]);
    let strace = strace.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut strace = match strace {
        Ok(strace) => strace,
        Err(error) => {
            println!("skipped: no strace: {error}");
            return None;
        }
    };
    loop {
        // Until both threads of the test program are traced.
        let traced = |thread: fs::DirEntry| {
            let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            !status.contains("TracerPid:\t0\n")
        };
        let threads = fs::read_dir("/proc/self/task");
        if threads.is_ok_and(|threads| threads.flatten().all(traced)) {
            return Some(strace);
        }
        if strace.try_wait().is_ok_and(|exited| exited.is_some()) {
            println!("skipped: strace cannot trace this process");
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// std makes more than one call of a kind to resolve a path, all of which must succeed in a row.
const PERIOD: usize = 11;

/// Runs every operation that makes system calls itself or through std, and returns the results.
async fn everything(
    dir: &Path,
    source: &Path,
    memory: &Path,
) -> Vec<(&'static str, io::Result<()>)> {
    let mut results = Vec::new();
    let times = fs::FileTimes::new().set_modified(std::time::SystemTime::UNIX_EPOCH);
    macro_rules! all {
        ($($what:literal: $call:expr;)*) => {
            $(results.push(($what, $call.await.map(drop)));)*
        };
    }
    macro_rules! stream {
        ($($what:literal: $call:expr;)*) => {
            $(results.push(($what, $call.try_for_each(|item| item.map(drop)).await));)*
        };
    }
    all! {
        "mkdir": (dir / "a").mkdir();
        "mkdir with parents": (dir / "a/b/c").mkdir().parents(true).exist_ok(true);
        "mkdir again": (dir / "a/b/c").mkdir().parents(true).exist_ok(true);
        "write_text": (dir / "a/file").write_text("text");
        "read_text": (dir / "a/file").read_text();
        "metadata": (dir / "a/file").metadata();
        "symlink_metadata": (dir / "a/file").symlink_metadata();
        "try_exists": (dir / "a/file").try_exists();
        "info": (dir / "a/file").info().load();
        "samefile": (dir / "a/file").samefile(dir / "a/file");
        "symlink_to": (dir / "link").symlink_to("a");
        "read_link": (dir / "link").read_link();
        "canonicalize": (dir / "link/file").canonicalize();
        "resolve": (dir / "link/file").resolve();
        "hardlink_to": (dir / "a/hard").hardlink_to(dir / "a/file");
        "rename": (dir / "a/hard").rename(dir / "a/renamed");
        "chmod": (dir / "a/file").chmod(0o600);
        "touch": (dir / "a/file").touch();
        "set_times": (dir / "a/file").set_times(times);
        "write_atomic": (dir / "a/file").write_atomic("new");
        "unlink": (dir / "a/renamed").unlink();
        "rmdir": (dir / "a/b/c").rmdir();
    }
    // Not with metadata: std's `ReadDir`, which such streams use, cannot be continued after `EINTR`.
    stream! {
        "iterdir": source.iterdir();
        "walk": source.walk().follow_symlinks(true).on_error(drop);
        "glob": source.glob("*/*");
        "rglob": source.rglob("*").recurse_symlinks(true);
    }
    all! {
        "copy": source.copy(dir / "copy").follow_symlinks(false);
        "copy elsewhere": source.copy(memory / "copy").follow_symlinks(false);
        "copy with metadata": source.copy(memory / "all").follow_symlinks(false).preserve_metadata(true);
        "merge": source.copy(dir / "copy").follow_symlinks(false).exist_ok(true);
        "move_to": (dir / "copy").move_to(dir / "moved");
        "remove_dir_all": (dir / "moved").remove_dir_all();
    }
    let is = [
        ("is_dir", (dir / "a").is_dir().await),
        ("is_file", (dir / "a/file").is_file().await),
        ("is_symlink", (dir / "link").is_symlink().await),
        ("exists", (dir / "link/file").exists().await),
        ("not is_mount", !(dir / "a").is_mount().await),
        (
            "resolve",
            (dir / "link").resolve().await.unwrap().ends_with("a"),
        ),
        (
            "follows",
            source.rglob("*").recurse_symlinks(true).count().await > 10,
        ),
    ];
    let wrong =
        |(what, is): (&'static str, bool)| (!is).then(|| (what, Err(io::Error::other("no"))));
    results.extend(is.into_iter().filter_map(wrong));
    results
}

/// A network filesystem may interrupt any call. Here the tracer does.
#[test]
fn every_eleventh_call() {
    const NAME: &str = "every_eleventh_call";
    if !in_child() {
        print!("{}", run_in_child(NAME, &[]));
        return;
    }
    let (here, memory) = (Dir::new(), Dir::in_memory());
    let source = tree(&here);
    symlink("..", source.join("up")).unwrap();
    let dirs = [here.path(), memory.path()].map(|dir| {
        let rounds = (0..PERIOD).map(|round| dir.join(format!("round{round}")));
        rounds.inspect(|dir| fs::create_dir(dir).unwrap()).collect()
    });
    let [here, memory]: [Vec<std::path::PathBuf>; 2] = dirs;
    let Some(mut strace) = interrupt(CALLS) else {
        return;
    };
    let source = Path::new(source);
    let run = |(here, memory)| block_on(everything(&Path::new(here), &source, &Path::new(memory)));
    let rounds = here.iter().zip(&memory);
    let results: Vec<_> = without_hanging("it", || rounds.flat_map(run).collect());
    strace.kill().unwrap();
    strace.wait().unwrap();
    let wrong = results.iter().filter_map(|(what, result)| {
        let error = result.as_ref().err()?;
        Some(format!("{what}: {error}"))
    });
    let wrong: Vec<String> = wrong.collect();
    let of = results.len();
    assert!(wrong.is_empty(), "{} of {of}: {wrong:#?}", wrong.len());
}
