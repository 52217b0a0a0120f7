//! Faults of the system: disks, descriptors and threads that run out, files that change under an open
//! stream, calls that are interrupted.
//!
//! `ANYFILE_STORM=20` makes it twenty times as heavy.

#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::{self, BufRead, SeekFrom, Write};
use std::os::unix::net::UnixStream;
use std::path::Path as StdPath;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyfile::{AsyncFile, Path, PathError, open_file, wrap_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use common::{
    Dir, Tmpfs, contents, descriptors, in_child, noise, run_in_child_after, storm, until,
};

const ENOSPC: i32 = 28;
const EMFILE: i32 = 24;

/// Checks that the error is the system's, and that it names the path.
#[track_caller]
fn is_named<R: std::fmt::Debug>(result: io::Result<R>, errno: i32, path: &StdPath) {
    let error = result.expect_err("the system refuses this");
    let details = PathError::of(&error).unwrap_or_else(|| panic!("unnamed: {error}"));
    assert_eq!(details.original().raw_os_error(), Some(errno), "{error}");
    assert!(details.path().starts_with(path), "{error}");
}

/// Writes in pieces until the system refuses, and returns the bytes that were not accepted.
async fn write_some<'a>(file: &mut AsyncFile, data: &'a [u8], path: &StdPath) -> &'a [u8] {
    let mut rest = data;
    for piece in [700, 4096, 1, 9_000, 5_000].into_iter().cycle() {
        match file.write(&rest[..piece.min(rest.len())]).await {
            Ok(0) => break,
            Ok(written) => rest = &rest[written..],
            Err(error) => {
                is_named::<()>(Err(error), ENOSPC, path);
                break;
            }
        }
    }
    rest
}

/// The calls after which every accepted byte must be written.
const ENDINGS: [&str; 9] = [
    "flush",
    "sync_all",
    "sync_data",
    "close",
    "seek",
    "read",
    "set_len",
    "metadata",
    "write_at",
];

async fn end(file: &mut AsyncFile, ending: &str) -> io::Result<()> {
    match ending {
        "flush" => file.flush().await,
        "sync_all" => file.sync_all().await,
        "sync_data" => file.sync_data().await,
        "close" => file.close().await,
        "seek" => file.seek(SeekFrom::Start(3)).await.map(drop),
        "read" => file.read(&mut [0; 10]).await.map(drop),
        "set_len" => file.set_len(60_000).await,
        "metadata" => file.metadata().await.map(drop),
        _ => file.write_at(&noise(60_000)[..10], 0).await.map(drop),
    }
}

/// The disk is full for several writes. Then there is room.
#[test]
fn what_does_not_fit_is_written_when_there_is_room() {
    let Some(disk) = Tmpfs::new(256 * 1024) else {
        return;
    };
    let data = noise(60_000);
    let path = disk.dir().join("file");
    let mut refused = 0;
    for round in 0..storm() {
        for pages in 0..14 {
            for (number, ending) in ENDINGS.into_iter().enumerate() {
                let buffering = [900, 4_096, 10_000, 131_072][(number + pages + round) % 4];
                disk.fill_but(pages as u64);
                block_on(async {
                    let opening = open_file(&path).read(true).write(true);
                    let opening = opening.create(true).truncate(true).buffering(buffering);
                    let mut file = opening.await.unwrap();
                    let mut rest = write_some(&mut file, &data, &path).await;
                    for _ in 0..2 {
                        is_named(end(&mut file, ending).await, ENOSPC, &path);
                        let written = contents(&path);
                        assert!(written.len() <= pages * 4096 && data.starts_with(&written));
                        refused += 1;
                    }
                    disk.make_room();
                    // What a job met before there was room is reported once.
                    let _ = file.flush().await;
                    rest = write_some(&mut file, rest, &path).await;
                    assert!(rest.is_empty());
                    match number % 3 {
                        0 => end(&mut file, ending).await.unwrap(),
                        1 => drop(file),
                        _ => drop(file.into_inner().await.unwrap()),
                    }
                });
                assert!(contents(&path) == data, "{ending}, {pages} pages");
                disk.remove(&path);
            }
        }
    }
    println!("refused {refused} times");
}

