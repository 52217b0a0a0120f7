//! What hangs in the kernel holds up nobody for longer than is documented: the drop of a file whose writes
//! hang, and reads of a file beside one that hangs.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use anyfile::{AsyncFile, open_file, wrap_file};
use anyfile_faults::{Caching, Mount};
use futures_lite::future::{self, block_on};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use smol::Timer;
use tempfile::TempDir;

/// Longer than anything that the tests wait for.
const HANG: Duration = Duration::from_secs(8);

/// A drop waits for a second; the machine may be busy.
const FIRST_DROP: Duration = Duration::from_secs(3);

/// The next one does not: less than that second.
const NEXT_DROP: Duration = Duration::from_millis(700);

/// One test at a time: a new process closes, before it begins, a copy of every open file, which may hang.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn mounted(caching: Caching) -> Option<Mount> {
    if let Some(reason) = Mount::impossible() {
        println!("skipped: {reason}");
        return None;
    }
    let mount = Mount::new(env!("CARGO_BIN_EXE_hangfs"), caching);
    Some(mount.expect("it can be mounted"))
}

fn noise(len: usize) -> Vec<u8> {
    let byte = |number: usize| (number.wrapping_mul(0x9E37_79B1) >> 13) as u8;
    (0..len).map(byte).collect()
}

fn create(path: &Path) -> AsyncFile {
    let options = open_file(path).read(true).write(true).create(true);
    block_on(options).expect("a new file")
}

/// Gives a call up when it hangs.
fn give_up<R>(mount: &Mount, call: impl Future<Output = R>) {
    let mut call = pin!(call);
    until("a request hangs", || {
        let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "it does not hang");
        mount.counts().hung > 0
    });
}

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "not yet: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

/// Files with something that hangs, or will hang as soon as it is written; all are different.
fn hanging(mount: &Mount, way: &str, number: usize) -> Box<dyn Send> {
    let path = mount.path().join(number.to_string());
    let data = noise(100_000);
    let mut file = create(&path);
    let hang = |request| {
        mount.hang(request, HANG);
        mount.forget();
    };
    let hung = || until("a request hangs", || mount.counts().hung > 0);
    match way {
        "a background write hangs" => {
            hang("write");
            block_on(file.write_all(&data)).unwrap();
            hung();
        }
        "nothing is written yet" => {
            block_on(file.write_all(b"accepted")).unwrap();
            hang("write");
        }
        "a flush was given up" => {
            block_on(file.write_all(b"accepted")).unwrap();
            hang("write");
            give_up(mount, file.flush());
        }
        "write_at was given up" => {
            hang("write");
            give_up(mount, file.write_at(&data, 0));
        }
        "it was lent" => {
            hang("write");
            give_up(mount, file.with_mut(move |file| file.write_all(&data)));
        }
        "sync_all was given up" => {
            block_on(file.write_at(&data, 0)).unwrap();
            hang("fsync");
            give_up(mount, file.sync_all());
        }
        "its close hangs" => {
            block_on(file.write_at(&data, 0)).unwrap();
            hang("flush");
        }
        "a wrapped file" => {
            drop(file);
            let mut file = wrap_file(File::options().write(true).open(&path).unwrap());
            hang("write");
            block_on(file.write_all(&data)).unwrap();
            hung();
            return Box::new(file);
        }
        "a wrapped writer" => {
            drop(file);
            let mut file = wrap_file(BufWriter::new(File::create(&path).unwrap()));
            block_on(file.write_all(b"accepted")).unwrap();
            hang("write");
            return Box::new(file);
        }
        _ => unreachable!("{way}"),
    }
    Box::new(file)
}

const WAYS: [&str; 9] = [
    "a background write hangs",
    "nothing is written yet",
    "a flush was given up",
    "write_at was given up",
    "it was lent",
    "sync_all was given up",
    "its close hangs",
    "a wrapped file",
    "a wrapped writer",
];

