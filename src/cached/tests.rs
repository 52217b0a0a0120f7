//! Tests of what is known about files, and of where the calls on them are made.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSliceMut};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::OFlags;
use tempfile::TempDir;

use super::anchor::Anchor;
use super::filesystem::{Filesystem, Medium, Stat};
use super::linux::enabled;
use super::{Answer, Facts, INLINE, Unanswered};

/// Serializes the tests, since all of them share the probation of one filesystem.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> impl Drop {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Creates a directory with a small file, whose filesystem is known.
fn known_file() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "contents").unwrap();
    super::learn(&path, true);
    (dir, path)
}

fn medium_of(path: &Path) -> Medium {
    Filesystem::learn_alone(&File::open(path).unwrap()).medium
}

/// Returns `true` if calls on `path` are expected to be answered.
fn answers(path: &Path) -> bool {
    let medium = medium_of(path);
    let answers = enabled() && matches!(medium, Medium::Disk | Medium::Memory);
    if !answers || super::metadata(path, true).is_err() && at_last(path).is_none() {
        println!("skipped: no inline answers here ({medium:?})");
        return false;
    }
    true
}

/// Repeats a call until it is answered: a rename elsewhere may make the lookup of a cached name fail once,
/// and a filter may refuse the call for ever.
fn at_last(path: &Path) -> Option<io::Result<Vec<u8>>> {
    (0..10_000).find_map(|_| super::read(path).ok())
}

fn read_at(facts: &Facts, file: &File) -> Answer<io::Result<usize>> {
    facts.read_at(file, &mut [IoSliceMut::new(&mut [0; 64])], 0)
}

/// Returns how many reads ask the pool before one is answered.
fn refused(facts: &Facts, file: &File) -> u32 {
    (0..100)
        .find(|_| matches!(read_at(facts, file), Answer::Now(Ok(8))))
        .expect("it is answered at last")
}