/// A full disk and calls that are not buffered, or that write a whole file.
#[test]
fn a_full_disk_and_whole_files() {
    let Some(disk) = Tmpfs::new(256 * 1024) else {
        return;
    };
    let data = noise(60_000);
    let file = disk.dir().file("file", "old");
    let path = Path::new(&file);
    let names = || std::fs::read_dir(disk.dir().path()).unwrap().count();
    for pages in 0..14 {
        block_on(async {
            disk.fill_but(pages);
            is_named(path.write_atomic(&data[..]).await, ENOSPC, &file);
            assert_eq!(contents(&file), b"old");
            assert_eq!(names(), 2, "a temporary file is left");
            disk.make_room();
            path.write_atomic(&data[..]).await.unwrap();
            assert!(contents(&file) == data);

            std::fs::write(&file, "").unwrap();
            disk.fill_but(pages);
            is_named(path.write_bytes(&data[..]).await, ENOSPC, &file);
            disk.make_room();
            path.write_bytes(&data[..]).await.unwrap();
            assert!(contents(&file) == data);

            std::fs::write(&file, "").unwrap();
            disk.fill_but(pages);
            let open = open_file(&path).write(true).await.unwrap();
            is_named(open.write_all_at(&data, 0).await, ENOSPC, &file);
            disk.make_room();
            open.write_all_at(&data, 0).await.unwrap();
            assert!(contents(&file) == data);
            std::fs::write(&file, "old").unwrap();
        });
    }
}

/// The system refuses to make the file longer, and allows it later.
#[test]
fn a_limit_on_the_size_of_files() {
    const NAME: &str = "a_limit_on_the_size_of_files";
    if !in_child() {
        let output = run_in_child_after("trap '' XFSZ; ulimit -S -f 40", NAME);
        return print!("{output}");
    }
    const EFBIG: i32 = 27;
    let dir = Dir::new();
    // More than the limit, and little enough that no write is begun before the flush.
    let data = noise(60_000);
    let path = dir.join("file");
    block_on(async {
        let mut file = open_file(&path).write(true).create(true).await.unwrap();
        file.write_all(&data).await.unwrap();
        for _ in 0..2 {
            is_named(file.flush().await, EFBIG, &path);
            is_named(file.close().await, EFBIG, &path);
            is_named(file.set_len(300_000).await, EFBIG, &path);
        }
        let written = contents(&path);
        assert!(written.len() >= 40 * 512 && data.starts_with(&written));
        let pid = std::process::id().to_string();
        let lifted = Command::new("prlimit")
            .args(["--fsize=unlimited:", "--pid", &pid])
            .status();
        if !lifted.is_ok_and(|status| status.success()) {
            return println!("skipped the rest: prlimit does not work here");
        }
        file.close().await.unwrap();
        assert!(contents(&path) == data);
    });
}

/// Opens files up to the limit, except for `room` more.
fn open_all_but(room: usize) -> Vec<File> {
    let mut open: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    open.truncate(open.len() - room);
    open
}

/// Each operation works with the fewest possible descriptors, and fails with the system's error if there are less.
#[test]
fn no_descriptor_is_left() {
    const NAME: &str = "no_descriptor_is_left";
    if !in_child() {
        return print!("{}", run_in_child_after("ulimit -n 64", NAME));
    }
    let dir = Dir::new();
    let (file, inner) = (dir.file("file", "contents"), dir.join("dir"));
    std::fs::create_dir(&inner).unwrap();
    std::os::unix::fs::symlink("file", dir.join("link")).unwrap();
    let (path, link) = (Path::new(&file), Path::new(dir.join("link")));
    let opening = async {
        open_file(dir.file("open", "contents"))
            .read(true)
            .write(true)
            .await
    };
    let mut open = block_on(opening).unwrap();
    let before = descriptors();
    // Learns what can be answered without waiting.
    for room in [8, 0, 1, 2, 3] {
        let ballast = open_all_but(room);
        let check = |needs: usize, name: &str, path: &StdPath, result: io::Result<()>| {
            println!("{name} with {room}: {result:?}");
            match result {
                Ok(()) => assert!(room >= needs, "{name} with {room}"),
                Err(error) if room < needs => is_named::<()>(Err(error), EMFILE, path),
                Err(error) => panic!("{name} with {room}: {error}"),
            }
        };
        block_on(async {
            check(0, "metadata", &file, path.metadata().await.map(drop));
            let found = link.symlink_metadata().await;
            check(0, "symlink_metadata", &file, found.map(drop));
            assert!(path.exists().await && link.is_symlink().await);
            assert!(path.try_exists().await.unwrap() && path.is_file().await);
            assert!(path.samefile(&link).await.unwrap());
            check(
                0,
                "canonicalize",
                &file,
                link.canonicalize().await.map(drop),
            );
            check(0, "touch", &file, path.touch().await);
            check(1, "open", &file, path.open().await.map(drop));
            check(1, "read_text", &file, path.read_text().await.map(drop));
            check(1, "write_bytes", &file, path.write_bytes("contents").await);
            // The directory, the new file, and the old one for its attributes.
            check(
                3,
                "write_atomic",
                &file,
                path.write_atomic("contents").await,
            );
            let names = Path::new(dir.path())
                .iterdir()
                .try_collect::<_, _, Vec<_>>();
            let names = names.await;
            assert!(names.as_ref().map_or(4, Vec::len) == 4);
            check(1, "iterdir", dir.path(), names.map(drop));
            // What is open goes on.
            let mut read = String::new();
            open.seek(SeekFrom::Start(0)).await.unwrap();
            open.read_to_string(&mut read).await.unwrap();
            assert_eq!(read, "contents");
            open.write_all(b"!").await.unwrap();
            open.set_len(8).await.unwrap();
            open.sync_all().await.unwrap();
            assert_eq!(open.read_at(&mut [0; 9], 0).await.unwrap(), 8);
            check(
                1,
                "try_clone",
                &dir.join("open"),
                open.try_clone().await.map(drop),
            );
        });
        drop(ballast);
        until("no descriptor is left open", || descriptors() == before);
    }
}