#[test]
fn a_drop_waits_for_a_second_at_most() {
    let _alone = alone();
    let play = |way: &str| {
        let mount = mounted(Caching::Nothing)?;
        let file = hanging(&mount, way, 0);
        let taken = timed(|| drop(file));
        let late = taken > FIRST_DROP;
        println!("{way}: {taken:?}");
        mount.release();
        late.then(|| format!("{way}: {taken:?}"))
    };
    let late: Vec<String> = WAYS.iter().filter_map(|way| play(way)).collect();
    assert!(late.is_empty(), "{}", late.join("; "));
}

/// A filesystem where a drop has waited to no end is not waited for again, until something succeeds there.
#[test]
fn the_next_drop_on_the_same_filesystem_does_not_wait() {
    let _alone = alone();
    let Some(mount) = mounted(Caching::Nothing) else {
        return;
    };
    // The second file is made before anything hangs.
    let mut others: Vec<AsyncFile> = (1..6)
        .map(|number| create(&mount.path().join(number.to_string())))
        .collect();
    for other in &mut others {
        block_on(other.write_all(b"accepted")).unwrap();
    }
    let file = hanging(&mount, "a background write hangs", 0);
    let first = timed(|| drop(file));
    let next: Vec<Duration> = others
        .into_iter()
        .map(|other| timed(|| drop(other)))
        .collect();
    println!("the first: {first:?}, the next: {next:?}");
    mount.release();
    assert!(first <= FIRST_DROP, "the first: {first:?}");
    assert!(
        next.iter().all(|&next| next <= NEXT_DROP),
        "the next: {next:?}"
    );
    // Everything is written in the end, in the background.
    until("all is written", || {
        let is_written = |number: usize| fs::read(mount.path().join(number.to_string()));
        let all = (1..6).all(|number| is_written(number).is_ok_and(|seen| seen == b"accepted"));
        all && is_written(0).is_ok_and(|seen| seen == noise(100_000))
    });
    // Now something has succeeded: a drop waits, and all is there when it returns.
    let mut file = create(&mount.path().join("after"));
    block_on(file.write_all(b"accepted")).unwrap();
    block_on(file.flush()).unwrap();
    block_on(file.write_all(b", too")).unwrap();
    drop(file);
    let seen = fs::read(mount.path().join("after")).unwrap();
    assert_eq!(seen, b"accepted, too");
}

/// One filesystem that hangs is no reason to not wait for another.
#[test]
fn a_drop_on_another_filesystem_waits_as_ever() {
    let _alone = alone();
    let (Some(bad), Some(good)) = (mounted(Caching::Nothing), mounted(Caching::Nothing)) else {
        return;
    };
    drop(hanging(&bad, "a background write hangs", 0));
    for number in 0..20 {
        let path = good.path().join(number.to_string());
        let mut file = create(&path);
        block_on(file.write_all(&noise(100_000))).unwrap();
        drop(file);
        assert!(fs::read(path).unwrap() == noise(100_000));
    }
    bad.release();
}

/// The tasks of an executor go on while a file is closed whose writes hang.
#[test]
fn a_close_that_hangs_holds_nobody_up() {
    let _alone = alone();
    let Some(mount) = mounted(Caching::Nothing) else {
        return;
    };
    let mut file = create(&mount.path().join("file"));
    block_on(file.write_all(&noise(10_000))).unwrap();
    mount.hang("all", HANG);
    let begun = Instant::now();
    let mut polls = 0;
    block_on(async {
        let mut close = pin!(file.close());
        for _ in 0..20 {
            assert!(future::poll_once(&mut close).await.is_none());
            polls += 1;
            Timer::after(Duration::from_millis(10)).await;
        }
    });
    let taken = begun.elapsed();
    mount.release();
    println!("{polls} polls in {taken:?}");
    assert!(taken < HANG / 4, "{taken:?}");
    block_on(file.close()).unwrap();
}

/// A filesystem that is known as a local one, on a disk that stalls when it is told to.
struct Disk {
    mount: Mount,
    device: String,
    dir: TempDir,
}

const FILE: usize = 16 << 20;