#[test]
fn facts_tell_how_a_file_was_opened() {
    let (_dir, path) = known_file();
    let open = |options: &mut OpenOptions| Facts::learn(&options.open(&path).unwrap());
    assert!(!open(OpenOptions::new().read(true)).access.writable);
    assert!(open(OpenOptions::new().write(true)).access.writable);
    assert!(open(OpenOptions::new().append(true)).access.writable);
    assert!(
        open(OpenOptions::new().read(true).write(true))
            .access
            .writable
    );
    let handle = rustix::fs::open(&path, OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
    assert!(!Facts::learn(&File::from(handle)).access.writable);
    let (socket, _other) = UnixStream::pair().unwrap();
    let socket = Facts::learn(&File::from(OwnedFd::from(socket)));
    assert!(socket.access.writable && !socket.regular && !socket.closes_on_the_spot());
    let stream = Facts::stream();
    assert!(stream.access.writable && !stream.access.direct && stream.device == 0);
}

/// What is said of a file that was just opened is what the system says, and for its access, it is not asked.
#[test]
fn facts_of_an_opened_file_are_those_that_are_learned() {
    let (dir, path) = known_file();
    let fifo = dir.path().join("fifo");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    for path in [
        &path,
        &fifo,
        Path::new("/proc/self/status"),
        Path::new("/dev/null"),
    ] {
        let writes = !path.starts_with("/proc");
        let file = OpenOptions::new().read(true).write(writes).open(path);
        let file = file.unwrap();
        let (learned, opened) = (Facts::learn(&file), Facts::of_opened(&file, writes));
        let all = |facts: Facts| {
            let local = (
                facts.is_local(),
                facts.closes_on_the_spot(),
                facts.reads_cached(),
            );
            (
                facts.regular,
                facts.seekable,
                facts.access,
                facts.device,
                local,
            )
        };
        assert_eq!(all(learned), all(opened), "{}", path.display());
    }
    let file = File::open(&path).unwrap();
    assert!(Facts::of_opened(&file, true).access.writable);
}

/// Such a handle cannot even seek.
#[test]
fn a_file_that_is_open_for_nothing_is_not_a_regular_one() {
    let (_dir, path) = known_file();
    let handle = rustix::fs::open(&path, OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
    let facts = Facts::learn(&File::from(handle));
    assert!(!facts.regular && !facts.seekable && !facts.closes_on_the_spot());
}

#[test]
fn facts_tell_the_device() {
    let _alone = alone();
    let (_dir, path) = known_file();
    let device = std::fs::metadata(&path).unwrap().dev();
    assert_eq!(Facts::learn(&File::open(&path).unwrap()).device, device);
    let proc = Facts::learn(&File::open("/proc/self/status").unwrap()).device;
    assert!(proc != device && proc != 0);
    if answers(&path) {
        let (file, facts) = (0..10_000)
            .find_map(|_| super::open(&path).ok())
            .expect("an answer")
            .unwrap();
        assert_eq!(facts.device, device);
        assert!(!facts.access.writable && !facts.access.direct && facts.regular && facts.seekable);
        // The flag that kept the open from blocking is cleared before anyone else has the descriptor.
        facts.restore_flags(&file);
        let flags = rustix::fs::fcntl_getfl(&file).unwrap();
        assert!(!flags.contains(OFlags::NONBLOCK));
        // A flag that is set later stays.
        rustix::fs::fcntl_setfl(&file, OFlags::NONBLOCK).unwrap();
        facts.restore_flags(&file);
        let flags = rustix::fs::fcntl_getfl(&file).unwrap();
        assert!(flags.contains(OFlags::NONBLOCK));
    }
}

#[test]
fn direct_files_are_not_asked_for_cached_data() {
    let (_dir, path) = known_file();
    let direct = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::DIRECT.bits() as i32)
        .open(&path);
    let Ok(file) = direct else {
        println!("skipped: the filesystem has no direct reads");
        return;
    };
    let facts = Facts::learn(&file);
    assert!(facts.access.direct && !facts.access.writable && !facts.reads_cached());
    assert!(matches!(read_at(&facts, &file), Answer::AskPool));
    assert!(!Facts::learn(&File::open(&path).unwrap()).access.direct);
}

/// Holds with the no-wait calls turned off, too: the suite runs both ways.
#[test]
fn local_files_close_on_the_spot_with_and_without_the_no_wait_calls() {
    let (_dir, path) = known_file();
    let medium = medium_of(&path);
    let facts = Facts::learn(&File::open(&path).unwrap());
    assert_eq!(facts.closes_on_the_spot(), medium != Medium::Foreign);
    assert_eq!(facts.is_local(), enabled() && medium.is_local());
    assert!(enabled() || !facts.reads_cached());
    let proc = Facts::learn(&File::open("/proc/self/status").unwrap());
    assert!(!proc.closes_on_the_spot() && !proc.is_local() && !proc.reads_cached());
}

#[test]
fn a_slow_read_sends_the_next_ones_of_that_file_to_the_pool() {
    let _alone = alone();
    let (dir, path) = known_file();
    if !answers(&path) {
        return;
    }
    let other = dir.path().join("other");
    std::fs::write(&other, "contents").unwrap();
    let (file, other) = (File::open(&path).unwrap(), File::open(&other).unwrap());
    let (facts, other_facts) = (Facts::learn(&file), Facts::learn(&other));
    for expected in [8, 16] {
        facts.local.probation.record(Duration::from_millis(300));
        assert!(matches!(read_at(&facts, &file), Answer::AskPool));
        assert_eq!(refused(&other_facts, &other), 0);
        assert_eq!(refused(&facts, &file), expected - 1);
    }
}

#[test]
fn slow_calls_of_several_files_send_their_filesystem_to_the_pool() {
    let _alone = alone();
    let (_dir, path) = known_file();
    if !answers(&path) {
        return;
    }
    let file = File::open(&path).unwrap();
    let facts = Facts::learn(&file);
    let filesystem = Filesystem::known(&Stat::of(&file).unwrap()).expect("it is known");
    filesystem.probation.record(Duration::from_millis(300));
    assert_eq!(refused(&facts, &file), 0);
    filesystem.probation.record(Duration::from_millis(300));
    // Each of these calls is one of the eight.
    assert!(matches!(read_at(&facts, &file), Answer::AskPool));
    assert!(super::metadata(&path, true).is_err());
    assert!(super::read(&path).is_err());
    assert!(super::open(&path).is_err());
    assert_eq!(at_last(&path).expect("an answer").unwrap(), b"contents");
    assert_eq!(refused(&facts, &file), 0);
}

/// The job on the pool closes a file that gave no answer.
#[test]
fn a_file_that_was_opened_for_nothing_is_left_to_the_pool() {
    let (dir, path) = known_file();
    let other = dir.path().join("other");
    std::fs::write(&other, "another").unwrap();
    let found = super::lookup::found(&path);
    let (same, _) = found.check(File::open(&path).unwrap()).expect("the same");
    assert_eq!(same.metadata().unwrap().len(), 8);
    let Unanswered { opened, learn } = found.check(File::open(&other).unwrap()).unwrap_err();
    assert_eq!(
        opened.expect("it is still open").metadata().unwrap().len(),
        7
    );
    assert!(!learn, "the filesystem is known");
}

/// Except once, if it was small the last time.
#[test]
fn a_file_that_is_too_large_is_not_opened() {
    let _alone = alone();
    let (_dir, path) = known_file();
    if !answers(&path) {
        return;
    }
    for (len, is_answered) in [(INLINE - 1, true), (INLINE, false), (INLINE + 1, false)] {
        std::fs::write(&path, vec![1; len]).unwrap();
        let mut read = (0..1000).map(|_| super::read(&path));
        if is_answered {
            assert!(read.any(|read| read.is_ok()));
        } else {
            let mut opened = 0;
            for read in read {
                opened += u32::from(read.expect_err("it is too large").opened.is_some());
            }
            assert!(opened <= 1, "opened {opened} times");
        }
    }
}

/// A job that waits for a thread keeps no file open.
#[test]
fn a_small_file_that_is_not_cached_is_closed_at_once() {
    let _alone = alone();
    let (_dir, path) = known_file();
    if medium_of(&path) != Medium::Disk || !answers(&path) {
        println!("skipped: all data is cached here");
        return;
    }
    for _ in 0..100 {
        let file = File::open(&path).unwrap();
        file.sync_all().unwrap();
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        if let Err(unanswered) = super::read(&path) {
            assert!(unanswered.opened.is_none());
        }
    }
}

#[test]
fn a_lookup_begins_on_the_mount_that_the_path_names() {
    let _alone = alone();
    let (_dir, path) = known_file();
    let root = std::fs::metadata("/").unwrap().dev();
    match Anchor::of(&path) {
        Some(anchor) => assert!(anchor.is_device(root)),
        None => assert!(!enabled() || !medium_of(Path::new("/")).is_local()),
    }
    let here = Path::new("Cargo.toml");
    super::learn(here, true);
    if enabled() && medium_of(here).is_local() {
        let anchor = Anchor::of(here).expect("it is local");
        let holds = |path| anchor.holds(&Stat::of(File::open(path).unwrap()).unwrap());
        assert!(holds("Cargo.toml") && !holds("/proc/self/status"));
    }
}

/// The pool goes on with what was opened, except with a device, which some programs can open only once.
#[test]
fn only_files_and_fifos_are_taken_over_by_the_pool() {
    let dir = tempfile::tempdir().unwrap();
    let goes_on = |file: File| {
        let mut unanswered = Unanswered::with(file);
        let goes_on = unanswered.take_opened().is_some();
        assert!(unanswered.opened.is_none());
        goes_on
    };
    assert!(!goes_on(File::open("/dev/null").unwrap()));
    assert!(!goes_on(File::open(dir.path()).unwrap()));
    assert!(goes_on(tempfile::tempfile().unwrap()));
}