/// A search that meets the limit reports the directories that it could not read, and finds everything else.
#[test]
fn a_search_without_descriptors() {
    const NAME: &str = "a_search_without_descriptors";
    if !in_child() {
        return print!("{}", run_in_child_after("ulimit -n 64", NAME));
    }
    const DIRS: usize = 300;
    let dir = Dir::new();
    for number in 0..DIRS {
        let inner = dir.join(&format!("{number}"));
        std::fs::create_dir(&inner).unwrap();
        File::create(inner.join("file")).unwrap();
    }
    let before = descriptors();
    for room in [0, 1, 2, 3, 8] {
        let ballast = open_all_but(room);
        let (mut found, mut failed) = (0, 0);
        block_on(async {
            let mut search = Path::new(dir.path()).rglob("*").workers(4);
            while let Some(item) = search.next().await {
                match item {
                    Ok(_) => found += 1,
                    Err(error) => {
                        is_named::<()>(Err(error), EMFILE, dir.path());
                        failed += 1;
                    }
                }
            }
        });
        drop(ballast);
        println!("room for {room}: {found} found, {failed} not read");
        match room {
            0 => assert_eq!((found, failed), (0, 1)),
            _ => assert_eq!(found + failed, 2 * DIRS),
        }
        until("no descriptor is left open", || descriptors() == before);
    }
}

/// The child of the test below: no thread can be started until the parent lifts the limit.
#[test]
fn asks_without_threads() {
    if !in_child() {
        return;
    }
    println!("asking");
    let dir = Dir::new();
    let path = dir.join("file");
    block_on(Path::new(&path).write_text("contents")).unwrap();
    assert_eq!(contents(&path), b"contents");
}

/// Calls that need the pool wait while no thread can be started, and are carried out afterwards.
#[test]
fn a_pool_that_cannot_have_threads() {
    let program = std::env::current_exe().unwrap();
    // A user of its own, so that no other process counts.
    let user = (100_000 + std::process::id()).to_string();
    let public = Dir::new();
    let copy = public.join("test");
    std::fs::copy(program, &copy).unwrap();
    let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(public.path(), everyone).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
    command.args(["prlimit", "--nproc=1:"]).arg(&copy);
    command.args(["--exact", "asks_without_threads", "--test-threads=1"]);
    command.arg("--nocapture").env("ANYFILE_TEST_CHILD", "1");
    command.env("TMPDIR", public.path());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap();
    let mut lines = io::BufReader::new(child.stdout.take().unwrap()).lines();
    if !lines.any(|line| line.unwrap().ends_with("asking")) {
        child.wait().unwrap();
        return println!("skipped: setpriv or prlimit does not work here");
    }
    std::thread::sleep(Duration::from_millis(300));
    let stat = contents(format!("/proc/{}/stat", child.id()).as_ref());
    let stat = String::from_utf8_lossy(&stat);
    let spent: Vec<&str> = stat.split(' ').skip(13).take(2).collect();
    println!("CPU time in user and system mode meanwhile: {spent:?}");
    assert_eq!(child.try_wait().unwrap(), None, "it has given up");
    let pid = child.id().to_string();
    let lifted = Command::new("setpriv")
        .args(["--reuid", &user, "--regid", &user, "--clear-groups"])
        .args(["prlimit", "--nproc=1000:", "--pid", &pid])
        .status();
    assert!(lifted.unwrap().success());
    until("the child has ended", || {
        child.try_wait().unwrap().is_some()
    });
    assert!(child.wait().unwrap().success());
}