impl Disk {
    /// Says why if that is impossible.
    fn new() -> Option<Disk> {
        let mount = mounted(Caching::Nothing)?;
        let dir = tempfile::tempdir().expect("a directory");
        let (contents, image) = (dir.path().join("contents"), dir.path().join("image"));
        fs::create_dir(&contents).expect("a directory");
        fs::create_dir(dir.path().join("disk")).expect("a directory");
        fs::write(contents.join("file"), noise(FILE)).expect("a file");
        run("mke2fs", |mke2fs| {
            mke2fs.args(["-q", "-t", "ext4", "-b", "4096", "-d"]);
            mke2fs.arg(&contents).arg(&image).arg("32M")
        })?;
        let on_mount = mount.path().join("image");
        fs::copy(&image, &on_mount).expect("a copy");
        // Without direct I/O, the device makes one call after the other.
        let device = run("losetup", |losetup| {
            losetup.args(["--find", "--show", "--read-only", "--direct-io=on"]);
            losetup.arg(&on_mount)
        })?;
        let disk = Disk { mount, device, dir };
        run("mount", |mount| {
            mount.args(["-t", "ext4", "-o", "ro,noload", &disk.device]);
            mount.arg(disk.path())
        })?;
        Some(disk)
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("disk")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.mount.release();
        let _ = Command::new("umount").arg(self.path()).output();
        let _ = Command::new("losetup").arg("-d").arg(&self.device).output();
    }
}

/// Returns what a program prints, or prints why it does not work.
fn run(program: &str, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Option<String> {
    let output = arguments(&mut Command::new(program)).output();
    let reason = match output {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            return Some(said.trim().to_owned());
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    println!("skipped: {program}: {reason}");
    None
}

/// One read hangs. Reads of the same file at other offsets still end.
fn others_are_read(mount: &Mount, path: &Path) {
    let data = noise(FILE);
    let mut file = block_on(open_file(path)).expect("the file");
    let mut other = block_on(file.try_clone()).expect("a clone");
    let mut start = [0; 1];
    block_on(file.read_exact_at(&mut start, 0)).expect("the start");
    mount.forget();
    mount.hang("read", HANG);
    let mut hung = vec![0; 4096];
    block_on(async {
        let mut hanging = pin!(file.read_exact_at(&mut hung, 4 << 20));
        while mount.counts().hanging == 0 {
            assert!(future::poll_once(&mut hanging).await.is_none());
            Timer::after(Duration::from_millis(5)).await;
        }
        // What hangs goes on to hang, but nothing more.
        mount.hang("nothing", HANG);
        let begun = Instant::now();
        for number in 0..20_usize {
            let at = (6 << 20) + number * 400_000;
            let mut seen = vec![0; 4096];
            file.read_exact_at(&mut seen, at as u64)
                .await
                .expect("a read");
            assert!(seen == data[at..at + 4096], "read {number}");
            let taken = begun.elapsed();
            assert!(taken < HANG / 3, "read {number} after {taken:?}");
        }
        // Neither does it hold up one that reads in sequence.
        let mut seen = vec![0; 1 << 20];
        other.read_exact(&mut seen).await.expect("the beginning");
        assert!(seen == data[..1 << 20]);
        let taken = begun.elapsed();
        assert!(taken < HANG / 3, "in sequence after {taken:?}");
        assert!(
            future::poll_once(&mut hanging).await.is_none(),
            "it does not hang"
        );
        mount.release();
        hanging.await.expect("a read");
    });
    assert!(hung == data[4 << 20..(4 << 20) + 4096]);
}

#[test]
fn a_read_that_hangs_on_a_disk_holds_up_no_other() {
    let _alone = alone();
    if let Some(disk) = Disk::new() {
        others_are_read(&disk.mount, &disk.path().join("file"));
    }
}

#[test]
fn a_read_that_hangs_on_a_server_holds_up_no_other() {
    let _alone = alone();
    let Some(mount) = mounted(Caching::Nothing) else {
        return;
    };
    let path = mount.path().join("file");
    fs::write(&path, noise(FILE)).expect("a file");
    others_are_read(&mount, &path);
}