/// Returns lines of known contents, each with its number.
fn numbered(lines: std::ops::Range<usize>) -> String {
    lines.map(|number| format!("line {number}\n")).collect()
}

/// A file is truncated, replaced or removed while it is read.
#[test]
fn a_file_that_changes_under_a_stream() {
    let dir = Dir::new();
    let text = numbered(0..100_000);
    for already_read in [0, 1, 5_000, 40_000] {
        for fault in [
            "cut to nothing",
            "cut",
            "replaced",
            "removed",
            "cut and grown",
        ] {
            let path = dir.file("file", &text);
            let (mut lines, mut seen) = block_on(async {
                let mut lines = open_file(&path).await.unwrap().lines();
                let mut seen = Vec::new();
                for _ in 0..already_read {
                    seen.push(lines.next_line().await.unwrap().unwrap().to_owned());
                }
                (lines, seen)
            });
            let file = File::options().write(true).open(&path).unwrap();
            match fault {
                "cut to nothing" => file.set_len(0).unwrap(),
                "cut" => file.set_len(text.len() as u64 / 2).unwrap(),
                "replaced" => std::fs::rename(dir.file("other", "other\n"), &path).unwrap(),
                "removed" => std::fs::remove_file(&path).unwrap(),
                _ => {
                    file.set_len(text.len() as u64 / 2).unwrap();
                    file.set_len(text.len() as u64 / 2 + 10_000).unwrap();
                }
            }
            block_on(async {
                while let Some(line) = lines.next_line().await.unwrap() {
                    seen.push(line.to_owned());
                }
                assert_eq!(lines.next_line().await.unwrap(), None);
            });
            let whole = match fault {
                "replaced" | "removed" => 100_000,
                // The last one may be cut, or go on with zeros.
                _ => seen.len().saturating_sub(1),
            };
            assert!(seen.len() >= already_read && seen.len() <= 100_000);
            let right = |(number, line): (usize, &String)| *line == format!("line {number}");
            assert!(
                seen.iter().enumerate().take(whole).all(right),
                "{fault} after {already_read}"
            );
            println!("{fault} after {already_read}: {} lines", seen.len());
            // The file is not lost: what it has now is read.
            let mut rest = lines.into_inner();
            block_on(async {
                let len = rest.metadata().await.unwrap().len();
                rest.seek(SeekFrom::Start(0)).await.unwrap();
                let mut all = Vec::new();
                assert_eq!(rest.read_to_end(&mut all).await.unwrap() as u64, len);
            });
            drop(file);
        }
    }
}

/// A directory is emptied and removed while it is listed.
#[test]
fn a_directory_that_goes_while_it_is_listed() {
    let dir = Dir::new();
    for round in 0..2 * storm() {
        let inner = dir.join("inner");
        std::fs::create_dir_all(inner.join("below")).unwrap();
        for number in 0..3_000 {
            File::create(inner.join(format!("{number}"))).unwrap();
        }
        let path = Path::new(&inner);
        let (mut entries, mut found) = (path.iterdir(), path.rglob("*").workers(2));
        block_on(async {
            entries.next().await.unwrap().unwrap();
            found.next().await.unwrap().unwrap();
            path.remove_dir_all().await.unwrap();
            let (mut seen, mut seen_below) = (1, 1);
            while let Some(entry) = entries.next().await {
                assert!(entry.unwrap().starts_with(&inner));
                seen += 1;
            }
            while let Some(entry) = found.next().await {
                assert!(entry.unwrap().starts_with(&inner));
                seen_below += 1;
            }
            assert!(seen <= 3_001 && seen_below <= 3_001);
            println!("round {round}: {seen} and {seen_below} entries");
        });
    }
}

/// Offsets that do not fit into 32 bits, in files that are mostly holes.
#[test]
fn offsets_beyond_four_gib() {
    const GIB: u64 = 1 << 30;
    let dir = Dir::new();
    let path = dir.join("sparse");
    block_on(async {
        let opening = open_file(&path).read(true).write(true).create(true);
        let mut file = opening.await.unwrap();
        if let Err(error) = file.set_len(9 * GIB).await {
            return println!("skipped: {error}");
        }
        for at in [4 * GIB - 3, 5 * GIB + 1, 8 * GIB - 6] {
            file.write_all_at(b"a\nbc\nd", at).await.unwrap();
            let mut read = [0; 8];
            file.read_exact_at(&mut read, at - 1).await.unwrap();
            assert_eq!(&read, b"\0a\nbc\nd\0");
            assert_eq!(file.seek(SeekFrom::Start(at)).await.unwrap(), at);
            let mut lines = file.lines().max_len(1_000);
            assert_eq!(lines.next_line().await.unwrap(), Some("a"));
            assert_eq!(lines.next_line().await.unwrap(), Some("bc"));
            file = lines.into_inner();
            let position = file.seek(SeekFrom::Current(0)).await.unwrap();
            assert_eq!(position, at + 5);
            // Written at the position, then behind the end.
            file.write_all(b"D").await.unwrap();
            let end = file.seek(SeekFrom::End(-2)).await.unwrap();
            assert_eq!(end, file.metadata().await.unwrap().len() - 2);
            file.write_all(b"tail\n").await.unwrap();
            file.seek(SeekFrom::End(-5)).await.unwrap();
            let mut tail = String::new();
            file.read_to_string(&mut tail).await.unwrap();
            assert_eq!(tail, "tail\n");
            file.read_exact_at(&mut read[..3], at + 4).await.unwrap();
            assert_eq!(&read[..3], b"\nD\0");
        }
        file.close().await.unwrap();
    });
}

/// The system takes the offset -1 for the cursor.
#[test]
fn an_offset_that_no_file_has() {
    use std::os::unix::fs::FileExt;
    let dir = Dir::new();
    let path = dir.file("file", "contents");
    let std = File::open(&path).unwrap();
    block_on(async {
        let file = open_file(&path).read(true).write(true).await.unwrap();
        for offset in [1 << 40, i64::MAX as u64, 1 << 63, u64::MAX - 1, u64::MAX] {
            let expected = std.read_at(&mut [0; 4], offset).map_err(|e| e.kind());
            let found = file.read_at(&mut [0; 4], offset).await;
            assert_eq!(found.map_err(|e| e.kind()), expected, "at {offset}");
        }
        assert!(file.write_all_at(b"x", u64::MAX).await.is_err());
    });
}

/// Records that are appended in pieces while others follow them, each in its way.
#[test]
fn a_file_that_grows_is_followed() {
    let dir = Dir::new();
    let path = dir.file("log", "");
    let expected = numbered(0..8_000 * storm());
    let writer = {
        let (path, text) = (path.clone(), expected.clone());
        std::thread::spawn(move || {
            let mut file = File::options().append(true).open(path).unwrap();
            let (mut rest, mut size) = (text.as_bytes(), 7);
            while !rest.is_empty() {
                // A reader would take a part of a line for a whole line.
                let some = size.min(rest.len() - 1);
                let end = some + memchr::memchr(b'\n', &rest[some..]).unwrap() + 1;
                file.write_all(&rest[..end]).unwrap();
                rest = &rest[end..];
                size = (size * 31 + 17) % 5_000;
                std::thread::sleep(Duration::from_micros(100));
            }
        })
    };
    let open = || async { open_file(&path).await.unwrap() };
    let (mut ends, mut seen) = ([0; 4], [(); 4].map(|()| String::new()));
    let [by_bytes, by_lines, by_items, by_buffer] = &mut seen;
    block_on(async {
        let mut bytes = open().await;
        let (mut lines, mut items) = (open().await.lines(), open().await.lines());
        let mut buffer = open().await;
        loop {
            // Whoever begins now finds all there is.
            let is_last = writer.is_finished();
            let read = bytes.read_to_string(by_bytes).await.unwrap();
            ends[0] += usize::from(read == 0);
            while let Some(line) = lines.next_line().await.unwrap() {
                by_lines.push_str(line);
                by_lines.push('\n');
            }
            ends[1] += 1;
            while let Some(line) = items.next().await {
                by_items.push_str(&line.unwrap());
                by_items.push('\n');
            }
            ends[2] += 1;
            while let filled @ 1.. = {
                let filled = buffer.fill_buf().await.unwrap();
                by_buffer.push_str(std::str::from_utf8(filled).unwrap());
                filled.len()
            } {
                buffer.consume(filled);
            }
            ends[3] += 1;
            if is_last {
                break;
            }
        }
    });
    writer.join().unwrap();
    println!("ends of the file that were met: {ends:?}");
    assert!(seen.iter().all(|seen| *seen == expected));
}

/// The child of the test below: runs a bit of everything.
#[test]
fn works_on() {
    if !in_child() {
        return;
    }
    let dir = std::env::var_os("ANYFILE_TEST_DIR").unwrap();
    let dir = Path::new(dir);
    let data = noise(1_000_000);
    let text = numbered(0..20_000);
    block_on(async {
        let path = &dir / "file";
        let opening = path.open().read(true).write(true).create(true);
        let mut file = opening.buffering(10_000).await.unwrap();
        file.write_all(&data).await.unwrap();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        let mut read = Vec::new();
        file.read_to_end(&mut read).await.unwrap();
        assert!(read == data);
        for at in 0..30 {
            file.write_all_at(&data[..100], at * 1_000).await.unwrap();
            file.read_exact_at(&mut read[..100], at * 1_000)
                .await
                .unwrap();
            assert!(read[..100] == data[..100]);
        }
        for len in [1_000_000, 999_999, 500_000, 100_000, 100_001] {
            file.set_len(len).await.unwrap();
            file.sync_all().await.unwrap();
            file.sync_data().await.unwrap();
        }
        for number in 0..60 {
            let path = &dir / format!("{number}");
            path.write_text(&text[..]).await.unwrap();
            // It waits for the disk.
            if number % 6 == 0 {
                path.write_atomic(&text[..]).await.unwrap();
            }
            assert!(path.read_text().await.unwrap() == text);
            let mut lines = path.open().await.unwrap().lines();
            let mut count = 0;
            while let Some(line) = lines.next_line().await.unwrap() {
                assert_eq!(line, format!("line {count}"));
                count += 1;
            }
            assert_eq!(count, 20_000);
        }
        for number in 0..60 {
            let inner = &dir / format!("dir {number}");
            inner.mkdir().await.unwrap();
            (&inner / "file").touch().await.unwrap();
        }
        for _ in 0..5 {
            let names: Vec<_> = dir.iterdir().try_collect().await.unwrap();
            assert_eq!(names.len(), 121);
            let found: Vec<_> = dir.rglob("*").try_collect().await.unwrap();
            assert_eq!(found.len(), 181);
        }
        let (mut reader, mut writer) = {
            let (reader, writer) = UnixStream::pair().unwrap();
            (wrap_file(reader), wrap_file(writer))
        };
        let echo = async {
            writer.write_all(&data).await.unwrap();
            writer.close().await.unwrap();
        };
        let mut heard = Vec::new();
        let hear = async { reader.read_to_end(&mut heard).await.unwrap() };
        futures_lite::future::zip(echo, hear).await;
        assert!(heard == data);
    });
}

/// Every third call is interrupted by a signal, which a tracer injects.
#[test]
fn interrupted_calls_are_made_again() {
    let (dir, traces) = (Dir::new(), Dir::new());
    let trace = traces.join("trace");
    // The first calls are those of the dynamic linker.
    let early = "read,pread64,openat,write,getdents64";
    let others = "pwrite64,preadv2,openat2,ftruncate,fsync,fdatasync";
    let inject = [(early, "12+3"), (others, "1+3")];
    let inject = inject.map(|(calls, when)| format!("inject={calls}:error=EINTR:when={when}"));
    let traced = Command::new("strace")
        .args(["-f", "-e", &inject[0], "-e", &inject[1], "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "works_on", "--test-threads=1"])
        .env("ANYFILE_TEST_CHILD", "1")
        .env("ANYFILE_TEST_DIR", dir.path())
        // The two ends of a socket need a thread each.
        .env("BLOCKING_MAX_THREADS", "500")
        .output();
    let output = match traced {
        Ok(output) if contents(&trace).is_empty() => {
            return println!("skipped: {}", String::from_utf8_lossy(&output.stderr));
        }
        Err(error) => return println!("skipped: no strace: {error}"),
        Ok(output) => output,
    };
    let trace = String::from_utf8_lossy(&contents(&trace)).into_owned();
    for call in early.split(',').chain(others.split(',')) {
        let call = format!("{call}(");
        let injected = |line: &&str| line.contains(&call) && line.ends_with("(INJECTED)");
        let count = trace.lines().filter(injected).count();
        println!("{call}) interrupted {count} times");
    }
    assert!(output.status.success(), "{output:?}");
    assert!(trace.matches("(INJECTED)").count() > 300);
}
